const WHOLE = new Intl.NumberFormat("en");
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** `12,345`. */
export function count(value: number): string {
  return WHOLE.format(value);
}

/** `12.3K`: for where there is little room. */
export function shortCount(value: number): string {
  return SHORT.format(value);
}

/**
 * A share as a percentage. It is 100 % only if nothing is missing and 0 % only if nothing is there: rounding
 * must not hide the one failure in a million.
 */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return "–";
  if (part >= whole) return "100 %";
  if (part <= 0) return "0 %";
  const share = (part / whole) * 100;
  if (share > 99.99) return "> 99.99 %";
  if (share < 0.01) return "< 0.01 %";
  const digits = share > 99 || share < 1 ? 2 : 1;
  return `${share.toFixed(digits)} %`;
}

/** `0.4 ms`, `12 ms`, `1.25 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 0) return duration(0);
  if (ms > 0 && ms < 1) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${trimmed(ms / 1000, ms < 9_995 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3_600) return pair(seconds, 60, "min", 1, "s");
  if (seconds < 86_400) return pair(Math.round(seconds / 60) * 60, 3_600, "h", 60, "min");
  return pair(Math.round(seconds / 3_600) * 3_600, 86_400, "d", 3_600, "h");
}

function pair(seconds: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const whole = Math.floor(seconds / large);
  const rest = Math.round((seconds - whole * large) / small);
  return rest === 0 ? `${whole} ${largeUnit}` : `${whole} ${largeUnit} ${rest} ${smallUnit}`;
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

/** `now`, `12 s ago`, `in 5 min`: with one unit, since nobody counts seconds of yesterday. */
export function relative(at: number, now: number): string {
  const ms = now - at;
  const away = Math.abs(ms);
  if (away < 1_500) return "now";
  const [size, unit] = UNITS.find(([least]) => away >= least) ?? [1_000, "s"];
  const length = `${Math.floor(away / size)} ${unit}`;
  return ms > 0 ? `${length} ago` : `in ${length}`;
}

const UNITS: [number, string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/** `64 KiB`; bytes of the text in UTF-8. */
export function byteSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${trimmed(bytes / 1024, 1)} KiB`;
  return `${trimmed(bytes / 1024 / 1024, 1)} MiB`;
}
