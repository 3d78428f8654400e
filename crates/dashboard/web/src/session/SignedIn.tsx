import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Navigate, Outlet, useLocation } from "react-router";
import { onSessionEnded } from "../api/client";
import { Blank } from "../app/Blank";
import { Failure } from "../parts/Failure";
import { forgetSession, isLeaving, sessionQuery } from "./queries";
import { signInPath } from "./returning";
import { SessionContext } from "./session";

/** Lets through who is signed in; everybody else signs in first and comes back to where they wanted to go. */
export function SignedIn() {
  const query = useQuery(sessionQuery);
  const location = useLocation();
  useEffect(() => onSessionEnded(forgetSession), []);

  if (query.data) {
    return (
      <SessionContext value={query.data}>
        <Outlet />
      </SessionContext>
    );
  }
  if (query.data === null) return <Navigate to={isLeaving() ? "/sign-in" : signInPath(location)} replace />;
  if (query.isError) {
    return (
      <Blank>
        <Failure error={query.error} retry={() => void query.refetch()} />
      </Blank>
    );
  }
  return <Blank busy />;
}
