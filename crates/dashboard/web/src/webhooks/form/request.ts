import type { Auth, NewWebhook, Profile } from "../types";
import { type AuthValues, type DisableValues, type Pair, type Values, filled } from "./values";

/**
 * What creates the webhook that a form describes. What is left as the profile has it is not named, nor what
 * was chosen under another profile and has no place in this one.
 */
export function requestOf(values: Values, profile: Profile | undefined): NewWebhook {
  const { rate_limit: rate } = values;
  const request: NewWebhook = { url: values.url.trim(), events: values.events };
  if (values.description.trim()) request.description = values.description.trim();
  if (values.profile) request.profile = values.profile;
  if (values.secret && profile?.secret.origin !== "made") request.secret = values.secret;
  if (values.signing !== "hmac" && profile?.signature.ed25519 !== false) request.signing = values.signing;
  if (values.retry.own) request.retry = { delays: values.retry.delays, jitter: values.retry.jitter };
  if (values.auth.type !== "none") request.auth = authOf(values.auth);
  if (values.timeout.trim()) request.timeout = values.timeout.trim();
  if (rate.per_second !== "") {
    request.rate_limit = { per_second: rate.per_second, ...(rate.burst === "" ? {} : { burst: rate.burst }) };
  }
  if (values.max_in_flight !== "") request.max_in_flight = values.max_in_flight;
  if (values.disable.own) request.disable = disableOf(values.disable);
  const headers = membersOf(values.headers);
  if (Object.keys(headers).length > 0) request.headers = headers;
  const metadata = membersOf(values.metadata);
  if (Object.keys(metadata).length > 0) request.metadata = metadata;
  return request;
}

export function membersOf(pairs: Pair[]): Record<string, string> {
  return Object.fromEntries(filled(pairs).map((pair) => [pair.name.trim(), pair.value]));
}

/** The parts of credentials that each kind has; the others have no place there. */
export const AUTH_PARTS = {
  basic: ["username", "password"],
  bearer: ["token"],
  oauth2_client_credentials: ["token_url", "client_id", "client_secret", "scope", "audience", "auth_method"],
} as const satisfies Record<Auth["type"], readonly (keyof AuthValues)[]>;

function authOf(values: AuthValues): Auth | undefined {
  if (values.type === "none") return undefined;
  const parts = AUTH_PARTS[values.type].map((part) => [part, values[part]] as const);
  // Parts that are left empty are not there: the server says which it needs.
  return { type: values.type, ...Object.fromEntries(parts.filter(([, text]) => text !== "")) };
}

export function disableOf(values: DisableValues) {
  return {
    gone: values.gone,
    delivery_exhausted: values.delivery_exhausted,
    ...(values.failing_for.trim() ? { failing_for: values.failing_for.trim() } : {}),
    ...(values.failures_in_a_row === "" ? {} : { failures_in_a_row: values.failures_in_a_row }),
  };
}
