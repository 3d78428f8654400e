import { namesOf, takes } from "../events/matching";

const LONGEST = 128;

/** What is wrong with a subscription, or nothing. The rules are the server's. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern === "*") return undefined;
  const family = pattern.endsWith(".*") ? pattern.slice(0, -2) : pattern;
  if (family.includes("*")) return `A * stands alone or at the end, as in order.*; ${pattern} is neither.`;
  if (family === "") return "Write a type such as order.paid, or a pattern such as order.*";
  if (family.length > LONGEST) return `A type has at most ${LONGEST} characters.`;
  const other = /[^a-z0-9_.-]/u.exec(family)?.[0];
  if (other) return `Types consist of a-z, 0-9, _, - and dots; ${JSON.stringify(other)} cannot be in one.`;
  if (family.split(".").includes(""))
    return "A dot stands between two segments: none at an end, no two in a row.";
  return undefined;
}

/** What a subscription means, in words. */
export function patternWords(pattern: string): string {
  if (pattern === "*") return "Every event, of types that do not exist yet too.";
  if (!pattern.endsWith(".*")) return `Events of the type ${pattern}.`;
  const family = pattern.slice(0, -2);
  return `Every type with more segments after ${family}: ${family}.created, say, but not ${family} itself.`;
}

interface Named {
  name: string;
  aliases: string[];
}

/** The first of `patterns` that takes a type by one of its names. */
export function takenBy(patterns: string[], type: string, catalogue: Named[]): string | undefined {
  const names = namesOf(type, catalogue);
  return patterns.find((pattern) => names.some((name) => takes(pattern, name)));
}

/** How many described types each pattern takes; plain types are left out. */
export function reach(patterns: string[], catalogue: Named[]): { pattern: string; types: string[] }[] {
  return patterns
    .filter((pattern) => pattern.endsWith("*") && patternProblem(pattern) === undefined)
    .map((pattern) => {
      const types = catalogue
        .map((entry) => entry.name)
        .filter((name) => takenBy([pattern], name, catalogue));
      return { pattern, types };
    });
}

/** The single types among subscriptions. */
export function singleTypes(patterns: string[]): string[] {
  return patterns.filter((pattern) => !pattern.includes("*"));
}
