import { expect, it } from "vitest";
import { testBody } from "./testBody";

it("sends data as it is written", () => {
  expect(testBody({ type: "order.paid", data: '{"id":12345678901234567890}' })).toBe(
    '{"type":"order.paid","data":{"id":12345678901234567890}}',
  );
});

it("leaves to the server what is not given", () => {
  expect(testBody({})).toBe("{}");
  expect(testBody({ type: 'a"b' })).toBe('{"type":"a\\"b"}');
});
