import { Stack, Text, Title } from "@mantine/core";
import { useMemo } from "react";
import { CodeBlock } from "../parts/CodeBlock";
import type { EventInFull } from "./queries";

export function Payload({ event }: { event: EventInFull }) {
  const text = useMemo(() => JSON.stringify(event.data ?? null, null, 2), [event.data]);
  return (
    <Stack gap="xs" component="section">
      <Title order={2} size="h3">
        Payload
      </Title>
      {event.data_retained ? (
        <CodeBlock text={text} language="json" label="The event's data" maxHeight="32rem" />
      ) : (
        <Text>
          No longer kept, so the event cannot be sent again. Payloads are removed after some days; what became
          of them stays on record for longer.
        </Text>
      )}
    </Stack>
  );
}
