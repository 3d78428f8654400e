import { describe, expect, it } from "vitest";
import { lineOf, scheduleProblems, scheduleWords, steps } from "./schedule";

const STANDARD = ["0s", "5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"];

describe("steps", () => {
  it("adds delays up and spreads them by the jitter", () => {
    expect(steps(["0s", "10s", "20s"], 0.2)).toEqual([
      { delay: 0, at: 0, earliest: 0, latest: 0 },
      { delay: 10_000, at: 10_000, earliest: 8_000, latest: 12_000 },
      { delay: 20_000, at: 30_000, earliest: 24_000, latest: 36_000 },
    ]);
  });
});

describe("scheduleWords", () => {
  it("tells the standard schedule", () => {
    expect(scheduleWords(STANDARD, 0.2)).toBe(
      "10 attempts over 3 days 4 h: at once, after 5 s, after 5 min, after 30 min, after 2 h, after 5 " +
        "h, after 10 h, " +
        "after 14 h, after 20 h, after 1 day, each delay up to 20 % shorter or longer.",
    );
  });

  it("tells a single attempt", () => {
    expect(scheduleWords(["0s"], 0)).toBe("1 attempt: at once.");
  });

  it("tells a first attempt that waits", () => {
    expect(scheduleWords(["1m", "1h"], 0)).toBe(
      "2 attempts over 1 h 1 min: 1 min after the event, after 1 h.",
    );
  });
});

describe("scheduleProblems", () => {
  it("finds nothing wrong with the standard schedule", () => {
    expect(scheduleProblems(STANDARD, 0.2)).toEqual({});
  });

  it("names each delay that is wrong", () => {
    expect(Object.keys(scheduleProblems(["0s", "soon", "25h"], 0))).toEqual(["delays.1", "delays.2"]);
  });

  it("limits the number of attempts", () => {
    expect(scheduleProblems([], 0)).toHaveProperty("delays");
    expect(scheduleProblems(Array<string>(21).fill("1s"), 0)).toHaveProperty("delays");
    expect(scheduleProblems(Array<string>(20).fill("1s"), 0)).toEqual({});
  });

  it("limits the sum, jitter included", () => {
    const fourDays = ["24h", "24h", "24h", "24h"];
    expect(scheduleProblems(fourDays, 0)).toEqual({});
    expect(scheduleProblems(fourDays, 0.1)).toHaveProperty([""]);
  });

  it("refuses jitter outside 0 to 1", () => {
    expect(scheduleProblems(["0s"], 1.5)).toHaveProperty("jitter");
    expect(scheduleProblems(["0s"], NaN)).toHaveProperty("jitter");
  });
});

describe("lineOf", () => {
  it("keeps everything on the line, in order", () => {
    const { dots, ticks } = lineOf(STANDARD, 0.2);
    const places = dots.map((dot) => dot.at);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    for (const { from, at, to } of dots) {
      expect(from).toBeGreaterThanOrEqual(0);
      expect(at).toBeGreaterThanOrEqual(from);
      expect(to).toBeLessThanOrEqual(1);
    }
    expect(ticks.map((tick) => tick.label)).toContain("1 h");
  });
});
