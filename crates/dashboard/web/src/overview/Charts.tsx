import { Grid } from "@mantine/core";
import { useMemo } from "react";
import { Chart } from "./chart/Chart";
import { latency, oldestWaiting, outcomes, success, waiting } from "./charts";
import type { Stats } from "./queries";
import type { Range } from "./ranges";

const HALF = { base: 12, md: 6 };

export function Charts({ stats, range }: { stats: Stats; range: Range }) {
  const [first, ...others] = useMemo(
    () => [outcomes, success, latency, waiting, oldestWaiting].map((draw) => draw(stats, range)),
    [stats, range],
  );
  return (
    <Grid gap="lg">
      {first && (
        <Grid.Col span={12}>
          <Chart chart={first} points={stats.points} rangeMs={range.ms} />
        </Grid.Col>
      )}
      {others.map((chart) => (
        <Grid.Col span={HALF} key={chart.title}>
          <Chart chart={chart} points={stats.points} rangeMs={range.ms} />
        </Grid.Col>
      ))}
    </Grid>
  );
}
