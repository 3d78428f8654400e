import { Group, Text, UnstyledButton } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconClock } from "@tabler/icons-react";
import { duration } from "../parts/formats";
import { Time } from "../parts/Time";
import { visibleText } from "../parts/visible";
import styles from "./AttemptLine.module.css";
import { explain } from "./errors";
import type { Entry } from "./timeline";

interface AttemptLineProps {
  line: Entry[];
  nextAt: string | null | undefined;
  /** The attempt that is shown in full. */
  chosen: string;
  onChoose: (attempt: string) => void;
}

/** When attempts were made, how long each took, and the waiting between them. */
export function AttemptLine({ line, nextAt, chosen, onChoose }: AttemptLineProps) {
  return (
    <ol className={styles.line}>
      {line.map((entry, place) => (
        <Made
          key={entry.attempt.id}
          entry={entry}
          place={place + 1}
          isChosen={entry.attempt.id === chosen}
          onChoose={() => onChoose(entry.attempt.id)}
        />
      ))}
      {nextAt && (
        <li className={styles.entry}>
          <span className={styles.sign}>
            <IconClock size={18} aria-hidden />
          </span>
          <Text size="sm" p="xs">
            Next attempt <Time at={nextAt} relative />, at <Time at={nextAt} />
          </Text>
        </li>
      )}
    </ol>
  );
}

interface MadeProps {
  entry: Entry;
  place: number;
  isChosen: boolean;
  onChoose: () => void;
}

function Made({ entry: { attempt, waitedMs }, place, isChosen, onChoose }: MadeProps) {
  const explanation = explain(attempt.error);
  const Sign = explanation ? IconCircleX : IconCircleCheck;
  return (
    <li className={styles.entry}>
      <span className={`${styles.sign} ${explanation ? styles.bad : styles.good}`}>
        <Sign size={18} aria-hidden />
      </span>
      <UnstyledButton className={styles.choice} aria-pressed={isChosen} onClick={onChoose}>
        <Group justify="space-between" gap="xs">
          <Text size="sm">
            <b>{place}.</b>{" "}
            {explanation
              ? sentence(visibleText(explanation.what))
              : `Taken with ${attempt.status_code ?? "a success"}`}{" "}
            after {duration(attempt.response_time_ms)}
          </Text>
          <Text size="sm" c="dimmed">
            <Time at={attempt.started_at} />
          </Text>
        </Group>
        <Text size="xs" c="dimmed">
          {waitingWords(place, waitedMs)}
          {attempt.manual && ", somebody asked for it"}
          {attempt.late && ", too late to count: another worker had taken over"}
        </Text>
      </UnstyledButton>
    </li>
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function waitingWords(place: number, ms: number): string {
  return place === 1
    ? `${duration(ms)} after the event was accepted`
    : `${duration(ms)} after the attempt before`;
}
