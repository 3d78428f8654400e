import { expect, it } from "vitest";
import { randomSecret } from "./randomSecret";

it("has the form of the profile's keys", () => {
  expect(randomSecret("text")).toMatch(/^[0-9a-f]{64}$/);
  const [prefix, base64 = ""] = randomSecret("whsec").split("_");
  expect(prefix).toBe("whsec");
  expect(Buffer.from(base64, "base64")).toHaveLength(32);
});

it("is another one each time", () => {
  expect(randomSecret("text")).not.toBe(randomSecret("text"));
});
