import { Alert, Stack, Text, Title } from "@mantine/core";
import { useSearchParams } from "react-router";
import type { Webhook } from "../types";
import { ReplayForm } from "./ReplayForm";
import { ReplayProgress } from "./ReplayProgress";
import { withReplay } from "./replayDraft";

/** Sends past events once more. */
export function Replay({ webhook }: { webhook: Webhook }) {
  const [params, setParams] = useSearchParams();
  const begun = params.getAll("replay");
  return (
    <Stack gap="xl">
      <Stack>
        <Text size="sm">
          A replay sends past events to this webhook again, behind new ones. Each delivery is a new one with
          an id of its own, and carries the event&apos;s old id, so a receiver that remembers ids takes
          nothing twice. Only events whose data is still kept can be sent.
        </Text>
        {!webhook.is_active && (
          <Alert color="gray">
            The webhook is not active: you can count what a replay would send, but not start one.
          </Alert>
        )}
        <ReplayForm
          webhook={webhook}
          onBegun={(id) => setParams(withReplay(params, id), { preventScrollReset: true })}
        />
      </Stack>
      {begun.length > 0 && (
        <Stack component="section">
          <Title order={2} size="h4">
            Replays that were started here
          </Title>
          {begun.map((id) => (
            <ReplayProgress key={id} id={id} />
          ))}
        </Stack>
      )}
    </Stack>
  );
}
