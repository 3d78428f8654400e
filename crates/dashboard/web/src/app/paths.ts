/** Where the views are: every link inside the application is made here. */

/** One of a tenant's views, such as `webhooks`. */
export function tenantPath(tenant: string, section = "overview"): string {
  return `/t/${encodeURIComponent(tenant)}/${section}`;
}

/** Where operators administer a tenant. */
export function administerPath(tenant: string): string {
  return `/tenants/${encodeURIComponent(tenant)}`;
}

export function webhooksPath(tenant: string): string {
  return tenantPath(tenant, "webhooks");
}

/** A webhook's view; `tab` is one of its tabs. */
export function webhookPath(tenant: string, webhook: string, tab?: string): string {
  const path = `${webhooksPath(tenant)}/${encodeURIComponent(webhook)}`;
  return tab === undefined ? path : `${path}?tab=${tab}`;
}

/** Where a webhook is added; one that gets events of this type. */
export function newWebhookPath(tenant: string, type?: string): string {
  const path = `${webhooksPath(tenant)}/new`;
  return type === undefined ? path : `${path}?${new URLSearchParams({ events: type }).toString()}`;
}

export function deliveryPath(tenant: string, delivery: string): string {
  return tenantPath(tenant, `deliveries/${encodeURIComponent(delivery)}`);
}

/** A tenant's events: all of them, or those that filters let through. */
export function eventsPath(tenant: string, filters: { type?: string; subject?: string } = {}): string {
  const query = new URLSearchParams(filters).toString();
  return tenantPath(tenant, "events") + (query && `?${query}`);
}

export function eventPath(tenant: string, event: string): string {
  return tenantPath(tenant, `events/${encodeURIComponent(event)}`);
}

export function eventTypesPath(tenant: string): string {
  return tenantPath(tenant, "event-types");
}

export function eventTypePath(tenant: string, type: string): string {
  return tenantPath(tenant, `event-types/${encodeURIComponent(type)}`);
}
