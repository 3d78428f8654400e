import { parseDuration } from "../duration";
import { patternProblem } from "../patterns";
import { scheduleProblems } from "../schedule";
import type { Pair, Values } from "./values";

/** What is wrong with a form before it is sent, by the path of the field. The server has the last word. */
export function problemsOf(values: Values): Record<string, string> {
  const problems: Record<string, string> = {};
  if (values.url.trim() === "")
    problems.url = "Write where events are to be posted, such as https://example.com/hooks.";
  if (values.events.length === 0) problems.events = "Pick at least one event, or * for all.";
  const bad = values.events.map(patternProblem).find((problem) => problem !== undefined);
  if (bad) problems.events = bad;
  if (values.retry.own) {
    for (const [place, problem] of Object.entries(
      scheduleProblems(values.retry.delays, values.retry.jitter),
    )) {
      problems[place === "" ? "retry" : `retry.${place}`] = problem;
    }
  }
  const timeout = values.timeout.trim() === "" ? undefined : (parseDuration(values.timeout) ?? NaN);
  if (timeout !== undefined && !(timeout >= 1_000 && timeout <= 30_000)) {
    problems.timeout = "Write 1s to 30s.";
  }
  if (values.rate_limit.burst !== "" && values.rate_limit.per_second === "") {
    problems["rate_limit.per_second"] = "A burst needs a rate.";
  }
  if (
    values.disable.own &&
    values.disable.failing_for.trim() !== "" &&
    parseDuration(values.disable.failing_for) === undefined
  ) {
    problems["disable.failing_for"] = "Write a number and a unit, such as 5d or 12h.";
  }
  Object.assign(problems, pairProblems("headers", values.headers), pairProblems("metadata", values.metadata));
  return problems;
}

function pairProblems(field: string, pairs: Pair[]): Record<string, string> {
  const problems: Record<string, string> = {};
  const seen = new Set<string>();
  pairs.forEach((pair, place) => {
    const name = field === "headers" ? pair.name.trim().toLowerCase() : pair.name.trim();
    if (name === "" && (pair.value !== "" || pair.kept !== undefined)) {
      problems[`${field}.${place}.name`] = "Write a name, or remove the row.";
    } else if (name !== "" && seen.has(name))
      problems[`${field}.${place}.name`] = "This name is there twice.";
    seen.add(name);
  });
  return problems;
}

/**
 * The server's field problems under the paths of the form's fields: lists that the form shows as one field
 * have one message, and members by name have their row's place.
 */
export function placed(problems: Record<string, string>, values: Values): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [path, detail] of Object.entries(problems)) {
    const place = placeOf(path, values);
    found[place] = found[place] ? `${found[place]} ${detail}` : detail;
  }
  return found;
}

function placeOf(path: string, values: Values): string {
  const event = /^events\.(\d+)$/.exec(path);
  if (event) return "events";
  for (const field of ["headers", "metadata"] as const) {
    if (!path.startsWith(`${field}.`)) continue;
    const name = path.slice(field.length + 1);
    const row = values[field].findIndex((pair) => pair.name.trim() === name);
    return row < 0 ? field : `${field}.${row}.name`;
  }
  return path === "auth" ? "auth.type" : path;
}
