import { expect, it } from "vitest";
import { draftOf, idProblem, settingsOf } from "./tenantDraft";

it("saves a tenant as it was shown", () => {
  const settings = { name: "Acme Ltd", default_profile: "qr3", quota: { events_per_second: 100 } };
  const tenant = { id: "acme", created_at: "2026-03-15T10:00:00.000Z", ...settings };
  expect(settingsOf(draftOf(tenant))).toEqual(settings);
});

it("takes a quota and a name away where the fields are empty", () => {
  expect(settingsOf({ name: " ", default_profile: "standard", quota: "" })).toEqual({
    name: null,
    default_profile: "standard",
    quota: null,
  });
});

it("knows which ids the server takes", () => {
  for (const id of ["acme", "a", "0_-", "a".repeat(64)]) expect(idProblem(id), id).toBeUndefined();
  for (const id of ["", "Acme", "a b", "a/b", "ä", "a".repeat(65), "fanfare"]) {
    expect(idProblem(id), id).toBeTypeOf("string");
  }
});
