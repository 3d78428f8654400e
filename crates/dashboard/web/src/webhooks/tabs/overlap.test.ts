import { expect, it } from "vitest";
import { overlapWords } from "./overlap";

it("tells what an overlap means for a profile", () => {
  expect(overlapWords("several", false)).toContain("both secrets sign");
  expect(overlapWords("one", false)).toContain("holds one signature");
  expect(overlapWords("one", true)).toContain("only the new secret signs");
  expect(overlapWords(undefined, false)).toContain("new secret");
});
