import { answered, api, inTenant } from "../api/client";
import { useAction } from "../parts/useAction";

/** Tries a delivery once more, now. */
export function useRetry(tenant: string) {
  return useAction(
    (id: string) =>
      answered(api.POST("/v1/deliveries/{id}/retry", { params: { header: inTenant(tenant), path: { id } } })),
    { done: "It is tried once more; the attempt is shown when it is over.", refresh: [["live", tenant]] },
  );
}
