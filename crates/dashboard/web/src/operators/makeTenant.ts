import { ProblemError, answered, api } from "../api/client";
import { putTenant, type Tenant, type TenantSettings } from "./queries";

/** Makes a tenant. Putting one that is there already would change it, so that is looked at before. */
export async function makeTenant(id: string, settings: TenantSettings): Promise<Tenant> {
  if (await isThere(id)) {
    throw new ProblemError({
      status: 409,
      title: "Conflict",
      detail: "Nothing was made or changed.",
      errors: [{ pointer: "#/id", detail: `The tenant ${id} is there already. Choose another id.` }],
    });
  }
  return putTenant(id, settings);
}

async function isThere(id: string): Promise<boolean> {
  try {
    await answered(api.GET("/v1/tenants/{id}", { params: { path: { id } } }));
    return true;
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) return false;
    throw error;
  }
}
