import { describe, expect, it } from "vitest";
import { draftProblems, newDraft, replayOf, withReplay } from "./replayDraft";

const NOW = Date.parse("2026-03-15T10:00:00.000Z");

describe("a draft", () => {
  it("begins with the last day's failures", () => {
    const draft = newDraft(NOW);
    expect(replayOf(draft, true)).toEqual({
      since: "2026-03-14T10:00:00.000Z",
      only: "failed",
      dry_run: true,
    });
    expect(draftProblems(draft, NOW)).toEqual({});
  });

  it("names what is set", () => {
    const draft = {
      ...newDraft(NOW),
      until: newDraft(NOW + 3_600_000).since,
      types: ["order.*"],
      max_per_second: 5,
    };
    expect(replayOf(draft, false)).toEqual({
      since: "2026-03-14T10:00:00.000Z",
      until: "2026-03-14T11:00:00.000Z",
      only: "failed",
      types: ["order.*"],
      max_per_second: 5,
      dry_run: false,
    });
  });

  it("must begin in the past and before its end", () => {
    expect(draftProblems({ ...newDraft(NOW), since: "" }, NOW)).toHaveProperty("since");
    expect(draftProblems({ ...newDraft(NOW + 2 * 86_400_000) }, NOW)).toHaveProperty("since");
    expect(draftProblems({ ...newDraft(NOW), until: newDraft(NOW).since }, NOW)).toHaveProperty("until");
    expect(draftProblems({ ...newDraft(NOW), types: ["a*"] }, NOW)).toHaveProperty("types");
  });
});

it("remembers replays, the newest first and each once", () => {
  const once = withReplay(new URLSearchParams("tab=replay"), "rpl_1");
  const twice = withReplay(once, "rpl_2");
  expect(twice.getAll("replay")).toEqual(["rpl_2", "rpl_1"]);
  expect(withReplay(twice, "rpl_1").getAll("replay")).toEqual(["rpl_1", "rpl_2"]);
  expect(twice.get("tab")).toBe("replay");
});
