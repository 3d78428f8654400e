/** What colours say here; each is told apart by its dashes too. */
export type LineColor = "main" | "good" | "middle" | "bad";

export interface Line {
  label: string;
  color: LineColor;
  dash?: [number, number];
  filled?: boolean;
  /** One value for each time; `null` where nothing is known. */
  values: (number | null)[];
}

export interface ChartData {
  title: string;
  /** What the chart shows, in words. */
  summary: string;
  lines: Line[];
  format: (value: number) => string;
  /** For the axis, where there is little room; `format` otherwise. */
  formatAxis?: (value: number) => string;
  /** What the axis may count in; tens, fives and twos otherwise. */
  steps?: number[];
  /** Where the axis begins and ends, by the least and the greatest value; from zero otherwise. */
  bounds?: (least: number, greatest: number) => [number, number];
}

/** The CSS variable that holds a colour in the current theme. */
export const COLOR_VARIABLES: Record<LineColor, string> = {
  main: "--mantine-primary-color-filled",
  good: "--fanfare-good",
  middle: "--fanfare-middle",
  bad: "--fanfare-bad",
};
