import { describe, expect, it } from "vitest";
import type { Webhook } from "../types";
import { isEmpty, patchOf } from "./patch";
import { valuesOf } from "./shown";
import { type Values, newPair } from "./values";

const WEBHOOK: Webhook = {
  id: "wh_01JQ8Z0F4M3B7C9D2E5G6H8J0K",
  url: "https://example.com/hooks",
  events: ["order.paid", "order.*"],
  description: "Shop",
  is_active: true,
  profile: "standard",
  signing: "hmac",
  headers: { "X-Shop": "…" },
  auth: { type: "basic", username: "shop", password: "…" },
  timeout: "10s",
  retry: { delays: ["0s", "5s"], jitter: 0.2 },
  rate_limit: { per_second: 5, burst: 10 },
  disable: { gone: true, failing_for: "5d", delivery_exhausted: false },
  metadata: { team: "shop" },
  secret_hint: "whse…",
  created_at: "2026-03-15T10:00:00.000Z",
  updated_at: "2026-03-15T10:00:00.000Z",
  success_count: 0,
  failure_count: 0,
  health: { state: "healthy", consecutive_failures: 0 },
};

const before = valuesOf(WEBHOOK);
const patch = (change: Partial<Values>) => patchOf(before, { ...before, ...change });

it("is empty where nothing changed", () => {
  expect(patch({})).toEqual({});
  expect(isEmpty(patch({}))).toBe(true);
  expect(isEmpty(patch({ url: "https://example.com/other" }))).toBe(false);
});

it("names only what changed", () => {
  expect(patch({ url: " https://example.com/other " })).toEqual({ url: "https://example.com/other" });
  expect(patch({ events: ["*"] })).toEqual({ events: ["*"] });
  expect(patch({ signing: "both" })).toEqual({ signing: "both" });
});

it("takes back to the default with null", () => {
  expect(
    patch({
      description: "",
      timeout: "",
      rate_limit: { per_second: "", burst: "" },
      retry: { ...before.retry, own: false },
      disable: { ...before.disable, own: false },
      auth: { ...before.auth, type: "none" },
    }),
  ).toEqual({ description: null, timeout: null, rate_limit: null, retry: null, disable: null, auth: null });
});

it("replaces a schedule as a whole", () => {
  expect(patch({ retry: { own: true, delays: ["0s", "1m", "1h"], jitter: 0 } })).toEqual({
    retry: { delays: ["0s", "1m", "1h"], jitter: 0 },
  });
});

it("takes single conditions out of the rule", () => {
  const disable = { ...before.disable, failing_for: "", failures_in_a_row: 10 };
  expect(patch({ disable })).toEqual({
    disable: { gone: true, delivery_exhausted: false, failing_for: null, failures_in_a_row: 10 },
  });
});

it("takes a burst away and leaves the rate", () => {
  expect(patch({ rate_limit: { per_second: 5, burst: "" } })).toEqual({
    rate_limit: { per_second: 5, burst: null },
  });
});

describe("credentials", () => {
  it("keeps a hidden password", () => {
    expect(patch({ auth: { ...before.auth, username: "other" } })).toEqual({
      auth: { type: "basic", username: "other" },
    });
  });

  it("sends a new password", () => {
    expect(patch({ auth: { ...before.auth, password: "new" } })).toEqual({
      auth: { type: "basic", password: "new" },
    });
  });

  it("sends all parts of another kind and none of the kind before", () => {
    expect(patch({ auth: { ...before.auth, type: "bearer", token: "abc" } })).toEqual({
      auth: { type: "bearer", token: "abc" },
    });
  });
});

describe("headers and notes", () => {
  it("removes what is gone and adds what is new", () => {
    expect(patch({ headers: [newPair("X-New", "1")] })).toEqual({
      headers: { "X-Shop": null, "X-New": "1" },
    });
    expect(patch({ metadata: [] })).toEqual({ metadata: { team: null } });
  });

  it("leaves a hidden value alone until it is typed anew", () => {
    expect(patch({ headers: [...before.headers, newPair()] })).toEqual({});
    const typed = before.headers.map((pair) => ({ ...pair, value: "2" }));
    expect(patch({ headers: typed })).toEqual({ headers: { "X-Shop": "2" } });
  });

  it("asks to keep a hidden value under another name", () => {
    const renamed = before.headers.map((pair) => ({ ...pair, name: "x-shop" }));
    expect(patch({ headers: renamed })).toEqual({ headers: { "X-Shop": null, "x-shop": "…" } });
  });

  it("survives names that objects have by themselves", () => {
    const made = patch({ metadata: [...before.metadata, newPair("__proto__", "x")] });
    expect(JSON.stringify(made)).toBe('{"metadata":{"__proto__":"x"}}');
  });
});
