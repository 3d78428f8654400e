import { Alert, Autocomplete, Button, Group, Stack, Text } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { SentDelivery } from "../../deliveries/SentDelivery";
import { FormProblem, fieldProblems } from "../../parts/FormProblem";
import { JsonEditor } from "../../parts/JsonEditor";
import { Loaded } from "../../parts/Loaded";
import { jsonProblem } from "../../parts/jsonProblem";
import { useAction } from "../../parts/useAction";
import { useTenant } from "../../session/session";
import { singleTypes } from "../patterns";
import { eventTypesQuery } from "../queries";
import { exampleOf, sampleType } from "../sampleInput";
import { sendTest } from "../sending";
import type { EventType, Webhook } from "../types";

/** Sends a sample event to a webhook alone, and shows what becomes of it. */
export function Test({ webhook }: { webhook: Webhook }) {
  const tenant = useTenant();
  const catalogue = useQuery(eventTypesQuery(tenant));
  if (!webhook.is_active) {
    return (
      <Alert color="gray">Nothing is sent to a webhook that is not active. Resume it to send a test.</Alert>
    );
  }
  return <Loaded query={catalogue}>{(types) => <TestForm webhook={webhook} catalogue={types} />}</Loaded>;
}

/** What is sent of a type that has no example. */
const WITHOUT_EXAMPLE = { test: true };

function dataOf(type: string, catalogue: EventType[]): string {
  return JSON.stringify(exampleOf(type, catalogue) ?? WITHOUT_EXAMPLE, null, 2);
}

function TestForm({ webhook, catalogue }: { webhook: Webhook; catalogue: EventType[] }) {
  const tenant = useTenant();
  const [type, setType] = useState(() => sampleType(webhook.events, catalogue));
  const [data, setData] = useState(() => dataOf(type, catalogue));
  const [sent, setSent] = useState<string | null>(null);
  const send = useAction(() => sendTest(tenant, webhook.id, { type, data }), { inForm: true });
  const problems = fieldProblems(send.error);
  const types = [...new Set([...singleTypes(webhook.events), ...catalogue.map(({ name }) => name)])];

  const choose = (chosen: string) => {
    // What was typed by hand stays; an example follows its type.
    if (data === dataOf(type, catalogue)) setData(dataOf(chosen, catalogue));
    setType(chosen);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (jsonProblem(data) === null)
          send.mutate(undefined, { onSuccess: ({ delivery_id }) => setSent(delivery_id) });
      }}
    >
      <Stack>
        <Text size="sm">
          A test is an event for this webhook alone, signed and delivered like any other. It is retried too,
          but counts for no rule that switches the webhook off.
        </Text>
        <Autocomplete
          label="Type of event"
          description="Any type, whatever the webhook subscribes to."
          data={types}
          limit={50}
          value={type}
          onChange={choose}
          error={problems.type}
        />
        <JsonEditor
          label="Data"
          description="The type's example, if it has one. Change it as you like."
          value={data}
          onChange={setData}
          error={problems.data}
        />
        <FormProblem error={send.error} fields={["type", "data"]} />
        <Group>
          <Button
            type="submit"
            leftSection={<IconSend size={16} aria-hidden />}
            loading={send.isPending}
            disabled={type === "" || jsonProblem(data) !== null}
          >
            Send the test
          </Button>
        </Group>
        {sent && <SentDelivery key={sent} id={sent} />}
      </Stack>
    </form>
  );
}
