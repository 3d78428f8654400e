import { duration } from "./formats";

/** How long something took; a dash where nobody knows. */
export function Duration({ ms }: { ms: number | null | undefined }) {
  return <>{ms === null || ms === undefined ? "–" : duration(ms)}</>;
}
