import { type UseFormReturnType, useForm } from "@mantine/form";
import type { ProblemError } from "../../api/client";
import { fieldProblems } from "../../api/problem";
import { placed, problemsOf } from "./problems";
import type { Values } from "./values";

export type SettingsForm = UseFormReturnType<Values>;

export function useSettingsForm(initialValues: Values): SettingsForm {
  return useForm<Values>({ mode: "controlled", initialValues, validate: problemsOf });
}

/** The fields that show their problems themselves. */
const SHOWN_FIELDS = [
  "url",
  "events",
  "description",
  "profile",
  "secret",
  "signing",
  "retry",
  "auth",
  "headers",
  "timeout",
  "rate_limit",
  "max_in_flight",
  "disable",
  "metadata",
] satisfies (keyof Values)[] as string[];

/** An error, unless its fields tell all of it. */
export function beyondFields(error: ProblemError | null): ProblemError | null {
  const paths = Object.keys(fieldProblems(error));
  const isTold = paths.length > 0 && paths.every((path) => SHOWN_FIELDS.includes(path.split(".")[0] ?? ""));
  return isTold ? null : error;
}

/** Puts what the server found wrong at its fields; gives their paths. */
export function showProblems(form: SettingsForm, error: ProblemError): string[] {
  const problems = placed(fieldProblems(error), form.getValues());
  form.setErrors(problems);
  return Object.keys(problems);
}

/** Folded sections need this long until what is in them can take the focus. */
const UNFOLDED_AFTER = 100;

/** Moves the focus to the first of the fields that are wrong. */
export function focusFirst(form: SettingsForm, paths: string[]): void {
  setTimeout(() => {
    const nodes = paths.map((path) => form.getInputNode(path)).filter((node) => node !== null);
    nodes.sort((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
    nodes[0]?.focus();
  }, UNFOLDED_AFTER);
}
