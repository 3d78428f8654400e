import { describe, expect, it } from "vitest";
import { memberText } from "./memberText";

describe("memberText", () => {
  const event = '{"id":"evt_1","data":{"data":12345678901234567890,"x":["}"]},"data_retained":true}';

  it("finds a member of the object itself", () => {
    expect(memberText(event, "data")).toBe('{"data":12345678901234567890,"x":["}"]}');
    expect(memberText(event, "data_retained")).toBe("true");
    expect(memberText(event, "id")).toBe('"evt_1"');
  });

  it("does not take a value or an inner member for one", () => {
    expect(memberText('{"a":"data","b":{"data":1}}', "data")).toBeUndefined();
    expect(memberText("[1]", "data")).toBeUndefined();
  });
});
