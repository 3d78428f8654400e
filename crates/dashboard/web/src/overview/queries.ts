import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answered, api, inTenant } from "../api/client";
import type { components } from "../api/schema";
import { isReserved } from "../app/reserved";
import { type Range, isRecent } from "./ranges";

export type Stats = components["schemas"]["Stats"];
export type Point = components["schemas"]["StatsPoint"];
export type FailingWebhook = components["schemas"]["FailingWebhook"];
export type BusyTenant = components["schemas"]["BusyTenant"];

/** Hourly steps change little in a minute: the long ranges are not asked for at every event. */
const LONG_RANGES_EVERY_MS = 60_000;

function follows(tenant: string | undefined, range: Range) {
  const recent = isRecent(range);
  return {
    key: [recent ? "live" : "slow", tenant ?? null],
    refetchInterval: recent ? (false as const) : LONG_RANGES_EVERY_MS,
  };
}

function windowOf(range: Range): { since: string } {
  return { since: new Date(Date.now() - range.ms).toISOString() };
}

export function statsQuery(tenant: string | undefined, range: Range) {
  const { key, refetchInterval } = follows(tenant, range);
  return queryOptions({
    queryKey: [...key, "stats", range.key],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/v1/stats", { params: { query: windowOf(range), header: inTenant(tenant) }, signal }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval,
  });
}

export function busyQuery(range: Range) {
  const { key, refetchInterval } = follows(undefined, range);
  return queryOptions({
    queryKey: [...key, "busy-tenants", range.key],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/v1/stats/tenants", { params: { query: { ...windowOf(range), limit: 10 } }, signal }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval,
  });
}

export function failingQuery(tenant: string | undefined) {
  return queryOptions({
    queryKey: ["live", tenant ?? null, "failing"],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/v1/stats/failing", { params: { query: { limit: 10 }, header: inTenant(tenant) }, signal }),
      ),
  });
}

/**
 * Whether there is a webhook of this tenant, or without one a tenant at all: what a new system lacks first.
 */
export function anythingQuery(tenant: string | undefined) {
  return queryOptions({
    queryKey: ["config", tenant ?? null, tenant === undefined ? "tenants" : "webhooks", "any"],
    queryFn: async ({ signal }): Promise<boolean> => {
      if (tenant === undefined) {
        // Two, since Fanfare's own tenant is always among them.
        const { data } = await answered(api.GET("/v1/tenants", { params: { query: { limit: 2 } }, signal }));
        return data.some(({ id }) => !isReserved(id));
      }
      const params = { query: { limit: 1 }, header: inTenant(tenant) };
      return (await answered(api.GET("/v1/webhooks", { params, signal }))).data.length > 0;
    },
  });
}
