import { expect, it } from "vitest";
import { indentJson } from "./indentJson";

it("indents as people write it", () => {
  const value = { a: [1, { b: null, c: [] }], d: {}, "e:,[": 'x "y" \\ {' };
  expect(indentJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
});

it("keeps numbers and escapes as they were sent", () => {
  expect(indentJson('{"n":12345678901234567890,"f":1.0,"s":"\\u0041\\/"}')).toBe(
    '{\n  "n": 12345678901234567890,\n  "f": 1.0,\n  "s": "\\u0041\\/"\n}',
  );
});

it.each(["", "<html>", "{", '{"a":1,}'])("leaves %j alone", (text) => {
  expect(indentJson(text)).toBeNull();
});
