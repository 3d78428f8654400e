import { describe, expect, it } from "vitest";
import { DARK_SHADE, LIGHT_SHADE, contrast, shadesOf } from "./palette";

const ACCENTS = [
  "#3b5bdb",
  "#ff0000",
  "#00ff00",
  "#ffff00",
  "#000000",
  "#ffffff",
  "#123456",
  "#ff8800",
  "#0000ff",
];
const DARK_BACKGROUND = "#242424";

describe.each(ACCENTS)("the shades of %s", (accent) => {
  const shades = shadesOf(accent);
  const light = shades[LIGHT_SHADE];
  const dark = shades[DARK_SHADE];

  it("carry white text in both themes", () => {
    expect(contrast("#ffffff", light)).toBeGreaterThanOrEqual(4.5);
    expect(contrast("#ffffff", dark)).toBeGreaterThanOrEqual(4.5);
  });

  it("are seen on the dark background, as a control and as text", () => {
    expect(contrast(dark, DARK_BACKGROUND)).toBeGreaterThanOrEqual(3);
    expect(contrast(shades[4], DARK_BACKGROUND)).toBeGreaterThanOrEqual(4.5);
  });

  it("give readable text on their own light shade", () => {
    expect(contrast(shades[9], shades[1])).toBeGreaterThanOrEqual(4.5);
  });
});

it("keeps an accent that is dark enough as it is", () => {
  expect(shadesOf("#3B5BDB")[LIGHT_SHADE]).toBe("#3b5bdb");
});
