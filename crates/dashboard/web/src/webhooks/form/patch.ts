import type { Auth, WebhookPatch } from "../types";
import { AUTH_PARTS, disableOf } from "./request";
import { HIDDEN } from "./shown";
import { type Pair, type Values, filled } from "./values";

/**
 * The merge patch (RFC 7396) that makes `after` of `before`: only what changed is named, and `null` takes
 * back to the default. Hidden values that nobody typed anew stay as they are.
 */
export function patchOf(before: Values, after: Values): WebhookPatch {
  const patch: WebhookPatch = {};
  if (after.url.trim() !== before.url) patch.url = after.url.trim();
  if (!same(before.events, after.events)) patch.events = after.events;
  if (after.description.trim() !== before.description) patch.description = after.description.trim() || null;
  if (after.signing !== before.signing) patch.signing = after.signing;
  if (after.timeout.trim() !== before.timeout) patch.timeout = after.timeout.trim() || null;
  if (after.max_in_flight !== before.max_in_flight) {
    patch.max_in_flight = after.max_in_flight === "" ? null : after.max_in_flight;
  }
  if (!same(before.rate_limit, after.rate_limit)) patch.rate_limit = ratePatch(after.rate_limit);
  if (!same(before.retry, after.retry)) {
    patch.retry = after.retry.own ? { delays: after.retry.delays, jitter: after.retry.jitter } : null;
  }
  if (!same(before.disable, after.disable)) patch.disable = disablePatch(after.disable);
  if (!same(before.auth, after.auth)) patch.auth = authPatch(before.auth, after.auth);
  const headers = pairsPatch(before.headers, after.headers);
  if (headers) patch.headers = headers;
  const metadata = pairsPatch(before.metadata, after.metadata);
  if (metadata) patch.metadata = metadata;
  return patch;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function ratePatch({ per_second, burst }: Values["rate_limit"]): WebhookPatch["rate_limit"] {
  return per_second === "" ? null : { per_second, burst: burst === "" ? null : burst };
}

function disablePatch(after: Values["disable"]): WebhookPatch["disable"] {
  if (!after.own) return null;
  return { failing_for: null, failures_in_a_row: null, ...disableOf(after) };
}

function authPatch(before: Values["auth"], after: Values["auth"]): WebhookPatch["auth"] {
  if (after.type === "none") return null;
  const isSameKind = before.type === after.type;
  // Credentials of another kind replace all of those before; of the same kind, what is empty now is taken
  // away.
  const parts = AUTH_PARTS[after.type]
    .filter((part) => (isSameKind ? after[part] !== before[part] : after[part] !== ""))
    .map((part) => [part, after[part] === "" ? null : after[part]]);
  return { type: after.type, ...(Object.fromEntries(parts) as Partial<Auth>) };
}

function pairsPatch(before: Pair[], after: Pair[]): Record<string, string | null> | undefined {
  const now = new Map(filled(after).map((pair) => [pair.name.trim(), textOf(pair)]));
  const then = new Map(filled(before).map((pair) => [pair.name.trim(), textOf(pair)]));
  const removed = [...then.keys()].filter((name) => !now.has(name)).map((name) => [name, null] as const);
  const changed = [...now].filter(([name, text]) => then.get(name) !== text);
  return removed.length + changed.length > 0 ? Object.fromEntries([...removed, ...changed]) : undefined;
}

/** A stored value that nobody typed anew is named by what stands for it. */
function textOf(pair: Pair): string {
  return pair.kept !== undefined && pair.value === "" ? HIDDEN : pair.value;
}

/** Whether anything changed. */
export function isEmpty(patch: WebhookPatch): boolean {
  return Object.keys(patch).length === 0;
}
