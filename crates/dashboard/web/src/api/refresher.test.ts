import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { refresher } from "./refresher";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("refreshes at once, and once more for all that came meanwhile", async () => {
  const refresh = vi.fn(() => Promise.resolve());
  const activity = refresher(refresh, 1_000);
  activity();
  activity();
  activity();
  expect(refresh).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(refresh).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(refresh).toHaveBeenCalledTimes(2);
});

it("waits for a slow refresh before the next", async () => {
  const refresh = vi.fn(() => new Promise((resolve) => setTimeout(resolve, 10_000)));
  const activity = refresher(refresh, 1_000);
  activity();
  await vi.advanceTimersByTimeAsync(500);
  activity();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(refresh).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(refresh).toHaveBeenCalledTimes(2);
});
