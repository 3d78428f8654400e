import { Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { CursorPager } from "../parts/CursorPager";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { useTenant } from "../session/session";
import { EventRows } from "./EventRows";
import { FilterForm } from "./FilterForm";
import { readFilters, writeFilters } from "./filters";
import { FindById } from "./FindById";
import { NothingToList } from "./NothingToList";
import { eventsQuery } from "./queries";

/** A tenant's events, newest first. */
export function Component() {
  const tenant = useTenant();
  const [params, setParams] = useSearchParams();
  const filters = useMemo(() => readFilters(params), [params]);
  const cursor = params.get("cursor") ?? undefined;
  const events = useQuery(eventsQuery(tenant, filters, cursor));

  return (
    <Page title="Events">
      <Stack gap="lg">
        <FindById tenant={tenant} />
        <FilterForm tenant={tenant} filters={filters} onApply={(next) => setParams(writeFilters(next))} />
        <Loaded
          query={events}
          empty={(page) => page.data.length === 0}
          whenEmpty={<NothingToList tenant={tenant} filters={filters} paged={cursor !== undefined} />}
        >
          {(page) => (
            <Stack>
              <EventRows tenant={tenant} events={page.data} stale={events.isPlaceholderData} />
              <CursorPager next={page.next_cursor ?? null} />
            </Stack>
          )}
        </Loaded>
      </Stack>
    </Page>
  );
}
