import { type ProblemError, fieldProblems } from "../api/problem";
import { jsonProblem } from "../parts/jsonProblem";
import type { EventType, EventTypeDescription } from "./queries";

/** A description as it is being edited: JSON is text until it is sent. */
export interface Draft {
  description: string;
  aliases: string[];
  deprecated: boolean;
  schema: string;
  example: string;
}

export const FIELDS = ["description", "aliases", "deprecated", "schema", "example"] as const;

export type DraftErrors = Partial<Record<keyof Draft, string>>;

export function draftOf(type: EventType | null): Draft {
  return {
    description: type?.description ?? "",
    aliases: type?.aliases ?? [],
    deprecated: type?.deprecated ?? false,
    schema: type?.schema == null ? "" : pretty(type.schema),
    // `null` is an example like any other; only what is left out is none.
    example: type?.example === undefined ? "" : pretty(type.example),
  };
}

export function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** What is sent for a draft, or what keeps it from being sent. */
export function readDraft(draft: Draft): { body: EventTypeDescription } | { errors: DraftErrors } {
  const errors: DraftErrors = {};
  const body: EventTypeDescription = {
    description: draft.description.trim(),
    aliases: draft.aliases,
    deprecated: draft.deprecated,
  };
  for (const field of ["schema", "example"] as const) {
    if (draft[field].trim() === "") continue;
    const problem = jsonProblem(draft[field]);
    if (problem === null) body[field] = JSON.parse(draft[field]) as unknown;
    else errors[field] = problem;
  }
  return Object.keys(errors).length > 0 ? { errors } : { body };
}

/** What the server found wrong, at the fields that show it. */
export function draftErrors(problem: ProblemError, aliases: string[]): DraftErrors {
  const errors: DraftErrors = {};
  for (const [path, detail] of Object.entries(fieldProblems(problem))) {
    const [field = "", place] = path.split(".");
    if (!isField(field)) continue;
    const told = place === undefined ? detail : `${aliases[Number(place)] ?? place}: ${detail}`;
    errors[field] = errors[field] === undefined ? told : `${errors[field]}; ${told}`;
  }
  return errors;
}

function isField(name: string): name is keyof Draft {
  return FIELDS.some((field) => field === name);
}
