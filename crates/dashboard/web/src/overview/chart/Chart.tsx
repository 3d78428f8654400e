import { Button, Group, Paper, Text, Title } from "@mantine/core";
import { useId, useMemo, useState } from "react";
import type { Point } from "../queries";
import styles from "./Chart.module.css";
import { Legend } from "./Legend";
import { Plot } from "./Plot";
import { PointTable } from "./PointTable";
import type { ChartData } from "./chartData";

interface ChartProps {
  chart: ChartData;
  points: readonly Point[];
  rangeMs: number;
}

/** A chart with its title, what it says in words, and the same as a table. */
export function Chart({ chart, points, rangeMs }: ChartProps) {
  const [asTable, setAsTable] = useState(false);
  const [cursor, setCursor] = useState<number | null>(null);
  const times = useMemo(() => points.map(({ at }) => Date.parse(at) / 1000), [points]);
  const titleId = useId();
  return (
    <Paper component="section" withBorder p="md" h="100%" aria-labelledby={titleId} className={styles.chart}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Title order={2} size="h5" id={titleId}>
          {chart.title}
        </Title>
        <Button
          className={styles.switch}
          variant="subtle"
          size="compact-xs"
          aria-describedby={titleId}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? "Show as chart" : "Show as table"}
        </Button>
      </Group>
      {asTable ? (
        <PointTable chart={chart} times={times} rangeMs={rangeMs} />
      ) : (
        <>
          <Plot chart={chart} times={times} onCursor={setCursor} />
          <Legend chart={chart} times={times} index={cursor} rangeMs={rangeMs} />
        </>
      )}
      <Text size="xs" c="dimmed" mt="xs" aria-hidden={!asTable}>
        {chart.summary}
      </Text>
    </Paper>
  );
}
