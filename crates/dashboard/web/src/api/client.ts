import createClient, { type Client } from "openapi-fetch";
import { place } from "./place";
import { ProblemError, asProblem, problemFrom } from "./problem";
import type { paths } from "./schema";

export { ProblemError } from "./problem";

/** Sent with every request: says which session's cookie counts, and that the request is ours (CSRF). */
export const sessionHeader = { "Fanfare-Session": place } as const;

export const api: Client<paths> = createClient<paths>({
  baseUrl: "",
  credentials: "same-origin",
  headers: sessionHeader,
});

type Listener = () => void;
const listeners = new Set<Listener>();

/** Calls `listener` whenever an answer says that the session is over; gives back what ends that. */
export function onSessionEnded(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function announceSessionEnded(): void {
  for (const listener of listeners) listener();
}

api.use({
  onResponse({ response, schemaPath }) {
    // /v1/session answers 401 to ask for a sign-in; anywhere else it means that the session has ended.
    if (response.status === 401 && schemaPath !== "/v1/session") announceSessionEnded();
  },
});

/** The data of an answer, or a `ProblemError`. */
export async function answered<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  let answer: { data?: T; error?: unknown; response: Response };
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw asProblem(error);
  }
  const { response } = answer;
  if (!response.ok) throw problemFrom(response.status, response.statusText, answer.error);
  // An answer without a body (204) has `undefined`, which is then also what `T` says.
  return answer.data as T;
}

/** Names the tenant, for `params.header`; without one an operator asks about all tenants. */
export function inTenant(tenant: string | undefined): { "Fanfare-Tenant"?: string } {
  return tenant === undefined ? {} : { "Fanfare-Tenant": tenant };
}

/** Whether a failure may pass by itself, so that asking again makes sense. */
export function mayPass(error: Error): boolean {
  return !(error instanceof ProblemError) || error.status === 0 || error.status === 503;
}
