import { patternProblem } from "../webhooks/patterns";

const RESERVED = ["webhook.", "fanfare."];

/** What is wrong with the name of a type, or nothing. The rules are the server's. */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "Enter a name such as order.paid.";
  if (name.includes("*")) return "A type has no * in its name; only what webhooks subscribe to may have one.";
  const prefix = RESERVED.find((reserved) => name.startsWith(reserved));
  if (prefix) return `Names that begin with ${prefix} are Fanfare's own. Choose another.`;
  return patternProblem(name);
}
