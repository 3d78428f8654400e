import { expect, it } from "vitest";
import { nameProblem } from "./name";

it("takes names that the server takes", () => {
  for (const name of ["order.paid", "a", "webhooks.x", "webhook", "my.webhook.ping"]) {
    expect(nameProblem(name), name).toBeUndefined();
  }
});

it("says what is wrong with others", () => {
  const wrong = [
    "",
    "*",
    "order.*",
    "webhook.ping",
    "fanfare.x",
    "Order",
    "a..b",
    ".a",
    "a b",
    "a".repeat(129),
  ];
  for (const name of wrong) {
    expect(nameProblem(name), name).toBeTypeOf("string");
  }
});
