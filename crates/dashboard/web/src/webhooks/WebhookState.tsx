import { Alert, Code, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconPlayerPause, IconPlugConnectedX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { count, percent } from "../parts/formats";
import { HealthBadge } from "../parts/HealthBadge";
import { Time } from "../parts/Time";
import { disabledWords } from "./disabled";
import type { Webhook } from "./types";

/** How a webhook fares, at a glance. */
export function WebhookState({ webhook }: { webhook: Webhook }) {
  const { health, success_count, failure_count } = webhook;
  const all = success_count + failure_count;
  return (
    <Stack>
      <WhyInactive webhook={webhook} />
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }}>
        <Fact name="State">
          <HealthBadge health={health.state} isActive={webhook.is_active ?? true} />
        </Fact>
        <Fact name="Success rate">
          {all === 0 ? "none yet" : `${percent(success_count, all)} of ${count(all)}`}
        </Fact>
        <Fact name="Failures in a row">
          {health.consecutive_failures}
          {health.first_failure_at && (
            <>
              {" "}
              since <Time at={health.first_failure_at} relative />
            </>
          )}
        </Fact>
        <Fact name="Last attempt">
          {webhook.last_triggered ? <Time at={webhook.last_triggered} relative /> : "never"}
        </Fact>
        <Fact name="Last success">
          {health.last_success_at ? <Time at={health.last_success_at} relative /> : "never"}
        </Fact>
        <Fact name="Profile">{webhook.profile}</Fact>
      </SimpleGrid>
      <Group gap={4}>
        <Text size="sm" c="dimmed">
          Gets
        </Text>
        {webhook.events.map((event) => (
          <Code key={event}>{event}</Code>
        ))}
      </Group>
    </Stack>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text size="sm" c="dimmed">
        {name}
      </Text>
      <Text component="div">{children}</Text>
    </div>
  );
}

function WhyInactive({ webhook: { health, is_active } }: { webhook: Webhook }) {
  if (health.state === "disabled") {
    return (
      <Alert color="red" icon={<IconPlugConnectedX aria-hidden />} title="Switched off">
        {disabledWords(health.disabled_reason)} Nothing is sent until it is resumed. Correct the receiver
        first; afterwards a replay sends what was missed.
      </Alert>
    );
  }
  if (is_active) return null;
  return (
    <Alert color="gray" icon={<IconPlayerPause aria-hidden />} title="Paused">
      Nothing is sent until it is resumed. Afterwards a replay sends what was missed.
    </Alert>
  );
}
