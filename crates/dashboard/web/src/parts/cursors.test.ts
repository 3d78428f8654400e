import { expect, it } from "vitest";
import { linkTo, newerCursor, olderTrail } from "./cursors";

it("goes back through the pages that one came through", () => {
  const second = olderTrail(null, null);
  const third = olderTrail(second, "c2");
  expect(newerCursor(third)).toEqual({ cursor: "c2", state: second, known: true });
  expect(newerCursor(second)).toEqual({ cursor: null, state: { trail: [] }, known: true });
});

it("knows only the newest page for whoever came by a link", () => {
  expect(newerCursor(null)).toEqual({ cursor: null, state: { trail: [] }, known: false });
  expect(newerCursor({ trail: "no" }).known).toBe(false);
});

it("keeps the filters", () => {
  expect(linkTo("?status=failed", "c2").search).toBe("status=failed&cursor=c2");
  expect(linkTo("?status=failed&cursor=c2", null).search).toBe("status=failed");
});
