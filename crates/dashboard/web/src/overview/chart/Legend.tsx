import styles from "./Chart.module.css";
import { COLOR_VARIABLES, type ChartData, type Line } from "./chartData";
import { clock } from "./timeAxis";

interface LegendProps {
  chart: ChartData;
  times: readonly number[];
  /** Where the cursor is; without one the newest values are shown. */
  index: number | null;
  rangeMs: number;
}

/** Which line is which, and its value under the cursor. */
export function Legend({ chart, times, index, rangeMs }: LegendProps) {
  const at = index === null ? undefined : times[index];
  return (
    <ul className={styles.legend}>
      {chart.lines.map((line) => (
        <li key={line.label} className={styles.entry}>
          <Sample line={line} />
          {line.label}
          {index !== null && at !== undefined && <b>{valueAt(chart, line, index)}</b>}
        </li>
      ))}
      {at !== undefined && <li className={styles.entry}>{clock(at * 1000, rangeMs)}</li>}
    </ul>
  );
}

function valueAt(chart: ChartData, line: Line, index: number): string {
  const value = line.values[index];
  return value === null || value === undefined ? "–" : chart.format(value);
}

function Sample({ line }: { line: Line }) {
  return (
    <svg className={styles.sample} viewBox="0 0 24 8" aria-hidden="true">
      <line
        x1="0"
        x2="24"
        y1="4"
        y2="4"
        strokeWidth="3"
        strokeDasharray={line.dash?.join(" ")}
        style={{ stroke: `var(${COLOR_VARIABLES[line.color]})` }}
      />
    </svg>
  );
}
