import { isReserved } from "../app/reserved";
import type { Tenant, TenantSettings } from "./queries";

/** A tenant's settings as they are being edited. */
export interface TenantDraft {
  name: string;
  default_profile: string;
  /** Events a second; empty is no quota. */
  quota: number | "";
}

export function draftOf(tenant: Tenant | undefined): TenantDraft {
  return {
    name: tenant?.name ?? "",
    default_profile: tenant?.default_profile ?? "standard",
    quota: tenant?.quota?.events_per_second ?? "",
  };
}

/** All settings, since whatever is left out would go back to its default. */
export function settingsOf(draft: TenantDraft): TenantSettings {
  return {
    name: draft.name.trim() || null,
    default_profile: draft.default_profile,
    quota: draft.quota === "" ? null : { events_per_second: draft.quota },
  };
}

/** What is wrong with a tenant's id, or nothing. The rules are the server's. */
export function idProblem(id: string): string | undefined {
  if (id === "") return "Enter an id such as acme.";
  if (!/^[a-z0-9_-]+$/.test(id)) return "An id consists of a-z, 0-9, _ and -.";
  if (id.length > 64) return "An id has at most 64 characters.";
  if (isReserved(id)) return "This tenant is Fanfare's own. Choose another id.";
  return undefined;
}
