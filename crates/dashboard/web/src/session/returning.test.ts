import { expect, it } from "vitest";
import { pathAfterSignIn, signInPath } from "./returning";

it("leads back to where one was, with its query", () => {
  const path = signInPath({ pathname: "/t/acme/webhooks/wh_1", search: "?tab=deliveries&status=failed" });
  expect(pathAfterSignIn(path.slice(path.indexOf("?")))).toBe(
    "/t/acme/webhooks/wh_1?tab=deliveries&status=failed",
  );
});

it("needs no query for the start", () => {
  expect(signInPath({ pathname: "/", search: "" })).toBe("/sign-in");
  expect(pathAfterSignIn("")).toBe("/");
});

it.each([
  "https://elsewhere.example",
  "//elsewhere.example",
  "/\\elsewhere.example",
  "javascript:alert(1)",
  "/sign-in",
])("never leads to %s", (to) => {
  expect(pathAfterSignIn(`?${new URLSearchParams({ to })}`)).toBe("/");
});
