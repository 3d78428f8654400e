/** Which events a list shows; an absent member does not filter. */
export interface Filters {
  type?: string;
  subject?: string;
  delivered?: boolean;
  since?: string;
  until?: string;
}

const TEXTS = ["type", "subject", "since", "until"] as const;

/** Reads the filters out of a view's query string. */
export function readFilters(params: URLSearchParams): Filters {
  const filters: Filters = {};
  for (const name of TEXTS) {
    const value = params.get(name);
    if (value) filters[name] = value;
  }
  const delivered = params.get("delivered");
  if (delivered === "true" || delivered === "false") filters.delivered = delivered === "true";
  return filters;
}

/** The query string of a view with these filters. Others begin at the newest event, so the cursor goes. */
export function writeFilters(filters: Filters): URLSearchParams {
  const params = new URLSearchParams();
  for (const name of TEXTS) {
    const value = filters[name]?.trim();
    if (value) params.set(name, value);
  }
  if (filters.delivered !== undefined) params.set("delivered", String(filters.delivered));
  return params;
}

export function hasFilters(filters: Filters): boolean {
  return Object.keys(filters).length > 0;
}
