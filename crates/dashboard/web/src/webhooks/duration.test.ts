import { describe, expect, it } from "vitest";
import { durationWords, parseDuration } from "./duration";

describe("parseDuration", () => {
  it.each([
    ["0s", 0],
    ["15s", 15_000],
    ["5m", 300_000],
    ["5 min", 300_000],
    ["1h 30m", 5_400_000],
    ["1h30m", 5_400_000],
    ["1day 2h", 93_600_000],
    ["500ms", 500],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "5", "s", "5 parsecs", "-5s", "1.5h", "5s later", "h1"])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it("tells months from minutes", () => {
    expect(parseDuration("1M")).toBeGreaterThan(parseDuration("1m") ?? Infinity);
  });
});

describe("durationWords", () => {
  it.each([
    [0, "0 s"],
    [40, "40 ms"],
    [5_000, "5 s"],
    [1_250, "1 s 250 ms"],
    [90_000, "1 min 30 s"],
    [86_400_000, "1 day"],
    [2 * 86_400_000, "2 days"],
    [272_105_000, "3 days 4 h"],
    [59_999_999, "16 h 40 min"],
    [86_399_000, "1 day"],
  ])("says %d as %s", (ms, words) => {
    expect(durationWords(ms)).toBe(words);
  });
});
