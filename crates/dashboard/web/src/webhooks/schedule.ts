import { durationWords, parseDuration } from "./duration";

/** What the server takes; see a webhook's `retry`. */
const MOST_ATTEMPTS = 20;
const LONGEST_DELAY = 24 * 3_600_000;
const LONGEST_TOTAL = 96 * 3_600_000;

/** When one attempt starts, in milliseconds after the event, if the attempts before take no time. */
export interface Step {
  delay: number;
  at: number;
  earliest: number;
  latest: number;
}

/** The attempts of a schedule. A delay that cannot be read counts as none. */
export function steps(delays: string[], jitter: number): Step[] {
  let at = 0;
  return delays.map((text) => {
    const delay = parseDuration(text) ?? 0;
    at += delay;
    return { delay, at, earliest: at * (1 - jitter), latest: at * (1 + jitter) };
  });
}

/** How many attempts, and over how long: "10 attempts over 3 days 4 h". */
export function spanWords(delays: string[]): string {
  const total = steps(delays, 0).at(-1)?.at ?? 0;
  const count = delays.length === 1 ? "1 attempt" : `${delays.length} attempts`;
  return total > 0 ? `${count} over ${durationWords(total)}` : count;
}

/** The schedule in a sentence: "10 attempts over 3 days 4 h: at once, after 5 s, …". */
export function scheduleWords(delays: string[], jitter: number): string {
  const each = steps(delays, jitter).map(({ delay }, place) => {
    if (delay === 0) return "at once";
    return place === 0 ? `${durationWords(delay)} after the event` : `after ${durationWords(delay)}`;
  });
  const varied = jitter > 0 ? `, each delay up to ${Math.round(jitter * 100)} % shorter or longer` : "";
  return `${spanWords(delays)}: ${each.join(", ")}${varied}.`;
}

/** What is wrong with a schedule, by place: `delays.3`, `delays`, `jitter`, or `` for it as a whole. */
export function scheduleProblems(delays: string[], jitter: number): Record<string, string> {
  const problems: Record<string, string> = {};
  if (delays.length === 0 || delays.length > MOST_ATTEMPTS) {
    problems.delays = `A schedule has 1 to ${MOST_ATTEMPTS} attempts, not ${delays.length}.`;
  }
  let total = 0;
  delays.forEach((text, place) => {
    const delay = parseDuration(text);
    if (delay === undefined) {
      problems[`delays.${place}`] = "Write a number and a unit, such as 5s, 30m or 2h.";
    } else if (delay > LONGEST_DELAY) {
      problems[`delays.${place}`] = "A delay may be 24h at most.";
    }
    total += delay ?? 0;
  });
  if (!(jitter >= 0 && jitter <= 1)) problems.jitter = "The variation must be between 0 and 100 %.";
  else if (total * (1 + jitter) > LONGEST_TOTAL) {
    problems[""] =
      `All delays with their variation may add up to 96 h, not ${durationWords(total * (1 + jitter))}.`;
  }
  return problems;
}

const TICKS: [ms: number, label: string][] = [
  [1_000, "1 s"],
  [10_000, "10 s"],
  [60_000, "1 min"],
  [600_000, "10 min"],
  [3_600_000, "1 h"],
  [6 * 3_600_000, "6 h"],
  [24 * 3_600_000, "1 day"],
  [96 * 3_600_000, "4 days"],
];

/** How close labels may be on the line, which is 1 long. */
const CLOSEST = 0.07;

/** Where things stand on a logarithmic line that shows seconds and days at once, in 0 to 1. */
export function lineOf(delays: string[], jitter: number) {
  const all = steps(delays, jitter);
  const end = Math.max(1_000, ...all.map((step) => step.latest));
  const place = (ms: number) => Math.log1p(ms / 1_000) / Math.log1p(end / 1_000);
  const ticks: { at: number; label: string }[] = [];
  for (const [ms, label] of TICKS) {
    const at = place(ms);
    // A label that would run into the one before is left out.
    if (ms <= end && at - (ticks.at(-1)?.at ?? 0) > CLOSEST) ticks.push({ at, label });
  }
  const dots = all.map((step) => ({
    at: place(step.at),
    from: place(step.earliest),
    to: place(step.latest),
  }));
  return { dots, ticks };
}
