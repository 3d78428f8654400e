import { Paper, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Time } from "../parts/Time";
import { count, duration, percent } from "../parts/formats";
import styles from "./Headline.module.css";
import { extreme, newest, totalsOf } from "./figures";
import type { Stats } from "./queries";
import type { Range } from "./ranges";

/** The few figures that say whether all is well. */
export function Headline({ stats, range }: { stats: Stats; range: Range }) {
  const { points } = stats;
  const { deliveries, delivered, failed } = totalsOf(points);
  const p95 = newest(points, (point) => point.p95_ms);
  const slowest = extreme(points, (point) => point.p95_ms);
  return (
    <dl className={styles.figures} aria-label={`Figures of the last ${range.words}`}>
      <Figure label="Deliveries" value={count(deliveries)} note={`in the last ${range.words}`} />
      <Figure
        label="Success rate"
        value={percent(delivered, delivered + failed)}
        note={failed === 0 ? "none failed" : `${count(failed)} failed`}
      />
      <Figure
        label="Response time (p95)"
        value={p95 === null ? "–" : duration(p95.value)}
        note={
          slowest === null ? "no attempts" : `at most ${duration(slowest.value)} in the last ${range.words}`
        }
      />
      <Figure
        label="Waiting now"
        value={count(stats.waiting)}
        note={
          stats.oldest_waiting_at ? (
            <>
              the oldest came <Time at={stats.oldest_waiting_at} relative />
            </>
          ) : (
            "nothing waits"
          )
        }
      />
    </dl>
  );
}

function Figure({ label, value, note }: { label: string; value: string; note: ReactNode }) {
  return (
    <Paper withBorder p="md">
      <Text component="dt" size="sm" c="dimmed">
        {label}
      </Text>
      <dd className={styles.value}>
        {value}
        <Text component="span" display="block" size="xs" c="dimmed">
          {note}
        </Text>
      </dd>
    </Paper>
  );
}
