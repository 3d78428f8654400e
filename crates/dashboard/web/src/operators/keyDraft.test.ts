import { expect, it } from "vitest";
import { keyOf } from "./keyDraft";

it("makes an operator's key only where that was chosen", () => {
  const draft = { owner: "tenant", tenant: " acme ", name: "  ", scope: "publish" } as const;
  expect(keyOf(draft)).toEqual({ tenant: "acme", scope: "publish" });
  expect(keyOf({ ...draft, tenant: "" })).toEqual({ tenant: "", scope: "publish" });
  expect(keyOf({ ...draft, owner: "operator", name: "ops" })).toEqual({ name: "ops", scope: "publish" });
});
