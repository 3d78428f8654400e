import type { Delivery } from "./queries";

export type Status = Delivery["status"];
export type Tally = Record<Status, number>;

/** What needs somebody's eye comes first. */
export const BY_URGENCY: Status[] = ["failed", "retrying", "pending", "cancelled", "success"];

/** An event's deliveries: those that its publishing led to, and those that replays added later. */
export interface Runs {
  first: Delivery[];
  replayed: Delivery[];
}

/** Sorts deliveries into runs, each with the failed ones first. */
export function runsOf(deliveries: Delivery[]): Runs {
  const sorted = [...deliveries].sort(
    (a, b) =>
      BY_URGENCY.indexOf(a.status) - BY_URGENCY.indexOf(b.status) ||
      // Ids of replays begin with their time: of two with the same fate the newer one is first.
      compare(b.replay_id ?? "", a.replay_id ?? "") ||
      compare(a.id, b.id),
  );
  return { first: sorted.filter((one) => !one.replay_id), replayed: sorted.filter((one) => one.replay_id) };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function tally(deliveries: Delivery[]): Tally {
  const counts: Tally = { pending: 0, retrying: 0, success: 0, failed: 0, cancelled: 0 };
  for (const delivery of deliveries) counts[delivery.status] += 1;
  return counts;
}

/** How a run as a whole stands: as its worst delivery, but for those whose webhook was deleted. */
export function standing(counts: Tally): Status | "none" {
  const worst = BY_URGENCY.find((status) => status !== "cancelled" && counts[status] > 0);
  return worst ?? (counts.cancelled > 0 ? "cancelled" : "none");
}
