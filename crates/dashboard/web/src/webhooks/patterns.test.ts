import { describe, expect, it } from "vitest";
import { patternProblem, patternWords, reach, singleTypes, takenBy } from "./patterns";

const CATALOGUE = [
  { name: "order.paid", aliases: [] },
  { name: "order.item.added", aliases: [] },
  { name: "qr.scanned", aliases: ["scan.created"] },
];

describe("patternProblem", () => {
  it.each(["*", "a", "order.*", "order.item.*", "validation.on-course", "a_b.c-d.0", "x".repeat(128)])(
    "takes %s",
    (pattern) => expect(patternProblem(pattern)).toBeUndefined(),
  );

  it.each(["", "**", "*.paid", "order*", "order.*.paid", ".*", "a..b", ".a", "a.", "Order", "a b", "é"])(
    "refuses %j",
    (pattern) => expect(patternProblem(pattern)).toBeTypeOf("string"),
  );

  it("refuses what is too long", () => {
    expect(patternProblem("x".repeat(129))).toContain("128");
  });
});

describe("takenBy", () => {
  it("tells which pattern takes a type", () => {
    expect(takenBy(["qr.*", "order.*"], "order.paid", CATALOGUE)).toBe("order.*");
    expect(takenBy(["order.*"], "order.item.added", CATALOGUE)).toBe("order.*");
    expect(takenBy(["order"], "order.paid", CATALOGUE)).toBeUndefined();
  });

  it("knows a type by its aliases", () => {
    expect(takenBy(["scan.created"], "qr.scanned", CATALOGUE)).toBe("scan.created");
  });
});

describe("reach", () => {
  it("lists what each pattern takes of the catalogue", () => {
    expect(reach(["order.*", "qr.scanned", "*", "a*"], CATALOGUE)).toEqual([
      { pattern: "order.*", types: ["order.paid", "order.item.added"] },
      { pattern: "*", types: ["order.paid", "order.item.added", "qr.scanned"] },
    ]);
  });
});

it("says what a pattern leaves out", () => {
  expect(patternWords("order.*")).toContain("not order itself");
});

it("tells single types from patterns", () => {
  expect(singleTypes(["order.paid", "order.*", "*"])).toEqual(["order.paid"]);
});
