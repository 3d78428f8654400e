/** How far back one looks; it stands in the address. */
export interface Range {
  key: string;
  label: string;
  /** After “in the last …”. */
  words: string;
  ms: number;
}

const HOUR = 3_600_000;

export const RANGES: readonly [Range, ...Range[]] = [
  { key: "1h", label: "1 h", words: "hour", ms: HOUR },
  { key: "6h", label: "6 h", words: "6 hours", ms: 6 * HOUR },
  { key: "24h", label: "24 h", words: "24 hours", ms: 24 * HOUR },
  { key: "7d", label: "7 d", words: "7 days", ms: 7 * 24 * HOUR },
  { key: "30d", label: "30 d", words: "30 days", ms: 30 * 24 * HOUR },
];

/** The range that the address names, or the shortest. */
export function rangeOf(key: string | null): Range {
  return RANGES.find((range) => range.key === key) ?? RANGES[0];
}

/** Within it, every minute counts, so it is asked for again whenever something happens. */
export function isRecent(range: Range): boolean {
  return range.ms <= 6 * HOUR;
}
