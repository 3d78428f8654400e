import { Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { memberText } from "../deliveries/memberText";
import { eventTextQuery } from "../deliveries/queries";
import { CodeBlock } from "../parts/CodeBlock";
import { Loaded } from "../parts/Loaded";
import { indentJson } from "../parts/indentJson";
import type { EventInFull } from "./queries";

/** What the publisher sent. */
export function Payload({ tenant, event }: { tenant: string; event: EventInFull }) {
  return (
    <Stack gap="xs" component="section">
      <Title order={2} size="h3">
        Payload
      </Title>
      {event.data_retained ? (
        <Data tenant={tenant} id={event.id} />
      ) : (
        <Text>
          No longer kept, so the event cannot be sent again. Payloads are removed after some days; what became
          of them stays on record for longer.
        </Text>
      )}
    </Stack>
  );
}

/** Taken from the answer's text: parsed, numbers of many digits would not be what was published. */
function Data({ tenant, id }: { tenant: string; id: string }) {
  const query = useQuery(eventTextQuery(tenant, id));
  return <Loaded query={query}>{(event) => <Shown event={event} />}</Loaded>;
}

function Shown({ event }: { event: string }) {
  const text = useMemo(() => {
    const data = memberText(event, "data") ?? "null";
    return indentJson(data) ?? data;
  }, [event]);
  return <CodeBlock text={text} language="json" label="The event's data" maxHeight="32rem" />;
}
