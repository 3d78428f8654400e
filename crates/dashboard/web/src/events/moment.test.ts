import { expect, it } from "vitest";
import { fromLocalInput, toLocalInput } from "./moment";

it("keeps a time through the input, in whichever zone", () => {
  for (const time of ["2026-01-15T10:30:00.000Z", "2026-07-15T22:05:00.000Z"]) {
    expect(fromLocalInput(toLocalInput(time))).toBe(time);
  }
});

it("shows nothing for what is no time", () => {
  expect(toLocalInput(undefined)).toBe("");
  expect(toLocalInput("yesterday")).toBe("");
  expect(fromLocalInput("")).toBeUndefined();
});
