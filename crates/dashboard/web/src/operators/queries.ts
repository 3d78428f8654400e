import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answered, api } from "../api/client";
import type { components } from "../api/schema";
import { everyTenantQuery } from "../app/tenantsQuery";

export type Tenant = components["schemas"]["Tenant"];
export type TenantSettings = components["schemas"]["TenantSettings"];
export type ApiKey = components["schemas"]["ApiKey"];
export type NewKey = components["schemas"]["NewKey"];
export type AuditLine = components["schemas"]["AuditLine"];
export type NewPortalLink = components["schemas"]["NewPortalLink"];
export type PortalLink = components["schemas"]["PortalLink"];

/** Begin the keys of whatever shows tenants or API keys. */
export const tenantsKey = ["config", null, "tenants"];
export const apiKeysKey = ["config", null, "api-keys"];
/** What to ask for again when a tenant was made, changed or deleted: also those to choose from. */
export const changedTenantsKeys = [tenantsKey, everyTenantQuery.queryKey];

/** The most rows that one answer holds. */
const LARGEST_PAGE = 200;
/** So many pages of keys are looked through for a tenant's. */
const MOST_PAGES = 10;

export function tenantsQuery(cursor: string | undefined) {
  return queryOptions({
    queryKey: [...tenantsKey, "page", cursor ?? null],
    queryFn: ({ signal }) =>
      answered(api.GET("/v1/tenants", { params: { query: { limit: LARGEST_PAGE, cursor } }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function tenantQuery(id: string) {
  return queryOptions({
    queryKey: [...tenantsKey, "one", id],
    queryFn: ({ signal }) => answered(api.GET("/v1/tenants/{id}", { params: { path: { id } }, signal })),
  });
}

export function putTenant(id: string, body: TenantSettings): Promise<Tenant> {
  return answered(api.PUT("/v1/tenants/{id}", { params: { path: { id } }, body }));
}

export function deleteTenant(id: string): Promise<unknown> {
  return answered(api.DELETE("/v1/tenants/{id}", { params: { path: { id } } }));
}

export function apiKeysQuery(cursor: string | undefined) {
  return queryOptions({
    queryKey: [...apiKeysKey, "page", cursor ?? null],
    queryFn: ({ signal }) => answered(api.GET("/v1/api-keys", { params: { query: { cursor } }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** A tenant's keys. Keys are listed for all tenants together, so pages are gone through, newest first. */
export function tenantKeysQuery(tenant: string) {
  return queryOptions({
    queryKey: [...apiKeysKey, "of", tenant],
    queryFn: async ({ signal }) => {
      const keys: ApiKey[] = [];
      let cursor: string | undefined;
      for (let pages = 0; pages < MOST_PAGES; pages += 1) {
        const params = { query: { limit: LARGEST_PAGE, cursor } };
        const page = await answered(api.GET("/v1/api-keys", { params, signal }));
        keys.push(...page.data.filter((key) => key.tenant === tenant));
        if (!page.next_cursor) return { keys, all: true };
        cursor = page.next_cursor;
      }
      return { keys, all: false };
    },
  });
}

export function makeKey(body: NewKey) {
  return answered(api.POST("/v1/api-keys", { body }));
}

export function deleteKey(id: string): Promise<unknown> {
  return answered(api.DELETE("/v1/api-keys/{id}", { params: { path: { id } } }));
}

export function auditQuery(cursor: string | undefined) {
  return queryOptions({
    queryKey: ["config", null, "audit", cursor ?? null],
    queryFn: ({ signal }) => answered(api.GET("/v1/audit", { params: { query: { cursor } }, signal })),
    placeholderData: keepPreviousData,
    // What was just changed is looked for here.
    staleTime: 0,
  });
}

export function makePortalLink(tenant: string, body: NewPortalLink) {
  return answered(api.POST("/v1/tenants/{id}/portal-links", { params: { path: { id: tenant } }, body }));
}

export function endPortalSessions(tenant: string): Promise<unknown> {
  return answered(api.DELETE("/v1/tenants/{id}/portal-links", { params: { path: { id: tenant } } }));
}
