import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../api/client";
import { ProblemError } from "../api/problem";
import { queryClient } from "../api/queryClient";
import type { Session } from "./session";

let leaving = false;

/** The session, or `null` if nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async (): Promise<Session | null> => {
    try {
      return await answered(api.GET("/v1/session"));
    } catch (error) {
      if (error instanceof ProblemError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
});

/** Exchanges a key or a link for a session. What was cached for somebody else is forgotten. */
export async function signIn(proof: { key: string } | { link: string }): Promise<Session> {
  const session = await answered(api.POST("/v1/session", { body: proof }));
  leaving = false;
  queryClient.clear();
  queryClient.setQueryData(sessionQuery.queryKey, session);
  return session;
}

/** Whether the session ends since someone wants it to: then nobody has to come back to where they were. */
export function isLeaving(): boolean {
  return leaving;
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  leaving = true;
  try {
    await answered(api.DELETE("/v1/session"));
    forgetSession();
  } catch (error) {
    leaving = false;
    throw error;
  }
}

/** Forgets who was signed in and all that they saw. Views that need a session then lead to the sign-in. */
export function forgetSession(): void {
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
  queryClient.setQueryData(sessionQuery.queryKey, null);
}
