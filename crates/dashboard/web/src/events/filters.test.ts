import { describe, expect, it } from "vitest";
import { hasFilters, readFilters, writeFilters } from "./filters";

describe("filters in the query string", () => {
  it("come back as they were written", () => {
    const since = "2026-03-15T10:00:00.000Z";
    const filters = { type: "order.paid", subject: "a&b=c/ä", delivered: false, since };
    expect(readFilters(writeFilters(filters))).toEqual(filters);
  });

  it("leave out what is empty", () => {
    expect(writeFilters({ type: "  ", subject: "" }).toString()).toBe("");
    expect(readFilters(new URLSearchParams("type=&delivered=maybe"))).toEqual({});
  });

  it("tell whether there are any", () => {
    expect(hasFilters(readFilters(new URLSearchParams("cursor=abc")))).toBe(false);
    expect(hasFilters(readFilters(new URLSearchParams("delivered=false")))).toBe(true);
  });

  it("drop the cursor, which belongs to other filters", () => {
    expect(writeFilters(readFilters(new URLSearchParams("type=a&cursor=abc"))).has("cursor")).toBe(false);
  });
});
