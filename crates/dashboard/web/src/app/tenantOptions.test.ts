import { expect, it } from "vitest";
import { ALL_TENANTS, chosenPath, tenantOptions } from "./tenantOptions";

it("offers all tenants first, then each by name", () => {
  const options = tenantOptions(
    [{ id: "zeta", name: "Alpha Ltd" }, { id: "beta" }, { id: "same", name: "same" }],
    undefined,
  );
  expect(options.map(({ label }) => label)).toEqual(["All tenants", "Alpha Ltd (zeta)", "beta", "same"]);
});

it("offers the current tenant even if the list lacks it", () => {
  const options = tenantOptions([{ id: "acme" }], "fanfare");
  expect(options.map(({ value }) => value)).toEqual([ALL_TENANTS, "fanfare", "acme"]);
});

it.each([
  ["/t/acme/webhooks", "/t/globex/webhooks"],
  ["/t/acme/webhooks/wh_1", "/t/globex/webhooks"],
  ["/t/acme/event-types/order.paid", "/t/globex/event-types"],
  ["/t/acme/deliveries/whd_1", "/t/globex/overview"],
  ["/audit", "/t/globex/overview"],
])("goes from %s to %s", (pathname, expected) => {
  expect(chosenPath(pathname, "globex")).toBe(expected);
});

it("goes to everybody's overview", () => {
  expect(chosenPath("/t/acme/webhooks", ALL_TENANTS)).toBe("/overview");
});
