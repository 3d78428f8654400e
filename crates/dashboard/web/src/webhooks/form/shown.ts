import type { Profile, Webhook } from "../types";
import { type Values, emptyValues, newPair } from "./values";

/** Stands in answers for a value that is stored and not shown. */
export const HIDDEN = "…";

const visible = (text: string | null | undefined) => (text == null || text === HIDDEN ? "" : text);

/** A webhook's settings as a form begins with them. Hidden values are left empty. */
export function valuesOf(webhook: Webhook): Values {
  const { auth, retry, disable } = webhook;
  const empty = emptyValues();
  return {
    ...empty,
    url: webhook.url,
    events: webhook.events,
    description: webhook.description ?? "",
    profile: webhook.profile ?? "",
    signing: webhook.signing ?? "hmac",
    retry: retry ? { own: true, delays: retry.delays, jitter: retry.jitter ?? 0 } : empty.retry,
    auth: auth
      ? {
          type: auth.type,
          username: auth.username ?? "",
          password: visible(auth.password),
          token: visible(auth.token),
          token_url: auth.token_url ?? "",
          client_id: auth.client_id ?? "",
          client_secret: visible(auth.client_secret),
          scope: auth.scope ?? "",
          audience: auth.audience ?? "",
          auth_method: auth.auth_method ?? "basic",
        }
      : empty.auth,
    headers: Object.entries(webhook.headers ?? {}).map(([name, value]) =>
      newPair(name, visible(value), name),
    ),
    timeout: webhook.timeout ?? "",
    rate_limit: { per_second: webhook.rate_limit?.per_second ?? "", burst: webhook.rate_limit?.burst ?? "" },
    max_in_flight: webhook.max_in_flight ?? "",
    disable: disable
      ? {
          own: true,
          gone: disable.gone ?? false,
          failing_for: disable.failing_for ?? "",
          failures_in_a_row: disable.failures_in_a_row ?? "",
          delivery_exhausted: disable.delivery_exhausted ?? false,
        }
      : empty.disable,
    metadata: Object.entries(webhook.metadata ?? {}).map(([name, value]) => newPair(name, value)),
  };
}

/** A profile's schedule, as what somebody begins with who departs from it. */
export function profileSchedule(profile: Profile | undefined): Values["retry"] {
  return {
    own: true,
    delays: profile?.retry.delays ?? ["0s", "1m", "1h"],
    jitter: profile?.retry.jitter ?? 0,
  };
}

/** A profile's rule for failing webhooks, likewise. */
export function profileRule(profile: Profile | undefined): Values["disable"] {
  return {
    own: true,
    gone: profile?.disable.gone ?? false,
    failing_for: profile?.disable.failing_for ?? "",
    failures_in_a_row: profile?.disable.failures_in_a_row ?? "",
    delivery_exhausted: profile?.disable.delivery_exhausted ?? false,
  };
}
