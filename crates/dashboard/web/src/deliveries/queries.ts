import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ProblemError, answered, api, inTenant, mayPass } from "../api/client";
import type { components } from "../api/schema";
import type { DeliveryFilters } from "./filters";

export type Delivery = components["schemas"]["Delivery"];
export type DeliveryInFull = components["schemas"]["DeliveryInFull"];
export type Attempt = components["schemas"]["Attempt"];
export type DeliveryStatus = components["schemas"]["DeliveryStatus"];

/** The most rows that one answer holds. */
const PAGE = 200;
/** What is sent is shown within a second; it is asked for so many times, so far apart. */
const SHOWN_AFTER_TRIES = 10;
const BETWEEN_TRIES = 500;
/** Live updates tell what happened; this is for when they are cut off. */
const WATCHED_EVERY = 5_000;

export function hasEnded(status: DeliveryStatus): boolean {
  return status === "success" || status === "failed" || status === "cancelled";
}

export function deliveriesQuery(
  tenant: string,
  webhook: string,
  filters: DeliveryFilters,
  cursor: string | undefined,
) {
  return queryOptions({
    queryKey: ["live", tenant, "deliveries", webhook, filters, cursor ?? null],
    queryFn: ({ signal }) => {
      const query = { ...filters, limit: PAGE, cursor };
      const params = { header: inTenant(tenant), path: { id: webhook }, query };
      return answered(api.GET("/v1/webhooks/{id}/deliveries", { params, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

function delivery(tenant: string, id: string, signal: AbortSignal): Promise<DeliveryInFull> {
  const params = { header: inTenant(tenant), path: { id } };
  return answered(api.GET("/v1/deliveries/{id}", { params, signal }));
}

export function deliveryQuery(tenant: string, id: string) {
  return queryOptions({
    queryKey: ["live", tenant, "delivery", id],
    queryFn: ({ signal }) => delivery(tenant, id, signal),
    refetchInterval: (query) =>
      query.state.data && !hasEnded(query.state.data.status) ? WATCHED_EVERY : false,
  });
}

/**
 * A delivery that has only just been sent: it is asked for until it is there, and then until its first
 * attempt is over.
 */
export function sentDeliveryQuery(tenant: string, id: string) {
  return queryOptions({
    queryKey: ["live", tenant, "delivery", id],
    queryFn: ({ signal }) => delivery(tenant, id, signal),
    retry: (failures, error) => {
      const isNotYetShown = error instanceof ProblemError && error.status === 404;
      return isNotYetShown ? failures < SHOWN_AFTER_TRIES : failures < 2 && mayPass(error);
    },
    retryDelay: BETWEEN_TRIES,
    refetchInterval: (query) => {
      const found = query.state.data;
      if (!found || hasEnded(found.status)) return false;
      return found.attempts.length === 0 ? BETWEEN_TRIES : WATCHED_EVERY;
    },
  });
}

/** An event with its data, as text: numbers in it may be larger than JavaScript's. */
export function eventTextQuery(tenant: string, id: string) {
  return queryOptions({
    queryKey: ["config", tenant, "event-text", id],
    queryFn: ({ signal }) => {
      const params = { header: inTenant(tenant), path: { id } };
      return answered(api.GET("/v1/events/{id}", { params, signal, parseAs: "text" }));
    },
    staleTime: 60_000,
  });
}
