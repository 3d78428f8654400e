import { type CSSVariablesResolver, type MantineColorsTuple, createTheme } from "@mantine/core";
import { brand } from "./brand";
import { DARK_SHADE, LIGHT_SHADE, shadesOf } from "./palette";

const OUR_ACCENT = "#3b5bdb";

const accent: MantineColorsTuple = shadesOf(brand.accent ?? OUR_ACCENT);

export const theme = createTheme({
  colors: { accent },
  primaryColor: "accent",
  primaryShade: { light: LIGHT_SHADE, dark: DARK_SHADE },
  cursorType: "pointer",
  defaultRadius: "sm",
  respectReducedMotion: true,
  fontFamily:
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Ubuntu, 'Helvetica Neue', Arial, sans-serif",
  fontFamilyMonospace:
    "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace",
  headings: { fontWeight: "650" },
  components: {
    // A dialog's heading is no banner of the page.
    ModalHeader: { defaultProps: { role: "presentation" } },
    DrawerHeader: { defaultProps: { role: "presentation" } },
    ModalCloseButton: { defaultProps: { "aria-label": "Close" } },
    DrawerCloseButton: { defaultProps: { "aria-label": "Close" } },
    Notification: { defaultProps: { closeButtonProps: { "aria-label": "Close" } } },
  },
});

/** How much of the darkest shade text on a tint has; the rest is black. Bright colours need more of that. */
const TINTS = { accent: 75, red: 75, orange: 70, yellow: 55, green: 75, teal: 75, blue: 75 };

/**
 * Mantine's own choices for secondary text, errors and badges are too faint for WCAG's AA in places; these
 * are not.
 */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "var(--mantine-color-gray-7)",
    "--mantine-color-placeholder": "#697077",
    "--mantine-color-error": "var(--mantine-color-red-9)",
    "--fanfare-good": "#087f5b",
    "--fanfare-bad": "#c92a2a",
    "--fanfare-middle": "#a65400",
    "--fanfare-line": "var(--mantine-color-gray-3)",
    "--fanfare-sunken": "var(--mantine-color-gray-0)",
    ...darkerText(),
  },
  dark: {
    "--mantine-color-dimmed": "#adb0b4",
    "--mantine-color-placeholder": "#9a9da1",
    "--mantine-color-error": "var(--mantine-color-red-4)",
    "--fanfare-good": "#38d9a9",
    "--fanfare-bad": "#ff8787",
    "--fanfare-middle": "#ffb057",
    "--fanfare-line": "var(--mantine-color-dark-4)",
    "--fanfare-sunken": "var(--mantine-color-dark-8)",
    ...calmerTints(),
  },
});

/** Tints in the dark: Mantine's are so strong that a badge outshines what it belongs to. */
function calmerTints(): Record<`--${string}`, string> {
  const tint = (name: string, share: number) =>
    `color-mix(in srgb, var(--mantine-color-${name}-6) ${share}%, var(--mantine-color-body))`;
  return Object.fromEntries(
    [...Object.keys(TINTS), "gray"].flatMap((name) => [
      [`--mantine-color-${name}-light`, tint(name, 16)],
      [`--mantine-color-${name}-light-hover`, tint(name, 22)],
      [`--mantine-color-${name}-light-color`, `var(--mantine-color-${name}-2)`],
    ]),
  );
}

/** Text on a tint: Mantine's darkest shades of the lighter colours miss AA by a little. */
function darkerText(): Record<`--${string}`, string> {
  return Object.fromEntries(
    Object.entries(TINTS).map(([name, share]) => [
      `--mantine-color-${name}-light-color`,
      `color-mix(in srgb, var(--mantine-color-${name}-9) ${share}%, black)`,
    ]),
  );
}
