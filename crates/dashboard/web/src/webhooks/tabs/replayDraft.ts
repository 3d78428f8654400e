import { fromLocalInput, toLocalInput } from "../../events/moment";
import { patternProblem } from "../patterns";
import type { NewReplay } from "../types";

/** A replay as its form holds it: times as inputs of the browser have them. */
export interface Draft {
  since: string;
  until: string;
  types: string[];
  only: NewReplay["only"];
  max_per_second: number | "";
}

const DAY = 86_400_000;

export function newDraft(now: number): Draft {
  const since = toLocalInput(new Date(now - DAY).toISOString());
  return { since, until: "", types: [], only: "failed", max_per_second: "" };
}

/** What the server is asked for. */
export function replayOf(draft: Draft, dry_run: boolean): NewReplay {
  const until = fromLocalInput(draft.until);
  return {
    since: fromLocalInput(draft.since) ?? "",
    only: draft.only,
    dry_run,
    ...(until === undefined ? {} : { until }),
    ...(draft.types.length > 0 ? { types: draft.types } : {}),
    ...(draft.max_per_second === "" ? {} : { max_per_second: draft.max_per_second }),
  };
}

/** What is wrong with a draft, by field. */
export function draftProblems(draft: Draft, now: number): Record<string, string> {
  const problems: Record<string, string> = {};
  const since = Date.parse(fromLocalInput(draft.since) ?? "");
  const until = Date.parse(fromLocalInput(draft.until) ?? "");
  if (Number.isNaN(since)) problems.since = "Say from when on.";
  else if (since >= now) problems.since = "Only past events can be sent again.";
  else if (since >= until) problems.until = "This must be later than the beginning.";
  const bad = draft.types.map(patternProblem).find((problem) => problem !== undefined);
  if (bad) problems.types = bad;
  return problems;
}

export const ONLY_WORDS: Record<NewReplay["only"], { label: string; description: string }> = {
  failed: {
    label: "Failed",
    description: "Events whose delivery to this webhook failed and never succeeded.",
  },
  missing: {
    label: "Missing",
    description: "Events that were never sent to it: from before it existed, or while it was not active.",
  },
  all: { label: "All", description: "Every event, those that it has already taken too." },
};

/** Remembers a replay in a view's query string, the newest first. */
export function withReplay(params: URLSearchParams, id: string): URLSearchParams {
  const changed = new URLSearchParams(params);
  const known = changed.getAll("replay").filter((other) => other !== id);
  changed.delete("replay");
  for (const one of [id, ...known]) changed.append("replay", one);
  return changed;
}
