import { describe, expect, it } from "vitest";
import { segments, visibleText } from "./visible";

describe("what is shown", () => {
  it("is ordinary text as it is, in any script, with emoji", () => {
    const text = '{\n\t"name": "Ünïcödé שלום مرحبا 👩‍🚀 <script>alert(1)</script>"\n}';
    expect(segments(text)).toEqual([{ text }]);
  });

  it("is the code of what turns the direction", () => {
    expect(segments("a\u202Eb")).toEqual([
      { text: "a" },
      { code: "U+202E", name: "right-to-left override" },
      { text: "b" },
    ]);
  });

  it.each(["\u0000", "\u001B", "\u009B", "\u200B", "\u2066", "\u2069", "\uFEFF", "\u{E0041}", "\uD800"])(
    "never holds %j itself",
    (hidden) => {
      const text = visibleText(`a${hidden}b`);
      expect(text).toMatch(/^a⟨U\+[0-9A-F]{4,5}⟩b$/);
    },
  );

  it("keeps lines as they end, and shows a carriage return that stands alone", () => {
    expect(visibleText("one\r\ntwo\rthree")).toBe("one\r\ntwo⟨U+000D⟩three");
  });

  it("is nothing for nothing", () => {
    expect(segments("")).toEqual([]);
  });
});
