import { Box, Text } from "@mantine/core";
import { lineOf, scheduleWords } from "../schedule";
import styles from "./ScheduleLine.module.css";

const MARGIN = 3;
/** A place on the line as the percentage of its width. */
const x = (at: number) => `${MARGIN + at * (100 - 2 * MARGIN)}%`;

/** A schedule as a line on which seconds and days can be told apart, and in words. */
export function ScheduleLine({ delays, jitter }: { delays: string[]; jitter: number }) {
  const { dots, ticks } = lineOf(delays, jitter);
  return (
    <Box>
      {/* The words below say the same. */}
      <svg className={styles.line} aria-hidden>
        <line className={styles.axis} x1={x(0)} x2={x(1)} y1="16" y2="16" />
        {dots.map((dot, place) => (
          <line key={place} className={styles.range} x1={x(dot.from)} x2={x(dot.to)} y1="16" y2="16" />
        ))}
        {dots.map((dot, place) => (
          <circle key={place} className={styles.dot} cx={x(dot.at)} cy="16" r="5" />
        ))}
        {ticks.map((tick) => (
          <g key={tick.label}>
            <line className={styles.axis} x1={x(tick.at)} x2={x(tick.at)} y1="24" y2="30" />
            <text className={styles.tick} x={x(tick.at)} y="44" textAnchor="middle">
              {tick.label}
            </text>
          </g>
        ))}
      </svg>
      <Text size="sm">{scheduleWords(delays, jitter)}</Text>
    </Box>
  );
}
