import { expect, it } from "vitest";
import type { Attempt } from "./queries";
import { entries } from "./timeline";

const attempt = (id: string, started_at: string, response_time_ms: number) =>
  ({ id, started_at, response_time_ms }) as Attempt;

it("waits from the end of the attempt before", () => {
  const found = entries("2026-03-15T10:00:00.000Z", [
    attempt("b", "2026-03-15T10:00:06.000Z", 100),
    attempt("a", "2026-03-15T10:00:00.040Z", 960),
  ]);
  expect(found.map((entry) => [entry.attempt.id, entry.waitedMs, entry.endedAt])).toEqual([
    ["a", 40, "2026-03-15T10:00:01.000Z"],
    ["b", 5_000, "2026-03-15T10:00:06.100Z"],
  ]);
});

it("does not wait where attempts overlap", () => {
  const found = entries("2026-03-15T10:00:00.000Z", [
    attempt("a", "2026-03-15T10:00:00.000Z", 5_000),
    attempt("b", "2026-03-15T10:00:01.000Z", 100),
    attempt("c", "2026-03-15T10:00:06.000Z", 100),
  ]);
  expect(found.map((entry) => entry.waitedMs)).toEqual([0, 0, 1_000]);
});
