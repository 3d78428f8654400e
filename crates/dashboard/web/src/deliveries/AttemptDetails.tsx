import { Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { CodeBlock } from "../parts/CodeBlock";
import { Duration } from "../parts/Duration";
import { HeaderTable } from "../parts/HeaderTable";
import { StatusCode } from "../parts/StatusCode";
import { Time } from "../parts/Time";
import { visibleText } from "../parts/visible";
import type { Webhook } from "../webhooks/types";
import { explain } from "./errors";
import { EventData } from "./EventData";
import type { Attempt } from "./queries";

/** How much of an answer is kept. */
const KEPT = 16 * 1024;

interface AttemptDetailsProps {
  attempt: Attempt;
  place: number;
  eventId: string;
  webhook: Webhook | undefined;
}

/** One attempt: what was sent, and what came back. */
export function AttemptDetails({ attempt, place, eventId, webhook }: AttemptDetailsProps) {
  const explanation = explain(attempt.error);
  return (
    <Stack component="section" aria-label={`Attempt ${place}`}>
      <Group justify="space-between" gap="xs">
        <Title order={2} size="h4">
          Attempt {place}
        </Title>
        <Text size="sm" c="dimmed">
          <Time at={attempt.started_at} />, took <Duration ms={attempt.response_time_ms} />
        </Text>
      </Group>
      {explanation && (
        <Text size="sm">
          <b>{visibleText(attempt.error ?? "")}</b>: {explanation.means} {explanation.todo}
        </Text>
      )}
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="xl">
        <Stack gap="sm">
          <Title order={3} size="h5">
            Request
          </Title>
          {webhook && <Target webhook={webhook} startedAt={attempt.started_at} />}
          <HeaderTable headers={attempt.request_headers} label="Request headers" />
          <EventData id={eventId} />
        </Stack>
        <Stack gap="sm">
          <Title order={3} size="h5">
            Response
          </Title>
          <Answer attempt={attempt} />
        </Stack>
      </SimpleGrid>
    </Stack>
  );
}

/** Where it went. Attempts do not keep the URL, so it is the webhook's present one. */
function Target({ webhook, startedAt }: { webhook: Webhook; startedAt: string }) {
  const mayDiffer = Date.parse(webhook.updated_at) > Date.parse(startedAt);
  return (
    <div>
      <Text size="xs" ff="monospace" dir="ltr" style={{ overflowWrap: "anywhere" }}>
        POST {webhook.url}
      </Text>
      {mayDiffer && (
        <Text size="xs" c="dimmed">
          The webhook was changed after this attempt; this is its present URL.
        </Text>
      )}
    </div>
  );
}

function Answer({ attempt }: { attempt: Attempt }) {
  if (attempt.status_code == null) return <Text size="sm">No answer came.</Text>;
  const isCut = new Blob([attempt.response_body]).size >= KEPT;
  return (
    <>
      <div>
        <StatusCode code={attempt.status_code} />
      </div>
      <HeaderTable headers={attempt.response_headers} label="Response headers" />
      <CodeBlock text={attempt.response_body} language="json" label="Response body" />
      {isCut && (
        <Text size="xs" c="dimmed">
          Only the first 16 KiB of a response are kept.
        </Text>
      )}
    </>
  );
}
