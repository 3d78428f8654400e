import { describe, expect, it } from "vitest";
import { runsOf, tally } from "./runs";
import { delivery } from "./testing/delivery";
import { fannedWords, journeyWords, storedWords, tallyWords } from "./words";

it("counts in words, what went well first", () => {
  const counts = tally([delivery("a", "failed"), delivery("b", "success"), delivery("c", "success")]);
  expect(tallyWords(counts)).toBe("2 delivered, 1 failed");
});

it("knows publishers whose clock is ahead", () => {
  const at = "2026-03-15T10:00:00.000Z";
  expect(storedWords(at, at)).toBe("at once");
  expect(storedWords(at, "2026-03-15T10:00:00.012Z")).toBe("12 ms later");
  expect(storedWords("2026-03-15T10:00:05.000Z", at)).toBe("5 s before the time that it states");
});

describe("the journey in words", () => {
  const event = { created: "2026-03-15T10:00:00.000Z", accepted: "2026-03-15T10:00:00.012Z" };

  it("tells what became of each delivery", () => {
    const replayed = delivery("c", "success", "rpl_1");
    const runs = runsOf([delivery("a", "success"), delivery("b", "retrying"), replayed]);
    expect(journeyWords(event, runs)).toBe(
      "Published, stored 12 ms later and fanned out to 2 webhooks: 1 delivered, 1 being retried." +
        " Sent again by replays once: 1 delivered.",
    );
  });

  it("says so when nobody wanted it", () => {
    expect(journeyWords(event, runsOf([]))).toBe("Published, stored 12 ms later; no webhook matched.");
    expect(fannedWords(0)).toBe("no webhook matched");
    expect(fannedWords(1_000)).toBe("to 1,000 webhooks");
  });
});
