/**
 * What was wrong with one field; `pointer` is a JSON Pointer as a URI fragment, such as `#/retry/delays/0`.
 */
export interface FieldProblem {
  pointer: string;
  detail: string;
}

/** An answer that was not a success (RFC 9457), or no answer at all (`status` 0). */
export class ProblemError extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors: FieldProblem[];

  constructor(problem: { status: number; title: string; detail: string; errors?: FieldProblem[] }) {
    super(problem.detail);
    this.name = "ProblemError";
    this.status = problem.status;
    this.title = problem.title;
    this.detail = problem.detail;
    this.errors = problem.errors ?? [];
  }
}

/**
 * Reads a problem out of a body; a proxy's answer may be anything, so nothing about it is taken for granted.
 */
export function problemFrom(status: number, statusText: string, body: unknown): ProblemError {
  const members = isRecord(body) ? body : {};
  const title = textOr(members.title, statusText || `Status ${status}`);
  const detail = textOr(members.detail, `The server answered ${status}. Try again in a moment.`);
  return new ProblemError({ status, title, detail, errors: fieldProblemsFrom(members.errors) });
}

/** What to say when no answer came. */
export function unreachable(): ProblemError {
  return new ProblemError({
    status: 0,
    title: "Fanfare cannot be reached",
    detail: "No answer came. Check your connection, and that Fanfare is running; then try again.",
  });
}

/** Any failure as a problem, so that views need to know one kind only. */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  // fetch says so when it could not connect, in words that differ between browsers.
  if (error instanceof TypeError && /fetch|network|load failed/i.test(error.message)) return unreachable();
  const detail = error instanceof Error ? error.message : String(error);
  return new ProblemError({ status: -1, title: "Something went wrong in this page", detail });
}

/**
 * `#/retry/delays/0` → `retry.delays.0`: the path by which a form knows the field; the whole body is `""`.
 */
export function fieldPath(pointer: string): string {
  const steps = decoded(pointer.replace(/^#/, "")).split("/").slice(1);
  return steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~")).join(".");
}

/** What is wrong, by the path of the field: what a form takes as its errors. */
export function fieldProblems(error: ProblemError | null | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { pointer, detail } of error?.errors ?? []) {
    const path = fieldPath(pointer);
    if (path === "") continue;
    found[path] = found[path] ? `${found[path]}; ${detail}` : detail;
  }
  return found;
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" && value !== "" ? value : otherwise;
}

function fieldProblemsFrom(value: unknown): FieldProblem[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((entry) => ({
    pointer: textOr(entry.pointer, "#"),
    detail: textOr(entry.detail, "not as it should be"),
  }));
}
