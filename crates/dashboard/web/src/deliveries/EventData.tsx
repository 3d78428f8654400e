import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { CodeBlock } from "../parts/CodeBlock";
import { indentJson } from "../parts/indentJson";
import { Loaded } from "../parts/Loaded";
import { useTenant } from "../session/session";
import { memberText } from "./memberText";
import { eventTextQuery } from "./queries";

/** The data of the event that was sent. */
export function EventData({ id }: { id: string }) {
  const tenant = useTenant();
  const event = useQuery(eventTextQuery(tenant, id));
  return <Loaded query={event}>{(text) => <Shown event={text} />}</Loaded>;
}

function Shown({ event }: { event: string }) {
  const data = useMemo(() => {
    const text = memberText(event, "data_retained") === "true" ? memberText(event, "data") : undefined;
    return text === undefined ? undefined : (indentJson(text) ?? text);
  }, [event]);
  if (data === undefined) {
    return (
      <Text size="sm" c="dimmed">
        The event&apos;s data is no longer kept, so it can be neither shown nor sent again.
      </Text>
    );
  }
  return (
    <>
      <CodeBlock text={data} language="json" label="The event's data" />
      <Text size="xs" c="dimmed">
        In the request it stands in the body that the webhook&apos;s profile prescribes.
      </Text>
    </>
  );
}
