import { createContext, use } from "react";
import { useParams } from "react-router";
import type { components } from "../api/schema";
import { tenantPath } from "../app/paths";

export type Session = components["schemas"]["Session"];

export const SessionContext = createContext<Session | null>(null);

/** Who is signed in. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (session === null) throw new Error("useSession belongs inside the routes that need a sign-in");
  return session;
}

export interface Access {
  /** May change things; otherwise nothing that changes something is offered. */
  manage: boolean;
  /** Sees all tenants, keys and the audit. */
  operator: boolean;
  /** Came by a portal link. */
  portal: boolean;
}

export function useAccess(): Access {
  return accessOf(useSession());
}

export function accessOf(session: Session): Access {
  return {
    manage: session.access === "manage",
    operator: session.role === "operator",
    portal: session.portal,
  };
}

/** The tenant that the route names. */
export function useTenant(): string {
  const { tenant } = useParams();
  if (tenant === undefined) throw new Error("this route names no tenant");
  return tenant;
}

/** Where someone begins. */
export function homeOf(session: Session): string {
  return session.role === "operator" ? "/overview" : tenantPath(session.tenant ?? "");
}
