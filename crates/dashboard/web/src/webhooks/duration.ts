/**
 * Lengths of time as people write them in settings: "15s", "5 min", "1h 30m". All numbers are milliseconds.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const UNITS: [names: string[], ms: number][] = [
  [["ms", "msec"], 1],
  [["s", "sec", "second", "seconds"], SECOND],
  [["m", "min", "mins", "minute", "minutes"], MINUTE],
  [["h", "hr", "hrs", "hour", "hours"], HOUR],
  [["d", "day", "days"], DAY],
  [["w", "wk", "wks", "week", "weeks"], 7 * DAY],
  // As the server writes long times: the Gregorian calendar's mean month and year.
  [["M", "month", "months"], 30.44 * DAY],
  [["y", "yr", "yrs", "year", "years"], 365.25 * DAY],
];

const UNIT_BY_NAME = new Map(UNITS.flatMap(([names, ms]) => names.map((name) => [name, ms] as const)));
const WHOLE = /^\s*(?:\d+\s*[A-Za-z]+\s*)+$/;
const PARTS = /(\d+)\s*([A-Za-z]+)/g;

/** The milliseconds that `text` says, or nothing if it is no length of time. */
export function parseDuration(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined;
  let total = 0;
  for (const [, count, name] of text.matchAll(PARTS)) {
    const unit = UNIT_BY_NAME.get(name ?? "");
    if (unit === undefined) return undefined;
    total += Number(count) * unit;
  }
  return total;
}

type Spoken = [one: string, several: string, ms: number];

const MILLISECONDS: Spoken = ["ms", "ms", 1];
const SPOKEN: Spoken[] = [
  ["day", "days", DAY],
  ["h", "h", HOUR],
  ["min", "min", MINUTE],
  ["s", "s", SECOND],
  MILLISECONDS,
];

/** A length of time in words, rounded to its two largest units: "3 days 4 h", "5 s", "1 min 30 s". */
export function durationWords(ms: number): string {
  const largest = SPOKEN.findIndex(([, , unit]) => ms >= unit);
  if (largest < 0) return "0 s";
  const [, , smallest] = SPOKEN[largest + 1] ?? MILLISECONDS;
  let rest = Math.round(ms / smallest) * smallest;
  const words: string[] = [];
  for (const [one, several, unit] of SPOKEN) {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count > 0) words.push(`${count} ${count === 1 ? one : several}`);
  }
  return words.join(" ");
}
