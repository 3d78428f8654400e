import { queryOptions, useQuery } from "@tanstack/react-query";
import { answered, api, inTenant } from "../api/client";
import type { components } from "../api/schema";
import { eventTypesQuery } from "../webhooks/queries";
import type { Filters } from "./filters";

export type Event = components["schemas"]["Event"];
export type EventInFull = components["schemas"]["EventInFull"];
export type Delivery = components["schemas"]["Delivery"];
export type Webhook = components["schemas"]["Webhook"];
export type EventType = components["schemas"]["EventType"];

/** The most rows that one answer holds. */
const LARGEST_PAGE = 200;

export function eventsQuery(tenant: string, filters: Filters, cursor: string | undefined) {
  return queryOptions({
    queryKey: ["live", tenant, "events", filters, cursor ?? null],
    queryFn: ({ signal }) => {
      const params = { header: inTenant(tenant), query: { ...filters, cursor } };
      return answered(api.GET("/v1/events", { params, signal }));
    },
    // The rows of before stay while others of the same tenant are fetched, so that nothing jumps.
    placeholderData: (before, query) => (query?.queryKey[1] === tenant ? before : undefined),
  });
}

/** Live updates tell what happened; this is for when they are cut off. */
const WATCHED_EVERY = 5_000;

export function eventQuery(tenant: string, id: string) {
  return queryOptions({
    queryKey: ["live", tenant, "event", id],
    queryFn: ({ signal }) => {
      const params = { header: inTenant(tenant), path: { id } };
      return answered(api.GET("/v1/events/{id}", { params, signal }));
    },
    refetchInterval: ({ state: { data } }) => (data?.deliveries.some(isOpen) ? WATCHED_EVERY : false),
  });
}

function isOpen({ status }: Delivery): boolean {
  return status === "pending" || status === "retrying";
}

const NONE_YET: EventType[] = [];

/** The tenant's described types, as far as they are known yet. */
export function useCatalogue(tenant: string): EventType[] {
  return useQuery(eventTypesQuery(tenant)).data ?? NONE_YET;
}

/** The newest webhooks of a tenant, to name those that events went to: seldom asked for again. */
export function webhooksQuery(tenant: string) {
  return queryOptions({
    queryKey: ["config", tenant, "webhooks", "newest"],
    queryFn: async ({ signal }) => {
      const params = { header: inTenant(tenant), query: { limit: LARGEST_PAGE } };
      return (await answered(api.GET("/v1/webhooks", { params, signal }))).data;
    },
    staleTime: 30_000,
  });
}
