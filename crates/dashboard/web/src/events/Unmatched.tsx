import { Alert, Anchor, Button, Group, List, Stack, Text } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { newWebhookPath, webhookPath } from "../app/paths";
import { useAccess } from "../session/session";
import { takenBy } from "../webhooks/patterns";
import { useCatalogue, webhooksQuery, type Event, type Webhook } from "./queries";

/** Says why an event went nowhere, and how it can still be delivered. */
export function Unmatched({ tenant, event }: { tenant: string; event: Event }) {
  const { manage } = useAccess();
  const catalogue = useCatalogue(tenant);
  const webhooks = useQuery(webhooksQuery(tenant));
  const matching = webhooks.data?.filter((webhook) => takenBy(webhook.events, event.type, catalogue)) ?? [];

  return (
    <Alert icon={<IconInfoCircle aria-hidden />} title="No webhook took this event" color="blue">
      <Stack gap="sm">
        <Text size="sm">
          When it was published, no active webhook subscribed to {event.type}. Nothing is lost: while its
          payload is kept, it can still be sent.
        </Text>
        {matching.length > 0 && <Subscribers tenant={tenant} webhooks={matching} manage={manage} />}
        {manage && matching.length === 0 && webhooks.isSuccess && (
          <NewSubscriber tenant={tenant} type={event.type} />
        )}
      </Stack>
    </Alert>
  );
}

interface SubscribersProps {
  tenant: string;
  webhooks: Webhook[];
  manage: boolean;
}

/** Webhooks that would take such an event now: they were made, changed or switched on later. */
function Subscribers({ tenant, webhooks, manage }: SubscribersProps) {
  const tab = manage ? "replay" : undefined;
  return (
    <>
      <Text size="sm">
        These subscribe to it now.
        {manage && " A replay of “missing” sends an active one of them what it has not had."}
      </Text>
      <List size="sm">
        {webhooks.map((webhook) => (
          <List.Item key={webhook.id}>
            <Anchor component={Link} to={webhookPath(tenant, webhook.id, tab)} size="sm">
              {webhook.url}
            </Anchor>
            {webhook.is_active === false && " (inactive)"}
          </List.Item>
        ))}
      </List>
    </>
  );
}

function NewSubscriber({ tenant, type }: { tenant: string; type: string }) {
  return (
    <>
      <Text size="sm">
        Add a webhook for this type. Then replay “missing” to it, since before this event was accepted.
      </Text>
      <Group>
        <Button component={Link} to={newWebhookPath(tenant, type)}>
          Add a webhook for {type}
        </Button>
      </Group>
    </>
  );
}
