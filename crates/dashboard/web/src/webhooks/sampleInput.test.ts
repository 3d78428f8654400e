import { expect, it } from "vitest";
import { emptyValues, newPair } from "./form/values";
import { exampleOf, sampleInput, sampleType } from "./sampleInput";
import type { EventType } from "./types";

const CATALOGUE = [
  {
    name: "order.paid",
    description: "",
    aliases: [],
    deprecated: false,
    created_at: "",
    example: { order: 1 },
  },
  { name: "qr.scanned", description: "", aliases: ["scan.created"], deprecated: false, created_at: "" },
] as EventType[];

it("shows the first type that is subscribed to by name", () => {
  expect(sampleType(["*", "a.b"], CATALOGUE)).toBe("a.b");
});

it("shows a described type that a pattern takes", () => {
  expect(sampleType(["qr.*"], CATALOGUE)).toBe("qr.scanned");
  expect(sampleType(["nothing.*"], [])).toBe("order.paid");
});

it("finds an example by an alias", () => {
  expect(exampleOf("order.paid", CATALOGUE)).toEqual({ order: 1 });
  expect(exampleOf("scan.created", CATALOGUE)).toBeUndefined();
});

it("leaves out what cannot be sent yet", () => {
  const values = {
    ...emptyValues(),
    events: ["order.paid"],
    headers: [newPair("X-A", "1"), newPair("X-B"), newPair("", "2")],
  };
  expect(sampleInput(values, CATALOGUE)).toEqual({
    type: "order.paid",
    data: { order: 1 },
    headers: { "X-A": "1" },
  });
  expect(sampleInput(emptyValues(), [])).toEqual({ type: "order.paid" });
});
