import { expect, it } from "vitest";
import { namesOf, takes } from "./matching";

it("takes what the pattern names, and nothing that merely begins alike", () => {
  expect(takes("*", "order.paid")).toBe(true);
  expect(takes("order.paid", "order.paid")).toBe(true);
  expect(takes("order.*", "order.paid")).toBe(true);
  expect(takes("order.*", "order.item.added")).toBe(true);
  expect(takes("order.*", "order")).toBe(false);
  expect(takes("order.*", "orders.paid")).toBe(false);
  expect(takes("order", "order.paid")).toBe(false);
});

it("knows a type by its aliases, both ways", () => {
  const catalogue = [
    { name: "order.paid", aliases: ["payment.done", "paid"] },
    { name: "order.sent", aliases: [] },
  ];
  expect(namesOf("paid", catalogue).sort()).toEqual(["order.paid", "paid", "payment.done"]);
  expect(namesOf("order.paid", catalogue).sort()).toEqual(["order.paid", "paid", "payment.done"]);
  expect(namesOf("order.sent", catalogue)).toEqual(["order.sent"]);
  expect(namesOf("unknown", catalogue)).toEqual(["unknown"]);
});
