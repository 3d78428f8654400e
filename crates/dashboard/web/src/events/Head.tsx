import { Anchor, Code, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { eventTypePath } from "../app/paths";
import { CopyButton } from "../parts/CopyButton";
import { Time } from "../parts/Time";
import classes from "./Head.module.css";
import { Outcome } from "./Outcome";
import type { EventInFull } from "./queries";
import { Subject } from "./Subject";

/** What is known about an event, but for its payload. */
export function Head({ tenant, event }: { tenant: string; event: EventInFull }) {
  return (
    <dl className={classes.facts}>
      <Fact name="Id">
        <Group gap={4}>
          <Code>{event.id}</Code>
          <CopyButton value={event.id} label="Copy the event's id" />
        </Group>
      </Fact>
      <Fact name="Type">
        <Anchor component={Link} to={eventTypePath(tenant, event.type)} size="sm">
          {event.type}
        </Anchor>
      </Fact>
      <Fact name="Subject">
        <Subject tenant={tenant} subject={event.subject} />
      </Fact>
      <Fact name="Happened">
        <Text span size="sm">
          <Time at={event.created} />
        </Text>
      </Fact>
      <Fact name="Accepted">
        <Text span size="sm">
          <Time at={event.accepted} />
        </Text>
      </Fact>
      <Fact name="Outcome">
        <Outcome delivered={event.delivered} />
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
