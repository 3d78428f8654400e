import { Anchor, Badge, Code, Group, Stack, Text } from "@mantine/core";
import { useMemo } from "react";
import { Link } from "react-router";
import { webhookPath } from "../app/paths";
import { type Column, Rows } from "../parts/Rows";
import { count, percent } from "../parts/formats";
import { HealthBadge } from "../parts/HealthBadge";
import { Time } from "../parts/Time";
import { disabledWords } from "./disabled";
import type { Webhook } from "./types";
import styles from "./WebhookRows.module.css";

interface WebhookRowsProps {
  tenant: string;
  webhooks: Webhook[];
  stale: boolean;
}

export function WebhookRows({ tenant, webhooks, stale }: WebhookRowsProps) {
  const columns = useMemo(() => columnsFor(tenant), [tenant]);
  return (
    <Rows label="Webhooks" columns={columns} rows={webhooks} keyOf={(webhook) => webhook.id} stale={stale} />
  );
}

function columnsFor(tenant: string): Column<Webhook>[] {
  return [
    { head: "Webhook", cell: (webhook) => <Name tenant={tenant} webhook={webhook} /> },
    { head: "State", cell: (webhook) => <State webhook={webhook} /> },
    { head: "Attempts", cell: (webhook) => <Attempts webhook={webhook} /> },
    { head: "Events", cell: ({ events }) => <Subscriptions events={events} /> },
    { head: "Profile", cell: ({ profile }) => profile },
    {
      head: "Last attempt",
      cell: ({ last_triggered }) => (last_triggered ? <Time at={last_triggered} relative /> : "never"),
    },
  ];
}

function Name({ tenant, webhook }: { tenant: string; webhook: Webhook }) {
  return (
    <div className={styles.name}>
      <Anchor component={Link} to={webhookPath(tenant, webhook.id)} fw={500} size="sm">
        {webhook.url}
      </Anchor>
      {webhook.description && (
        <Text size="sm" c="dimmed" lineClamp={2}>
          {webhook.description}
        </Text>
      )}
    </div>
  );
}

function State({ webhook }: { webhook: Webhook }) {
  const { health } = webhook;
  return (
    <Stack gap={2} align="flex-start" className={styles.state}>
      <HealthBadge health={health} isActive={webhook.is_active ?? true} />
      {health.state === "disabled" && (
        <Text size="xs" c="dimmed">
          {disabledWords(health.disabled_reason)}
        </Text>
      )}
    </Stack>
  );
}

/** The share of attempts that succeeded, of all that were counted. */
function Attempts({ webhook: { success_count, failure_count } }: { webhook: Webhook }) {
  const all = success_count + failure_count;
  if (all === 0) {
    return (
      <Text size="sm" c="dimmed">
        none yet
      </Text>
    );
  }
  return (
    <>
      <Text size="sm" className={styles.whole}>
        {percent(success_count, all)} good
      </Text>
      <Text size="xs" c="dimmed">
        of {count(all)}
      </Text>
    </>
  );
}

const NAMED = 3;

function Subscriptions({ events }: { events: string[] }) {
  const more = events.length - NAMED;
  return (
    <Group gap={4}>
      {events.slice(0, NAMED).map((event) => (
        <Code key={event} className={styles.whole}>
          {event}
        </Code>
      ))}
      {more > 0 && (
        <Badge variant="light" color="gray" tt="none" title={events.slice(NAMED).join(", ")}>
          {more} more
        </Badge>
      )}
    </Group>
  );
}
