import { expect, it } from "vitest";
import type { Profile } from "../types";
import { requestOf } from "./request";
import { emptyValues, newPair } from "./values";

const short = { ...emptyValues(), url: " https://example.com/hooks ", events: ["order.paid"] };

it("names nothing that is left to the profile", () => {
  expect(requestOf(short, undefined)).toEqual({ url: "https://example.com/hooks", events: ["order.paid"] });
});

it("names all that is set", () => {
  const values = {
    ...short,
    description: "Shop",
    profile: "standard",
    secret: "whsec_x",
    signing: "both" as const,
    retry: { own: true, delays: ["0s", "1m"], jitter: 0.1 },
    timeout: "10s",
    rate_limit: { per_second: 0.5, burst: "" as const },
    max_in_flight: 3,
    disable: {
      own: true,
      gone: false,
      failing_for: "",
      failures_in_a_row: "" as const,
      delivery_exhausted: false,
    },
    headers: [newPair("X-Shop", "1"), newPair()],
    metadata: [newPair("team", "shop")],
  };
  expect(requestOf(values, undefined)).toEqual({
    url: "https://example.com/hooks",
    events: ["order.paid"],
    description: "Shop",
    profile: "standard",
    secret: "whsec_x",
    signing: "both",
    retry: { delays: ["0s", "1m"], jitter: 0.1 },
    timeout: "10s",
    rate_limit: { per_second: 0.5 },
    max_in_flight: 3,
    disable: { gone: false, delivery_exhausted: false },
    headers: { "X-Shop": "1" },
    metadata: { team: "shop" },
  });
});

it("sends the parts of the chosen kind of credentials alone", () => {
  const auth = {
    ...emptyValues().auth,
    username: "left over",
    token_url: "https://id.example.com/token",
    client_id: "shop",
  };
  expect(
    requestOf({ ...short, auth: { ...auth, type: "oauth2_client_credentials" } }, undefined).auth,
  ).toEqual({
    type: "oauth2_client_credentials",
    token_url: "https://id.example.com/token",
    client_id: "shop",
    auth_method: "basic",
  });
});

it("leaves out what has no place under the profile", () => {
  const profile = {
    signature: { scheme: "standard", header: null, holds: "one", ed25519: false },
    secret: { key: "whsec", origin: "made", least_length: 1 },
  } as Profile;
  const values = { ...short, secret: "left over", signing: "both" as const };
  expect(requestOf(values, profile)).toEqual(requestOf(short, profile));
});
