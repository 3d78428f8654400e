/** A journey: a test with a browser, which fails for whatever must never happen on the way too. */

import { after, test } from "node:test";

import { BASE_URL, told } from "./environment.mjs";
import { chromium } from "./packages.mjs";
import { DESK, keepPicture } from "./screens.mjs";
import { Watch } from "./watch.mjs";

/** How long a page may take to show what is waited for, with room for a busy machine. */
const PATIENCE_MS = 15_000;

const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** One browser for the whole file; each visitor has a profile of its own. */
let browser;
after(() => browser?.close());

async function launch() {
  browser ??= await chromium.launch({
    executablePath: told("CHROMIUM"),
    // Root, and an unpacked Chromium, have no sandbox; all pages here are our own.
    chromiumSandbox: false,
    args: FLAGS,
  });
  return browser;
}

/**
 * Somebody with a browser: nothing is shared with other visitors.
 *
 * @typedef {object} Visitor
 * @property {import("playwright-core").BrowserContext} context
 * @property {import("playwright-core").Page} page
 * @property {Watch} watch
 */

/**
 * @param {import("playwright-core").BrowserContextOptions} options
 * @returns {Promise<Visitor>}
 */
export async function visitor(options = {}) {
  const context = await (
    await launch()
  ).newContext({
    baseURL: BASE_URL,
    viewport: DESK,
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "UTC",
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const watch = new Watch();
  await watch.follow(context);
  return { context, page: await context.newPage(), watch };
}

/**
 * @param {string} name
 * @param {(visitor: Visitor) => Promise<void>} travel
 */
export function journey(name, travel) {
  test(name, async () => {
    const visiting = await visitor();
    try {
      await travel(visiting);
      visiting.watch.verify();
    } catch (error) {
      await tellWhatIsShown(visiting, name);
      throw error;
    } finally {
      await visiting.context.close();
    }
  });
}

/** @param {Visitor} visiting */
async function tellWhatIsShown({ context, watch }, /** @type {string} */ name) {
  for (const page of context.pages()) {
    console.log(`--- ${page.url()}\n${await page.locator("body").ariaSnapshot().catch(String)}`);
    await keepPicture(page, `failed ${name}`).catch(console.log);
  }
  try {
    watch.verify();
  } catch (offences) {
    console.log(String(offences));
  }
}
