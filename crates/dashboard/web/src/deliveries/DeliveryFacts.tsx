import { Anchor, SimpleGrid, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { eventPath, webhookPath } from "../app/paths";
import { Time } from "../parts/Time";
import { useTenant } from "../session/session";
import type { Webhook } from "../webhooks/types";
import type { DeliveryInFull } from "./queries";

interface DeliveryFactsProps {
  delivery: DeliveryInFull;
  webhook: Webhook | undefined;
  isDeleted: boolean;
  planned: number | undefined;
}

/** What the delivery is of, and where it goes. */
export function DeliveryFacts({ delivery, webhook, isDeleted, planned }: DeliveryFactsProps) {
  const tenant = useTenant();
  const replay = delivery.replay_id;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
      <Fact name="Event">
        <Anchor component={Link} to={eventPath(tenant, delivery.event_id)}>
          {delivery.event_id}
        </Anchor>
      </Fact>
      <Fact name="Webhook">
        {isDeleted ? (
          `${delivery.webhook_id} (deleted)`
        ) : (
          <Anchor component={Link} to={webhookPath(tenant, delivery.webhook_id)}>
            {webhook?.url ?? delivery.webhook_id}
          </Anchor>
        )}
      </Fact>
      <Fact name="Accepted">
        <Time at={delivery.created_at} />
      </Fact>
      <Fact name="Attempts">
        {delivery.attempt}
        {planned !== undefined && planned >= delivery.attempt ? ` of ${planned}` : ""}
      </Fact>
      <Fact name="Delivery">{delivery.id}</Fact>
      {replay && (
        <Fact name="Replay">
          <Anchor
            component={Link}
            to={`${webhookPath(tenant, delivery.webhook_id, "replay")}&replay=${encodeURIComponent(replay)}`}
          >
            {replay}
          </Anchor>
        </Fact>
      )}
    </SimpleGrid>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text size="sm" c="dimmed">
        {name}
      </Text>
      <Text component="div" style={{ overflowWrap: "anywhere" }}>
        {children}
      </Text>
    </div>
  );
}
