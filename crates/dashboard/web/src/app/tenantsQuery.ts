import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../api/client";
import type { components } from "../api/schema";

type Tenant = components["schemas"]["Tenant"];

const PAGE = 200;
/** Beyond so many, whoever is missing from the list is found by the view of all tenants. */
const MOST_PAGES = 10;

/** The tenants to choose from. */
export const everyTenantQuery = queryOptions({
  queryKey: ["config", null, "every-tenant"],
  queryFn: async ({ signal }): Promise<Tenant[]> => {
    const found: Tenant[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = cursor === undefined ? { limit: PAGE } : { limit: PAGE, cursor };
      const { data, next_cursor } = await answered(api.GET("/v1/tenants", { params: { query }, signal }));
      found.push(...data);
      if (!next_cursor) break;
      cursor = next_cursor;
    }
    return found;
  },
  staleTime: 60_000,
});
