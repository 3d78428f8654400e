import { Card, Group, Progress, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Loaded } from "../../parts/Loaded";
import { count } from "../../parts/formats";
import { Time } from "../../parts/Time";
import { useTenant } from "../../session/session";
import { replayQuery } from "../queries";
import type { Replay } from "../types";
import { ONLY_WORDS } from "./replayDraft";
import { isOver, progressOf, progressWords } from "./replayProgress";

/** How far a replay is. */
export function ReplayProgress({ id }: { id: string }) {
  const tenant = useTenant();
  const replay = useQuery(replayQuery(tenant, id));
  return (
    <Card withBorder>
      <Loaded query={replay}>{(found) => <Shown replay={found} />}</Loaded>
    </Card>
  );
}

function Shown({ replay }: { replay: Replay }) {
  const percent = Math.floor(progressOf(replay) * 100);
  return (
    <Stack gap="xs">
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={500}>
          {ONLY_WORDS[replay.only].label}, <Time at={replay.since} /> to <Time at={replay.until} />
        </Text>
        <Text size="sm" c="dimmed">
          started <Time at={replay.created_at} relative />
        </Text>
      </Group>
      <Progress.Root size="lg">
        <Progress.Section
          value={percent}
          color={replay.state === "cancelled" ? "gray" : undefined}
          animated={!isOver(replay)}
          aria-label="Progress of the replay"
        />
      </Progress.Root>
      <Text size="sm" role="status">
        {progressWords(replay)}
      </Text>
      {replay.types.length > 0 && (
        <Text size="xs" c="dimmed">
          Only {replay.types.join(", ")}
        </Text>
      )}
      {replay.gone > 0 && (
        <Text size="sm">Of {count(replay.gone)} the data was no longer kept, so they could not be sent.</Text>
      )}
    </Stack>
  );
}
