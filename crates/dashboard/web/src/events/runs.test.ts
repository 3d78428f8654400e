import { describe, expect, it } from "vitest";
import { runsOf, standing, tally } from "./runs";
import { delivery } from "./testing/delivery";

const ids = (deliveries: { id: string }[]) => deliveries.map((one) => one.id);

describe("the runs of an event", () => {
  it("keep what replays added apart, and have failed deliveries first", () => {
    const runs = runsOf([
      delivery("a", "success"),
      delivery("b", "failed"),
      delivery("c", "success", "rpl_1"),
      delivery("d", "pending"),
      delivery("e", "retrying"),
      delivery("f", "cancelled"),
      delivery("g", "failed", "rpl_2"),
    ]);
    expect(ids(runs.first)).toEqual(["b", "e", "d", "f", "a"]);
    expect(ids(runs.replayed)).toEqual(["g", "c"]);
  });

  it("have the newer of two replays first", () => {
    const runs = runsOf([delivery("a", "success", "rpl_1"), delivery("b", "success", "rpl_2")]);
    expect(ids(runs.replayed)).toEqual(["b", "a"]);
  });

  it("leave the given list alone", () => {
    const given = [delivery("a", "success"), delivery("b", "failed")];
    runsOf(given);
    expect(ids(given)).toEqual(["a", "b"]);
  });
});

describe("how a run stands", () => {
  it("is told by its worst delivery", () => {
    expect(standing(tally([delivery("a", "success"), delivery("b", "failed")]))).toBe("failed");
    expect(standing(tally([delivery("a", "success"), delivery("b", "pending")]))).toBe("pending");
  });

  it("passes over deleted webhooks while there are others", () => {
    expect(standing(tally([delivery("a", "success"), delivery("b", "cancelled")]))).toBe("success");
    expect(standing(tally([delivery("a", "cancelled")]))).toBe("cancelled");
    expect(standing(tally([]))).toBe("none");
  });
});
