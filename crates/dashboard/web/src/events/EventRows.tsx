import { Anchor, Text } from "@mantine/core";
import { useMemo } from "react";
import { Link } from "react-router";
import { eventPath } from "../app/paths";
import { Time } from "../parts/Time";
import { Outcome } from "./Outcome";
import type { Event } from "./queries";
import { Rows, type Column } from "../parts/Rows";
import { Subject } from "./Subject";

interface Props {
  tenant: string;
  events: Event[];
  stale: boolean;
}

export function EventRows({ tenant, events, stale }: Props) {
  const columns = useMemo(() => columnsFor(tenant), [tenant]);
  return <Rows label="Events" columns={columns} rows={events} keyOf={(event) => event.id} stale={stale} />;
}

function columnsFor(tenant: string): Column<Event>[] {
  return [
    { head: "Accepted", cell: (event) => <Time at={event.accepted} relative /> },
    {
      head: "Event",
      cell: (event) => (
        <>
          <Anchor component={Link} to={eventPath(tenant, event.id)} fw={500} size="sm">
            {event.type}
          </Anchor>
          <Text size="xs" c="dimmed" ff="monospace">
            {event.id}
          </Text>
        </>
      ),
    },
    { head: "Subject", cell: (event) => <Subject tenant={tenant} subject={event.subject} /> },
    { head: "Outcome", cell: (event) => <Outcome delivered={event.delivered} /> },
  ];
}
