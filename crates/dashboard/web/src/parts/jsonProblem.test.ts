import { expect, it } from "vitest";
import { jsonProblem } from "./jsonProblem";

it.each(['{"a": [1, -2.5e3, {"b": null}], "c": {}, "d": []}', '"text"', " true "])(
  "has nothing to say about %j",
  (text) => {
    expect(jsonProblem(text)).toBeNull();
  },
);

it.each([
  ['{\n  "a": x\n}', 2, 8],
  ['{\n"a": 1', 2, 7],
  ["", 1, 1],
  ['{"a": 1,}', 1, 9],
  ["[1 2]", 1, 4],
  ["[1, 02]", 1, 5],
  ['{"a" 1}', 1, 6],
  ["{'a': 1}", 1, 2],
  ['["a]', 1, 2],
  ["[1}", 1, 3],
  ["{} {}", 1, 4],
  ['{"a": {"b": [true, nul]}}', 1, 20],
])("says where %j stops being JSON", (text, line, column) => {
  expect(jsonProblem(text)).toBe(`This is not JSON: look at line ${line}, column ${column}.`);
});
