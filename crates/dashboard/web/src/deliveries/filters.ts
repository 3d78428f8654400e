import type { DeliveryStatus } from "./queries";

/** Which deliveries a list shows; an absent member does not filter. */
export interface DeliveryFilters {
  status?: DeliveryStatus;
  event_type?: string;
  since?: string;
  until?: string;
}

export const STATUSES: readonly DeliveryStatus[] = ["pending", "retrying", "success", "failed", "cancelled"];
const NAMES = ["status", "event_type", "since", "until"] as const;

function isStatus(text: string): text is DeliveryStatus {
  return STATUSES.some((status) => status === text);
}

/** Reads the filters out of a view's query string. What no filter can be is left out. */
export function readFilters(params: URLSearchParams): DeliveryFilters {
  const filters: DeliveryFilters = {};
  const status = params.get("status");
  if (status && isStatus(status)) filters.status = status;
  for (const name of ["event_type", "since", "until"] as const) {
    const value = params.get(name);
    if (value) filters[name] = value;
  }
  return filters;
}

/**
 * A view's query string with other filters. Other filters begin at the newest delivery, so the cursor goes.
 */
export function withFilters(params: URLSearchParams, filters: DeliveryFilters): URLSearchParams {
  const changed = new URLSearchParams(params);
  changed.delete("cursor");
  for (const name of NAMES) {
    const value = filters[name]?.trim();
    if (value) changed.set(name, value);
    else changed.delete(name);
  }
  return changed;
}

export function hasFilters(filters: DeliveryFilters): boolean {
  return Object.keys(filters).length > 0;
}
