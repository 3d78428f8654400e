import { useQueries, useQuery } from "@tanstack/react-query";
import { ProblemError, answered, api, inTenant } from "../api/client";
import { webhooksQuery, type Webhook } from "./queries";

/** A webhook, `null` where it was deleted; nothing is known of those that are not in the map (yet). */
export type Found = Map<string, Webhook | null>;

/** The webhooks that are on the screen. Most are among the newest; the others are asked for one by one. */
export function useWebhooks(tenant: string, ids: string[]): Found {
  const newest = useQuery(webhooksQuery(tenant));
  const found: Found = new Map(newest.data?.map((webhook) => [webhook.id, webhook]));
  const missing = newest.isSuccess ? [...new Set(ids)].filter((id) => !found.has(id)) : [];
  const others = useQueries({ queries: missing.map((id) => oneQuery(tenant, id)) });
  missing.forEach((id, place) => {
    const webhook = others[place]?.data;
    if (webhook !== undefined) found.set(id, webhook);
  });
  return found;
}

function oneQuery(tenant: string, id: string) {
  return {
    queryKey: ["config", tenant, "webhooks", "found", id],
    queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Webhook | null> => {
      try {
        const params = { header: inTenant(tenant), path: { id } };
        return await answered(api.GET("/v1/webhooks/{id}", { params, signal }));
      } catch (error) {
        if (error instanceof ProblemError && error.status === 404) return null;
        throw error;
      }
    },
    staleTime: 60_000,
  };
}
