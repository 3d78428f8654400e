import { queryOptions } from "@tanstack/react-query";
import { ProblemError, answered, api, inTenant } from "../api/client";
import type { components } from "../api/schema";

export type EventType = components["schemas"]["EventType"];
export type EventTypeDescription = components["schemas"]["EventTypeDescription"];

/** Begins the key of whatever shows a tenant's types: they are asked for again when one has changed. */
export const eventTypesKey = (tenant: string) => ["config", tenant, "event-types"];

export function eventTypesPageQuery(tenant: string, cursor: string | undefined) {
  return queryOptions({
    queryKey: [...eventTypesKey(tenant), "page", cursor ?? null],
    queryFn: ({ signal }) => {
      const params = { header: inTenant(tenant), query: { cursor } };
      return answered(api.GET("/v1/event-types", { params, signal }));
    },
    placeholderData: (before, query) => (query?.queryKey[1] === tenant ? before : undefined),
  });
}

/** One type, or `null` where it has not been described: it can be published all the same. */
export function eventTypeQuery(tenant: string, name: string) {
  return queryOptions({
    queryKey: [...eventTypesKey(tenant), "one", name],
    queryFn: async ({ signal }): Promise<EventType | null> => {
      try {
        const params = { header: inTenant(tenant), path: { name } };
        return await answered(api.GET("/v1/event-types/{name}", { params, signal }));
      } catch (error) {
        if (error instanceof ProblemError && error.status === 404) return null;
        throw error;
      }
    },
  });
}

export function putEventType(tenant: string, name: string, body: EventTypeDescription): Promise<EventType> {
  const params = { header: inTenant(tenant), path: { name } };
  return answered(api.PUT("/v1/event-types/{name}", { params, body }));
}

export function deleteEventType(tenant: string, name: string): Promise<unknown> {
  const params = { header: inTenant(tenant), path: { name } };
  return answered(api.DELETE("/v1/event-types/{name}", { params }));
}
