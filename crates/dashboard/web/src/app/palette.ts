/**
 * Ten shades of a colour by relative luminance (WCAG 2), so that contrast holds whatever colour an operator
 * picks: white text on shade 7 has at least 4.5 : 1 and shade 7 on the dark background at least 3 : 1.
 */
const LUMINANCE = [0.92, 0.84, 0.7, 0.56, 0.44, 0.33, 0.25, 0.165, 0.13, 0.085] as const;

/** The shade that is the colour itself, where that is dark enough for white text on it. */
export const LIGHT_SHADE = 8;
export const DARK_SHADE = 7;

export type Shades = [string, string, string, string, string, string, string, string, string, string];

type Rgb = [number, number, number];

/** The shades of `#rrggbb`, from the lightest to the darkest. */
export function shadesOf(hex: string): Shades {
  const rgb = parse(hex);
  const own = luminance(rgb);
  const shades = LUMINANCE.map((wanted) => format(withLuminance(rgb, wanted))) as Shades;
  if (own <= LUMINANCE[DARK_SHADE]) {
    shades[LIGHT_SHADE] = hex.toLowerCase();
    shades[9] = format(withLuminance(rgb, Math.min(LUMINANCE[9], own * 0.7)));
  } else {
    shades[LIGHT_SHADE] = format(withLuminance(rgb, LUMINANCE[DARK_SHADE]));
  }
  return shades;
}

/** How well one colour can be read on another, from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [darker, lighter] = [luminance(parse(one)), luminance(parse(other))].sort((a, b) => a - b) as [
    number,
    number,
  ];
  return (lighter + 0.05) / (darker + 0.05);
}

/**
 * The colour of the same hue with this luminance: mixed with black if it is too light, with white if too
 * dark.
 */
function withLuminance(rgb: Rgb, wanted: number): Rgb {
  const linear = rgb.map(toLinear) as Rgb;
  const own = weigh(linear);
  // In linear light, mixing changes the luminance in proportion: no search is needed.
  if (own >= wanted) return linear.map((part) => fromLinear(part * (own === 0 ? 0 : wanted / own))) as Rgb;
  const share = (wanted - own) / (1 - own);
  return linear.map((part) => fromLinear(part + (1 - part) * share)) as Rgb;
}

function luminance(rgb: Rgb): number {
  return weigh(rgb.map(toLinear) as Rgb);
}

function weigh([red, green, blue]: Rgb): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function toLinear(part: number): number {
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

function fromLinear(part: number): number {
  return part <= 0.0031308 ? part * 12.92 : 1.055 * part ** (1 / 2.4) - 0.055;
}

function parse(hex: string): Rgb {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255) as Rgb;
}

function format(rgb: Rgb): string {
  const bytes = rgb.map((part) => Math.round(Math.min(1, Math.max(0, part)) * 255));
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
