import { count, duration } from "../parts/formats";
import { BY_URGENCY, tally, type Runs, type Status, type Tally } from "./runs";

const IN_WORDS: Record<Status, string> = {
  failed: "failed",
  retrying: "being retried",
  pending: "on the way",
  cancelled: "cancelled",
  success: "delivered",
};

/** A tally as it is told, what went well first: "2 delivered, 1 failed". */
export function tallyWords(counts: Tally): string {
  const told = [...BY_URGENCY].reverse().filter((status) => counts[status] > 0);
  return told.map((status) => `${count(counts[status])} ${IN_WORDS[status]}`).join(", ");
}

/** When an event was stored, from when it is said to have happened; the publisher's clock may be ahead. */
export function storedWords(created: string, accepted: string): string {
  const ms = Date.parse(accepted) - Date.parse(created);
  if (ms === 0) return "at once";
  return ms > 0 ? `${duration(ms)} later` : `${duration(-ms)} before the time that it states`;
}

/** How many webhooks an event went to. */
export function fannedWords(webhooks: number): string {
  if (webhooks === 0) return "no webhook matched";
  return webhooks === 1 ? "to 1 webhook" : `to ${count(webhooks)} webhooks`;
}

/** The journey in a sentence or two. */
export function journeyWords(event: { created: string; accepted: string }, runs: Runs): string {
  const stored = `Published, stored ${storedWords(event.created, event.accepted)}`;
  const fanned =
    runs.first.length === 0
      ? "; no webhook matched."
      : ` and fanned out ${fannedWords(runs.first.length)}: ${tallyWords(tally(runs.first))}.`;
  if (runs.replayed.length === 0) return stored + fanned;
  const again = tallyWords(tally(runs.replayed));
  return `${stored}${fanned} Sent again by replays ${times(runs.replayed.length)}: ${again}.`;
}

function times(replays: number): string {
  return replays === 1 ? "once" : `${count(replays)} times`;
}
