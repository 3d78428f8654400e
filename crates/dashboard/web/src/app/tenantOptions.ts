import { tenantPath } from "./paths";

export interface TenantOption {
  value: string;
  label: string;
}

/** No tenant has this id: ids are words. */
export const ALL_TENANTS = "*";

const SECTIONS = ["overview", "webhooks", "events", "event-types"];

/**
 * What can be chosen: all tenants together, and each by its name; the current one even if the list lacks it.
 */
export function tenantOptions(
  tenants: readonly { id: string; name?: string | null }[],
  current: string | undefined,
): TenantOption[] {
  const options = tenants.map(({ id, name }) => ({
    value: id,
    label: name && name !== id ? `${name} (${id})` : id,
  }));
  options.sort((one, other) => one.label.localeCompare(other.label, "en"));
  if (current !== undefined && !tenants.some(({ id }) => id === current)) {
    options.unshift({ value: current, label: current });
  }
  return [{ value: ALL_TENANTS, label: "All tenants" }, ...options];
}

/** Where a choice leads: to the section that is open now, since its rows belong to somebody else. */
export function chosenPath(pathname: string, chosen: string): string {
  if (chosen === ALL_TENANTS) return "/overview";
  const section = /^\/t\/[^/]+\/([^/]+)/.exec(pathname)?.[1] ?? "overview";
  return tenantPath(chosen, SECTIONS.includes(section) ? section : "overview");
}
