import { Stack, Text, Title } from "@mantine/core";
import {
  IconAlertTriangle,
  IconArrowsSplit2,
  IconCheck,
  IconClock,
  IconDatabase,
  IconMinus,
  IconSend,
  type TablerIcon,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Time } from "../parts/Time";
import classes from "./Journey.module.css";
import { standing, tally, type Runs, type Status, type Tally } from "./runs";
import { fannedWords, journeyWords, storedWords, tallyWords } from "./words";

interface Props {
  event: { created: string; accepted: string };
  runs: Runs;
}

/** The way of an event, as a picture for the eye and a sentence for everybody. */
export function Journey({ event, runs }: Props) {
  const counts = tally(runs.first);
  const end = ENDS[standing(counts)];
  return (
    <Stack gap="md" component="section">
      <Title order={2} size="h3">
        Journey
      </Title>
      <figure className={classes.figure}>
        <ol className={classes.stations} aria-hidden>
          <Station icon={IconSend} name="Published" words={<Time at={event.created} relative />} />
          <Station icon={IconDatabase} name="Stored" words={storedWords(event.created, event.accepted)} />
          <Station
            icon={IconArrowsSplit2}
            name="Fanned out"
            words={fannedWords(runs.first.length)}
            tone={runs.first.length > 0 ? "good" : "muted"}
          />
          <Station icon={end.icon} tone={end.tone} name={end.name} words={tallyWords(counts)}>
            {runs.first.length > 1 && <Shares counts={counts} />}
          </Station>
        </ol>
        <Text component="figcaption" mt="md" size="sm" c="dimmed">
          {journeyWords(event, runs)}
        </Text>
      </figure>
    </Stack>
  );
}

type Tone = "good" | "bad" | "open" | "muted";

interface StationProps {
  icon: TablerIcon;
  name: string;
  words: ReactNode;
  tone?: Tone;
  children?: ReactNode;
}

function Station({ icon: Icon, name, words, tone = "good", children }: StationProps) {
  return (
    <li className={classes.station}>
      <span className={`${classes.sign} ${classes[tone]}`}>
        <Icon size={18} />
      </span>
      <div>
        <Text fw={600}>{name}</Text>
        <Text size="sm" c="dimmed" component="div">
          {words}
        </Text>
        {children}
      </div>
    </li>
  );
}

const ENDS: Record<Status | "none", { icon: TablerIcon; name: string; tone: Tone }> = {
  success: { icon: IconCheck, name: "Delivered", tone: "good" },
  failed: { icon: IconAlertTriangle, name: "Failed", tone: "bad" },
  retrying: { icon: IconClock, name: "Being retried", tone: "open" },
  pending: { icon: IconClock, name: "On its way", tone: "open" },
  cancelled: { icon: IconMinus, name: "Cancelled", tone: "muted" },
  none: { icon: IconMinus, name: "Delivered nowhere", tone: "muted" },
};

const SHARES: Status[] = ["success", "cancelled", "pending", "retrying", "failed"];

function Shares({ counts }: { counts: Tally }) {
  return (
    <div className={classes.bar}>
      {SHARES.filter((status) => counts[status] > 0).map((status) => (
        <span key={status} className={classes[ENDS[status].tone]} style={{ flexGrow: counts[status] }} />
      ))}
    </div>
  );
}
