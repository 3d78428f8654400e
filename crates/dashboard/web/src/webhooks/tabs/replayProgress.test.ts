import { expect, it } from "vitest";
import { isOver, progressOf, progressWords } from "./replayProgress";

const running = { state: "running" as const, matched: 200, published: 40, gone: 10 };

it("counts what could not be sent as gone through", () => {
  expect(progressOf(running)).toBe(0.25);
  expect(progressOf({ ...running, published: 500 })).toBe(1);
  expect(progressOf({ ...running, matched: 0, published: 0, gone: 0 })).toBe(0);
});

it("is through when it is done, whatever was counted", () => {
  expect(progressOf({ ...running, state: "done" })).toBe(1);
  expect(isOver({ state: "done" })).toBe(true);
  expect(isOver(running)).toBe(false);
});

it("says how far it is", () => {
  expect(progressWords(running)).toBe("40 of 200 sent on their way.");
  expect(progressWords({ ...running, state: "cancelled" })).toContain("Cancelled");
});
