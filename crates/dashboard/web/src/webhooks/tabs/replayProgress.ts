import { count } from "../../parts/formats";
import type { Replay } from "../types";

type Counts = Pick<Replay, "state" | "matched" | "published" | "gone">;

export function isOver({ state }: Pick<Replay, "state">): boolean {
  return state !== "running";
}

/**
 * How far it is, in 0 to 1. New failures may be found on the way, so it can be more than what matched at
 * first.
 */
export function progressOf({ state, matched, published, gone }: Counts): number {
  if (state === "done") return 1;
  return matched === 0 ? 0 : Math.min(1, (published + gone) / matched);
}

export function progressWords(replay: Counts): string {
  const sent = `${count(replay.published)} of ${count(replay.matched)} sent on their way`;
  switch (replay.state) {
    case "running":
      return `${sent}.`;
    case "done":
      return `Done: ${sent}. How they fare is among the deliveries.`;
    case "cancelled":
      return `Cancelled, since the webhook is not active: ${sent}.`;
  }
}
