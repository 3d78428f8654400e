import { Stack, Text, Title } from "@mantine/core";
import { useSearchParams } from "react-router";
import type { Webhook } from "../webhooks/types";
import { AttemptDetails } from "./AttemptDetails";
import { AttemptLine } from "./AttemptLine";
import type { DeliveryInFull } from "./queries";
import { entries } from "./timeline";

interface AttemptsProps {
  delivery: DeliveryInFull;
  webhook: Webhook | undefined;
}

/** Every attempt on a time line, and one of them in full. Which one is in the address. */
export function Attempts({ delivery, webhook }: AttemptsProps) {
  const [params, setParams] = useSearchParams();
  const line = entries(delivery.created_at, delivery.attempts);
  const chosen = line.find(({ attempt }) => attempt.id === params.get("attempt")) ?? line.at(-1);
  if (!chosen)
    return (
      <Text size="sm" c="dimmed">
        No attempt was made yet.
      </Text>
    );
  return (
    <Stack gap="lg">
      <Stack component="section">
        <Title order={2} size="h4">
          Attempts
        </Title>
        <AttemptLine
          line={line}
          nextAt={delivery.next_attempt_at}
          chosen={chosen.attempt.id}
          onChoose={(attempt) => setParams({ attempt }, { replace: true, preventScrollReset: true })}
        />
      </Stack>
      <AttemptDetails
        attempt={chosen.attempt}
        place={line.indexOf(chosen) + 1}
        eventId={delivery.event_id}
        webhook={webhook}
      />
    </Stack>
  );
}
