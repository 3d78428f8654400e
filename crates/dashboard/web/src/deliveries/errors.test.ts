import { describe, expect, it } from "vitest";
import { explain } from "./errors";

describe("explain", () => {
  it("has nothing to say of a success", () => {
    expect(explain(null)).toBeUndefined();
    expect(explain(undefined)).toBeUndefined();
  });

  // The texts are those that workers write.
  it.each([
    ["dns: shop.example: no records found", "did not resolve"],
    ["connect: Connection refused (os error 111)", "no connection"],
    ["tls: invalid peer certificate: Expired", "TLS"],
    ["timeout: no answer within 15000 ms", "in time"],
    ["address not allowed: shop.example resolves to 10.0.0.7", "not allowed"],
    ["http: connection closed before message completed", "broke"],
    ["credentials: token endpoint answered 401", "credentials"],
    ["answered 500", "answered 500"],
    ["answered 302", "answered 302"],
    ["answered 418", "answered 418"],
    ["answered 599", "answered 599"],
  ])("explains %s", (error, what) => {
    const explanation = explain(error);
    expect(explanation?.what).toContain(what);
    expect(explanation?.means).not.toBe("The attempt failed.");
    expect(explanation?.todo).toBeTruthy();
  });

  it("shows what it does not know as it is", () => {
    expect(explain("moon: too bright")?.what).toBe("moon: too bright");
  });

  it("tells redirects from other answers", () => {
    expect(explain("answered 301")?.means).toContain("never followed");
  });
});
