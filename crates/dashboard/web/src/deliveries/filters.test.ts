import { expect, it } from "vitest";
import { hasFilters, readFilters, withFilters } from "./filters";

it("reads what it wrote", () => {
  const filters = {
    status: "failed" as const,
    event_type: "order.paid",
    since: "2026-03-15T00:00:00.000Z",
    until: "2026-03-16T00:00:00.000Z",
  };
  expect(readFilters(withFilters(new URLSearchParams(), filters))).toEqual(filters);
});

it("begins at the newest delivery and keeps the tab", () => {
  const params = new URLSearchParams("tab=deliveries&cursor=abc&status=failed");
  expect(withFilters(params, { event_type: "a" }).toString()).toBe("tab=deliveries&event_type=a");
});

it("leaves out what no filter can be", () => {
  const filters = readFilters(new URLSearchParams("status=broken&event_type="));
  expect(filters).toEqual({});
  expect(hasFilters(filters)).toBe(false);
});
