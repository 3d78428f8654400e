import { describe, expect, it } from "vitest";
import { asProblem, fieldPath, fieldProblems, problemFrom } from "./problem";

it.each([
  ["#/url", "url"],
  ["/retry/delays/0", "retry.delays.0"],
  ["#/headers/X-A~1B~0C", "headers.X-A/B~C"],
  ["#/metadata/a%20b", "metadata.a b"],
  ["#/metadata/100%", "metadata.100%"],
  ["#", ""],
  ["", ""],
])("the pointer %j is the field %j", (pointer, path) => {
  expect(fieldPath(pointer)).toBe(path);
});

it("gathers what is wrong by field", () => {
  const error = problemFrom(400, "Bad Request", {
    title: "Bad Request",
    detail: "3 fields are not as they should be",
    errors: [
      { pointer: "#/url", detail: "too long" },
      { pointer: "#/url", detail: "not https" },
      { pointer: "#", detail: "unknown field" },
    ],
  });
  expect(fieldProblems(error)).toEqual({ url: "too long; not https" });
  expect(fieldProblems(null)).toEqual({});
});

describe("an answer that is no problem document", () => {
  it.each([undefined, null, "<html>Bad gateway</html>", [], { errors: "no" }])(
    "still says something for %j",
    (body) => {
      const problem = problemFrom(502, "Bad Gateway", body);
      expect(problem).toMatchObject({ status: 502, title: "Bad Gateway", errors: [] });
      expect(problem.detail).toContain("502");
    },
  );
});

it("tells a lost connection from an error of our own", () => {
  expect(asProblem(new TypeError("Failed to fetch")).status).toBe(0);
  expect(asProblem(new TypeError("x is not a function")).status).toBe(-1);
});
