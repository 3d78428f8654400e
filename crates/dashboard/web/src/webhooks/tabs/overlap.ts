import type { Profile } from "../types";

/** For how long the old secret may go on signing. */
export const OVERLAPS = [
  { value: "0s", label: "Not at all: switch at once" },
  { value: "1h", label: "1 hour" },
  { value: "24h", label: "24 hours" },
  { value: "7d", label: "7 days" },
  { value: "30d", label: "30 days" },
];

/** What an overlap means for a receiver. */
export function overlapWords(holds: Profile["signature"]["holds"] | undefined, isNone: boolean): string {
  if (isNone) {
    return (
      "From now on only the new secret signs. Until your receiver knows it, it refuses what comes, " +
      "and deliveries are " +
      "retried."
    );
  }
  if (holds === "several") {
    return (
      "Until then both secrets sign every request, so a receiver that knows either one accepts it. " +
      "Give it the new one " +
      "before the time is over."
    );
  }
  if (holds === "one") {
    return (
      "A request under this profile holds one signature: the old secret makes it until then, and the " +
      "new one from then " +
      "on. Have your receiver accept both secrets before the time is over."
    );
  }
  return "Give your receiver the new secret before the time is over.";
}
