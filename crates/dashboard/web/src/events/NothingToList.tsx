import { Anchor, Button, Stack, Text } from "@mantine/core";
import { IconFilterOff, IconMailbox } from "@tabler/icons-react";
import { Link } from "react-router";
import { eventsPath } from "../app/paths";
import { CodeBlock } from "../parts/CodeBlock";
import { Empty } from "../parts/Empty";
import { useAccess } from "../session/session";
import { hasFilters, type Filters } from "./filters";
import { publishCommand } from "./publish";
import { useCatalogue } from "./queries";

interface Props {
  tenant: string;
  filters: Filters;
  /** Whether this is a later page of the list. */
  paged: boolean;
}

/** Says why a list of events is empty, and what to do. */
export function NothingToList({ tenant, filters, paged }: Props) {
  if (hasFilters(filters)) {
    return (
      <Empty
        icon={<IconFilterOff />}
        title={paged ? "No further event matches" : "No event matches"}
        text="Types and subjects must be the same to the letter."
        action={<ToAll tenant={tenant} label="Clear filters" />}
      />
    );
  }
  if (paged) {
    const action = <ToAll tenant={tenant} label="To the newest events" />;
    return <Empty icon={<IconMailbox />} title="No older events" action={action} />;
  }
  return <NoEvents tenant={tenant} />;
}

function ToAll({ tenant, label }: { tenant: string; label: string }) {
  return (
    <Button component={Link} to={eventsPath(tenant)} variant="default">
      {label}
    </Button>
  );
}

function NoEvents({ tenant }: { tenant: string }) {
  const { portal } = useAccess();
  if (portal) {
    const text = "They show up here as soon as they are published.";
    return <Empty icon={<IconMailbox />} title="No events yet" text={text} />;
  }
  return (
    <Empty
      icon={<IconMailbox />}
      title="No events yet"
      text={`Nothing has been published for ${tenant} so far. Publish a first event from a shell:`}
      action={<FirstEvent tenant={tenant} />}
    />
  );
}

function FirstEvent({ tenant }: { tenant: string }) {
  const { manage, operator } = useAccess();
  const [first] = useCatalogue(tenant);
  const command = publishCommand({
    origin: window.location.origin,
    tenant: operator ? tenant : undefined,
    type: first?.name ?? "order.paid",
    data: first?.example ?? { order: 4711 },
  });
  return (
    <Stack gap="xs" ta="left" w="100%" maw="40rem">
      <CodeBlock text={command} language="shell" label="Publish an event" />
      <Text size="sm" c="dimmed">
        KEY is {operator ? "an operator's key, or one of this tenant" : "an API key of this tenant"}.{" "}
        {operator && manage && (
          <Anchor component={Link} to="/api-keys" size="sm" underline="always">
            New key
          </Anchor>
        )}
      </Text>
    </Stack>
  );
}
