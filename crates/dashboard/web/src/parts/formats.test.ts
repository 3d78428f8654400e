import { describe, expect, it } from "vitest";
import { byteSize, count, duration, percent, relative, shortCount } from "./formats";

describe("a percentage", () => {
  it.each([
    [0, 0, "–"],
    [0, 10, "0 %"],
    [10, 10, "100 %"],
    [1, 3, "33.3 %"],
    [995, 1_000, "99.50 %"],
    [1, 200, "0.50 %"],
    [999_999, 1_000_000, "> 99.99 %"],
    [1, 1_000_000, "< 0.01 %"],
  ])("of %d in %d is %s", (part, whole, text) => {
    expect(percent(part, whole)).toBe(text);
  });
});

describe("a duration", () => {
  it.each([
    [0, "0 ms"],
    [0.4, "0.4 ms"],
    [12.4, "12 ms"],
    [999.6, "1 s"],
    [1_250, "1.25 s"],
    [59_900, "59.9 s"],
    [59_999, "1 min"],
    [60_000, "1 min"],
    [125_000, "2 min 5 s"],
    [3_599_600, "1 h"],
    [12_000_000, "3 h 20 min"],
    [86_399_000, "24 h"],
    [187_200_000, "2 d 4 h"],
    [-5, "0 ms"],
  ])("of %d ms is %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe("a moment", () => {
  const now = Date.UTC(2026, 0, 1);
  it.each([
    [0, "now"],
    [-1_000, "now"],
    [12_900, "12 s ago"],
    [-300_000, "in 5 min"],
    [7_200_000, "2 h ago"],
    [90_000_000, "1 d ago"],
  ])("%d ms ago is %s", (ago, text) => {
    expect(relative(now - ago, now)).toBe(text);
  });
});

it("numbers are grouped, or short", () => {
  expect(count(1234567)).toBe("1,234,567");
  expect(shortCount(12_345)).toBe("12.3K");
});

it("sizes are binary", () => {
  expect([byteSize(12), byteSize(65_536), byteSize(1_572_864)]).toEqual(["12 B", "64 KiB", "1.5 MiB"]);
});
