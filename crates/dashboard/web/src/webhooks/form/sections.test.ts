import { expect, it } from "vitest";
import type { Profile } from "../types";
import { neededSections, sectionsOf, summaryOf } from "./sections";
import { emptyValues, newPair } from "./values";

const profile = {
  name: "standard",
  timeout: "15s",
  auth: "optional",
  secret: { key: "whsec", origin: "made_or_given", least_length: 1 },
  signature: { scheme: "standard", header: null, holds: "several", ed25519: true },
  retry: { delays: ["0s", "5s", "5m"], jitter: 0.2 },
} as Profile;

it("opens the sections of fields that are wrong, each once", () => {
  expect(sectionsOf(["url", "retry.delays.0", "retry", "headers.0.name"])).toEqual(["retry", "headers"]);
});

it("knows what a profile needs", () => {
  expect(neededSections(undefined)).toEqual([]);
  expect(neededSections(profile)).toEqual([]);
  const strict = {
    ...profile,
    auth: "oauth2_client_credentials",
    secret: { ...profile.secret, origin: "given" },
  } as const;
  expect(neededSections(strict)).toEqual(["signature", "auth"]);
});

it("sums up what is set", () => {
  const values = emptyValues();
  expect(summaryOf("retry", values, profile)).toBe("3 attempts over 5 min 5 s");
  expect(summaryOf("limits", values, profile)).toBe("answers within 15s");
  expect(summaryOf("limits", { ...values, timeout: "5s", max_in_flight: 2 }, profile)).toBe(
    "answers within 5s, 2 at once",
  );
  expect(summaryOf("headers", { ...values, headers: [newPair("X-A", "1"), newPair()] }, profile)).toBe(
    "1 header",
  );
  expect(summaryOf("signature", { ...values, signing: "both" }, profile)).toBe("standard, both");
  expect(summaryOf("signature", values, undefined)).toBe("default");
});
