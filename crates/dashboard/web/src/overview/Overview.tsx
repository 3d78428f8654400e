import { Grid, SegmentedControl, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams, useSearchParams } from "react-router";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { BusyTenants } from "./BusyTenants";
import { Charts } from "./Charts";
import { Failing } from "./Failing";
import { Headline } from "./Headline";
import { NothingYet, QuietHint } from "./NothingYet";
import { totalsOf } from "./figures";
import { type Stats, anythingQuery, statsQuery } from "./queries";
import { RANGES, type Range, rangeOf } from "./ranges";

/** How deliveries fare: of one tenant, or for operators of all of them together. */
export function Component() {
  const { tenant } = useParams();
  const [search, setSearch] = useSearchParams();
  const range = rangeOf(search.get("range"));
  const stats = useQuery(statsQuery(tenant, range));
  // A new system has something to learn first; that there is nothing at all is the rarer case, so it is not
  // waited for.
  const anything = useQuery(anythingQuery(tenant)).data ?? true;

  const choose = (key: string) => {
    setSearch((current) => {
      const next = new URLSearchParams(current);
      next.set("range", key);
      return next;
    });
  };

  return (
    <Page
      title="Overview"
      description={tenant === undefined ? "All tenants together" : undefined}
      actions={<RangePicker range={range} onChoose={choose} />}
    >
      <Loaded query={stats}>
        {(data) =>
          !anything && isQuiet(data) ? (
            <NothingYet tenant={tenant} />
          ) : (
            <Filled tenant={tenant} range={range} stats={data} />
          )
        }
      </Loaded>
    </Page>
  );
}

function RangePicker({ range, onChoose }: { range: Range; onChoose: (key: string) => void }) {
  return (
    <SegmentedControl
      aria-label="Time range"
      size="xs"
      data={RANGES.map(({ key, label }) => ({ value: key, label }))}
      value={range.key}
      onChange={onChoose}
    />
  );
}

function isQuiet(stats: Stats): boolean {
  const { deliveries, attempts } = totalsOf(stats.points);
  return deliveries === 0 && attempts === 0 && stats.waiting === 0;
}

function Filled({ tenant, range, stats }: { tenant: string | undefined; range: Range; stats: Stats }) {
  return (
    <Stack gap="lg">
      {isQuiet(stats) && <QuietHint tenant={tenant} range={range} />}
      <Headline stats={stats} range={range} />
      <Grid gap="lg">
        <Grid.Col span={tenant === undefined ? { base: 12, lg: 6 } : 12}>
          <Failing tenant={tenant} />
        </Grid.Col>
        {tenant === undefined && (
          <Grid.Col span={{ base: 12, lg: 6 }}>
            <BusyTenants range={range} />
          </Grid.Col>
        )}
      </Grid>
      <Charts stats={stats} range={range} />
    </Stack>
  );
}
