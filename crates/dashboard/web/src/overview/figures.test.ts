import { expect, it } from "vitest";
import type { Point } from "./queries";
import { extreme, newest, successRate, totalsOf } from "./figures";

function point(at: string, values: Partial<Point>): Point {
  return {
    at,
    deliveries: 0,
    delivered: 0,
    failed: 0,
    attempts: 0,
    failed_attempts: 0,
    p50_ms: null,
    p95_ms: null,
    p99_ms: null,
    waiting: 0,
    oldest_waiting_seconds: null,
    ...values,
  };
}

const POINTS = [
  point("10:00", { deliveries: 3, delivered: 2, failed: 1, attempts: 4, p95_ms: 120 }),
  point("10:01", { deliveries: 1, delivered: 1, attempts: 1, p95_ms: 80 }),
  point("10:02", {}),
];

it("adds up what happened", () => {
  expect(totalsOf(POINTS)).toEqual({ deliveries: 4, delivered: 3, failed: 1, attempts: 5 });
});

it("knows no success rate where nothing ended", () => {
  expect(POINTS.map(successRate)).toEqual([expect.closeTo(66.67, 1), 100, null]);
});

it("finds the newest known value, the greatest and the least", () => {
  expect(newest(POINTS, (one) => one.p95_ms)).toEqual({ value: 80, at: "10:01" });
  expect(extreme(POINTS, (one) => one.p95_ms)).toEqual({ value: 120, at: "10:00" });
  expect(extreme(POINTS, successRate, -1)?.at).toBe("10:00");
  expect(newest(POINTS, (one) => one.p50_ms)).toBeNull();
  expect(extreme([], (one) => one.p95_ms)).toBeNull();
});
