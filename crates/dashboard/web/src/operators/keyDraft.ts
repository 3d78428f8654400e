import type { NewKey } from "./queries";

/** A key as it is being described. */
export interface KeyDraft {
  owner: "tenant" | "operator";
  tenant: string;
  name: string;
  scope: "all" | "publish";
}

/** What is sent for it. A key without a tenant is an operator's: it is left out only if that is meant. */
export function keyOf({ owner, tenant, name, scope }: KeyDraft): NewKey {
  return {
    scope,
    ...(owner === "tenant" && { tenant: tenant.trim() }),
    ...(name.trim() !== "" && { name: name.trim() }),
  };
}
