/** Coming in and going out. */

import { OPERATOR_KEY } from "./environment.mjs";

/**
 * Fills in the form that is open.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} key
 */
export async function enterKey(page, key) {
  await page.getByLabel("API key", { exact: true }).fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/**
 * Opens a view of the dashboard as somebody who has to sign in first; the sign-in leads there.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} path below `/dashboard`, such as `/t/acme/webhooks`
 * @param {string} key
 */
export async function openSignedIn(page, path, key = OPERATOR_KEY) {
  await page.goto(`/dashboard${path}`);
  await enterKey(page, key);
  await page.waitForURL((url) => url.pathname === `/dashboard${path.split("?")[0]}`);
}
