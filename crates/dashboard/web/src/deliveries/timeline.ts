import type { Attempt } from "./queries";

/** An attempt, and how long it was waited for. */
export interface Entry {
  attempt: Attempt;
  endedAt: string;
  /** From the end of the attempt before, or from when the event was accepted; never less than nothing. */
  waitedMs: number;
}

/** Attempts in the order in which they started. */
export function entries(acceptedAt: string, attempts: Attempt[]): Entry[] {
  let before = Date.parse(acceptedAt);
  return [...attempts]
    .sort((a, b) => Date.parse(a.started_at) - Date.parse(b.started_at))
    .map((attempt) => {
      const started = Date.parse(attempt.started_at);
      const ended = started + attempt.response_time_ms;
      const entry = {
        attempt,
        endedAt: new Date(ended).toISOString(),
        waitedMs: Math.max(0, started - before),
      };
      // Attempts may overlap: somebody may have asked for one while another was under way.
      before = Math.max(before, ended);
      return entry;
    });
}
