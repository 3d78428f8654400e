/** How a view looks: in both themes, and on a telephone. */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { expectAccessible } from "./accessible.mjs";
import { SCREENSHOTS } from "./environment.mjs";
import { watchOf } from "./watch.mjs";

export const DESK = { width: 1280, height: 800 };
export const PHONE = { width: 375, height: 812 };

/**
 * Checks the view that is open in both themes and at a telephone's width, and keeps pictures of it where they
 * are wanted.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} view
 */
export async function expectGoodLooks(page, view) {
  for (const theme of /** @type {const} */ (["dark", "light"])) {
    await inTheme(page, theme);
    await expectAccessible(page, `${view}, ${theme}`);
    await keepPicture(page, `${view}-${theme}`);
  }
  await page.setViewportSize(PHONE);
  await atRest(page);
  await expectNoSidewaysScrolling(page, view);
  await expectAccessible(page, `${view} on a telephone`);
  await keepPicture(page, `${view}-phone`);
  await page.setViewportSize(DESK);
}

/**
 * @param {import("playwright-core").Page} page
 * @param {"light" | "dark"} theme
 */
export async function inTheme(page, theme) {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
  await page.locator(`html[data-mantine-color-scheme="${theme}"]`).waitFor();
  await atRest(page);
}

/**
 * Waits until nothing moves any more, but what moves for ever.
 *
 * @param {import("playwright-core").Page} page
 */
async function atRest(page) {
  await page.waitForFunction(() => {
    return document.getAnimations().every(({ effect, playState }) => {
      return playState !== "running" || effect?.getTiming().iterations === Infinity;
    });
  });
}

/** Charts are drawn anew for the room that they have, a few frames after it has changed. */
const DRAWN_ANEW_MS = 2_000;

/**
 * @param {import("playwright-core").Page} page
 * @param {string} view
 */
async function expectNoSidewaysScrolling(page, view) {
  const fits = () => document.documentElement.scrollWidth <= document.documentElement.clientWidth;
  const inTime = await page.waitForFunction(fits, undefined, { timeout: DRAWN_ANEW_MS }).catch(() => null);
  if (inTime) return;
  const { shown, needed } = await page.evaluate(() => {
    const root = document.documentElement;
    return { shown: root.clientWidth, needed: root.scrollWidth };
  });
  watchOf(page).note(`${view} needs ${needed} px where a telephone has ${shown}`);
}

/**
 * @param {import("playwright-core").Page} page
 * @param {string} name
 */
export async function keepPicture(page, name) {
  if (!SCREENSHOTS) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  const path = join(SCREENSHOTS, `${name.replaceAll(/[^a-z0-9]+/gi, "-")}.png`);
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
}
