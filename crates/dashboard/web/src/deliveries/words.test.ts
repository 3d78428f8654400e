import { describe, expect, it } from "vitest";
import type { Attempt, DeliveryInFull } from "./queries";
import { standing } from "./words";

function attempt(number: number, error: string | null, change: Partial<Attempt> = {}): Attempt {
  return {
    id: `att_${number}`,
    attempt: number,
    manual: false,
    late: false,
    started_at: "2026-03-15T10:00:00.000Z",
    response_time_ms: 12,
    status_code: error?.startsWith("answered") ? Number(error.slice(9)) : error ? null : 204,
    error,
    request_headers: {},
    response_headers: {},
    response_body: "",
    ...change,
  };
}

function delivery(change: Partial<DeliveryInFull>): DeliveryInFull {
  return {
    id: "whd_1",
    event_id: "evt_1",
    event_type: "order.paid",
    webhook_id: "wh_1",
    status: "pending",
    attempt: 0,
    created_at: "2026-03-15T10:00:00.000Z",
    attempts: [],
    ...change,
  };
}

const failedTimes = (count: number, error = "answered 500") =>
  Array.from({ length: count }, (_, index) => attempt(index + 1, error));

describe("standing", () => {
  it("counts what always went wrong in the same way", () => {
    const failed = delivery({
      status: "failed",
      error: "attempts used up",
      attempt: 10,
      attempts: failedTimes(10),
    });
    expect(standing(failed, 10).headline).toBe("Failed: the receiver answered 500 ten times");
  });

  it("tells the last of failures that differ", () => {
    const attempts = [...failedTimes(2), attempt(3, "timeout: no answer within 15000 ms")];
    const failed = delivery({ status: "failed", error: "attempts used up", attempt: 3, attempts });
    expect(standing(failed, 3).headline).toBe(
      "Failed: after 3 attempts; in the last one no answer came in time",
    );
  });

  it("does not count an attempt that decided nothing", () => {
    const attempts = [attempt(1, "answered 500"), attempt(1, "answered 502", { late: true })];
    const retrying = delivery({ status: "retrying", attempt: 1, attempts });
    expect(standing(retrying, 10).headline).toBe("Being retried: the receiver answered 500");
    expect(standing(retrying, 10).means).toBe("It is tried again by itself, up to nine times more.");
    expect(standing(retrying, undefined).means).toBe("It is tried again by itself.");
  });

  it("tells which attempt succeeded", () => {
    const done = delivery({ status: "success", attempt: 3, attempts: [...failedTimes(2), attempt(3, null)] });
    expect(standing(done, 10)).toEqual({
      headline: "Delivered in the third attempt",
      means: "The receiver answered 204, so it has taken the event.",
    });
  });

  it("does not take a later attempt for the one that succeeded", () => {
    const attempts = [attempt(1, null), attempt(1, "answered 500", { manual: true })];
    expect(standing(delivery({ status: "success", attempt: 1, attempts }), 10).headline).toBe(
      "Delivered in the first attempt",
    );
  });

  it("says when only one attempt is left", () => {
    const retrying = delivery({ status: "retrying", attempt: 9, attempts: failedTimes(9) });
    expect(standing(retrying, 10).means).toBe("It is tried once more by itself.");
  });

  it.each([
    ["410 gone", "410 Gone"],
    ["address not allowed", "not allowed"],
    ["webhook inactive", "not active"],
    ["expired", "Expired"],
    ["payload gone", "no longer kept"],
  ])("explains the reason %s", (error, words) => {
    const { headline, means, todo } = standing(
      delivery({ status: "failed", error, attempts: failedTimes(1) }),
      10,
    );
    expect(headline).toContain(words);
    expect(means).toBeTruthy();
    expect(todo).toBeTruthy();
  });

  it("has words for a webhook that is gone, and for what has not begun", () => {
    expect(standing(delivery({ status: "cancelled" }), undefined).headline).toContain("deleted");
    expect(standing(delivery({}), undefined).headline).toContain("Waiting");
    expect(standing(delivery({ status: "failed", error: "webhook inactive" }), 10).headline).toContain(
      "not active",
    );
  });
});
