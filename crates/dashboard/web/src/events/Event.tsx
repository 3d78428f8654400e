import { Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useParams } from "react-router";
import { eventsPath } from "../app/paths";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { useTenant } from "../session/session";
import { Deliveries } from "./Deliveries";
import { Head } from "./Head";
import { Journey } from "./Journey";
import { Payload } from "./Payload";
import { eventQuery, type EventInFull } from "./queries";
import { runsOf } from "./runs";
import { Unmatched } from "./Unmatched";

/** An event: what it says and where it went. */
export function Component() {
  const tenant = useTenant();
  const { event: id = "" } = useParams();
  const event = useQuery(eventQuery(tenant, id));
  const title = event.data ? event.data.type : "Event";
  return (
    <Page title={title} crumbs={[{ label: "Events", to: eventsPath(tenant) }, { label: id }]}>
      <Loaded query={event}>{(event) => <InFull tenant={tenant} event={event} />}</Loaded>
    </Page>
  );
}

function InFull({ tenant, event }: { tenant: string; event: EventInFull }) {
  const runs = useMemo(() => runsOf(event.deliveries), [event.deliveries]);
  return (
    <Stack gap="xl">
      <Head tenant={tenant} event={event} />
      <Journey event={event} runs={runs} />
      {event.deliveries.length === 0 && <Unmatched tenant={tenant} event={event} />}
      {event.deliveries.length > 0 && <Deliveries tenant={tenant} runs={runs} />}
      <Payload tenant={tenant} event={event} />
    </Stack>
  );
}
