import { beforeAll, expect, it, vi } from "vitest";

let brandFrom: typeof import("./brand").brandFrom;

beforeAll(async () => {
  // The module reads the document when it is loaded.
  vi.stubGlobal("document", { getElementById: () => null });
  ({ brandFrom } = await import("./brand"));
});

it("reads the operator's brand", () => {
  const brand = { name: "Acme", logo: "/dashboard/logo", accent: "#c0ffee" };
  expect(brandFrom(JSON.stringify(brand))).toEqual(brand);
});

it.each([undefined, null, "", "__BRAND__", "null", "3", "[]", '{"name": " ", "accent": "red"}'])(
  "falls back to ours for %j",
  (text) => {
    expect(brandFrom(text)).toEqual({ name: "Fanfare", logo: null, accent: null });
  },
);
