import { expect, it } from "vitest";
import { tokenIn } from "./link";

it("finds the token of a one-time link", () => {
  expect(tokenIn("#link=abc-DEF_123")).toBe("abc-DEF_123");
});

it.each(["", "#", "#link=", "#section", "#blink=x"])("finds none in %j", (hash) => {
  expect(tokenIn(hash)).toBeNull();
});
