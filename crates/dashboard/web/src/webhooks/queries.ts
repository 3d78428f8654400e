import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answered, api, inTenant } from "../api/client";
import type { EventType } from "./types";

/** The most rows that a list gives at once. */
export const PAGE = 200;
/** Types of event that are offered to pick from; more than this no one picks from a list. */
const MOST_TYPES = 1_000;
/** Profiles and types change seldom, and forms that ask for them are opened often. */
const SELDOM = 60_000;

export function webhooksQuery(tenant: string, cursor: string | undefined) {
  return queryOptions({
    queryKey: ["live", tenant, "webhooks", cursor ?? null],
    queryFn: ({ signal }) => {
      const params = { header: inTenant(tenant), query: { limit: PAGE, cursor } };
      return answered(api.GET("/v1/webhooks", { params, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

export function webhookQuery(tenant: string, id: string) {
  return queryOptions({
    queryKey: ["live", tenant, "webhook", id],
    queryFn: ({ signal }) => {
      const params = { header: inTenant(tenant), path: { id } };
      return answered(api.GET("/v1/webhooks/{id}", { params, signal }));
    },
  });
}

export function profilesQuery() {
  return queryOptions({
    queryKey: ["config", null, "profiles"],
    queryFn: async ({ signal }) => (await answered(api.GET("/v1/profiles", { signal }))).data,
    staleTime: SELDOM,
  });
}

/** The catalogue, in alphabetical order. */
export function eventTypesQuery(tenant: string) {
  return queryOptions({
    queryKey: ["config", tenant, "event-types", "to-pick"],
    queryFn: async ({ signal }) => {
      const found: EventType[] = [];
      let cursor: string | null | undefined;
      do {
        const params = { header: inTenant(tenant), query: { limit: PAGE, cursor: cursor ?? undefined } };
        const page = await answered(api.GET("/v1/event-types", { params, signal }));
        found.push(...page.data);
        cursor = page.next_cursor;
      } while (cursor && found.length < MOST_TYPES);
      return found.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    staleTime: SELDOM,
  });
}

/** For operators: the name of the profile of webhooks that name none. Others have it in their session. */
export function defaultProfileQuery(tenant: string, isOperator: boolean) {
  return queryOptions({
    queryKey: ["config", tenant, "default-profile"],
    queryFn: async ({ signal }) => {
      const found = await answered(api.GET("/v1/tenants/{id}", { params: { path: { id: tenant } }, signal }));
      return found.default_profile;
    },
    enabled: isOperator,
    staleTime: SELDOM,
  });
}

export interface SampleInput {
  type: string;
  data?: unknown;
  headers?: Record<string, string>;
}

/** A request as a receiver would get it under a profile. */
export function sampleQuery(tenant: string, profile: string, input: SampleInput) {
  return queryOptions({
    queryKey: ["config", tenant, "sample", profile, input],
    queryFn: async ({ signal }) => {
      const params = { path: { name: profile } };
      const headers = inTenant(tenant);
      const sample = await answered(
        api.POST("/v1/profiles/{name}/sample", { params, headers, body: input, signal }),
      );
      // The client knows no tuples.
      return { ...sample, headers: sample.headers.map(([name = "", value = ""]) => [name, value] as const) };
    },
    enabled: profile !== "",
    // The sample before stays while another is rendered, so that nothing jumps.
    placeholderData: keepPreviousData,
    staleTime: SELDOM,
    retry: false,
  });
}

export function replayQuery(tenant: string, id: string) {
  return queryOptions({
    queryKey: ["live", tenant, "replay", id],
    queryFn: ({ signal }) => {
      const params = { header: inTenant(tenant), path: { id } };
      return answered(api.GET("/v1/replays/{id}", { params, signal }));
    },
    // What a replay sends is told at most once a second; its own progress is not always told.
    refetchInterval: (query) => (query.state.data?.state === "running" ? 1_000 : false),
  });
}
