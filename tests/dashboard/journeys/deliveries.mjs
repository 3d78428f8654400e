import assert from "node:assert/strict";

import { told } from "../browser/environment.mjs";
import { journey } from "../browser/journey.mjs";
import { expectGoodLooks } from "../browser/screens.mjs";
import { openSignedIn } from "../browser/session.mjs";

const TENANT = told("TENANT");
const PAID = Number(told("PAID"));
const REFUSED = Number(told("REFUSED"));
const PATH = `/t/${TENANT}/webhooks/${told("WEBHOOK")}`;

const PAGE = 200;
/** What the list may take from its answer to the screen; a busy machine gets some multiple of it. */
const PROMISED_MS = 100;
const TOLERATED_MS = 500;
const LOOKS = 5;

journey("all pages together have every delivery once", async ({ page }) => {
  await openSignedIn(page, PATH);
  const links = new Set(await linksShown(page, PAGE));
  assert.equal(links.size, PAGE);
  const older = page.getByRole("link", { name: "Older" });
  assert.equal(await older.evaluate(movesOnceShown), 0, "who clicks on it as soon as it is there hits it");
  await older.click();
  for (const link of await linksShown(page, PAID + REFUSED - PAGE)) links.add(link);
  assert.equal(links.size, PAID + REFUSED);
  assert.equal(await page.getByRole("link", { name: "Older" }).count(), 0);

  // A page has a link of its own, and the keyboard goes back.
  await page.reload();
  await linksShown(page, PAID + REFUSED - PAGE);
  await page.getByRole("link", { name: /^Newe/ }).focus();
  await page.keyboard.press("Enter");
  await linksShown(page, PAGE);
});

journey("deliveries are filtered by status, type and time", async ({ page }) => {
  await openSignedIn(page, PATH);
  const search = page.getByRole("search", { name: "Filter deliveries" });
  await search.getByLabel("Type of event").fill("order.refused");
  await search.getByLabel("Type of event").press("Escape");
  await search.getByRole("button", { name: "Filter", exact: true }).click();
  await linksShown(page, REFUSED);
  await search.getByLabel("Status").selectOption("Failed");
  await page.getByRole("heading", { name: "No such deliveries", exact: true }).waitFor();
  await expectGoodLooks(page, "deliveries, none");
  await search.getByRole("button", { name: "Clear filters" }).click();
  await linksShown(page, PAGE);
  await search.getByLabel("Accepted before").fill("2020-01-01T00:00");
  await search.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("heading", { name: "No such deliveries", exact: true }).waitFor();
  await page.goBack();
  await linksShown(page, PAGE);

  await page.goto(`/dashboard/t/${TENANT}/webhooks/${told("REFUSING")}?status=failed`);
  await linksShown(page, REFUSED);
  assert.equal(await page.getByRole("row", { name: "503" }).count(), REFUSED);
  await expectGoodLooks(page, "deliveries, failed");
});

journey("a page of deliveries is on the screen soon after its answer", async ({ page }) => {
  await page.addInitScript(noteWhenShown, PAGE);
  await openSignedIn(page, PATH);
  const taken = [];
  for (let look = 0; look < LOOKS; look++) {
    await page.goto(`/dashboard${PATH}`);
    await linksShown(page, PAGE);
    taken.push(await page.evaluate(sinceAnswer));
  }
  taken.sort((a, b) => a - b);
  const figures = taken.map((ms) => ms.toFixed(0)).join(", ");
  console.log(`${PAGE} deliveries are on the screen after ${figures} ms; promised are ${PROMISED_MS} ms`);
  const median = taken[Math.floor(LOOKS / 2)];
  assert.ok(median <= TOLERATED_MS, `${PAGE} deliveries took ${figures} ms`);
});

/**
 * Waits until the list has `count` deliveries; gives their links.
 *
 * @param {import("playwright-core").Page} page
 * @param {number} count
 */
async function linksShown(page, count) {
  const rows = page.getByRole("table", { name: "Deliveries" }).getByRole("row");
  // The first row is the heads.
  await rows.nth(count).waitFor();
  await rows.nth(count + 1).waitFor({ state: "detached" });
  return rows.getByRole("link").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
}

/** Runs in the page: how many pixels an element moves within the frames after the one in which it was scrolled to. */
async function movesOnceShown(/** @type {Element} */ element) {
  element.scrollIntoView({ block: "center" });
  const before = element.getBoundingClientRect().top;
  for (let frame = 0; frame < 3; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
  return Math.round(Math.abs(element.getBoundingClientRect().top - before));
}

/** Runs in the page: notes when as many rows have been painted. */
function noteWhenShown(/** @type {number} */ count) {
  const observer = new MutationObserver(() => {
    if (document.querySelectorAll('[aria-label="Deliveries"] [role="row"]').length <= count) return;
    observer.disconnect();
    requestAnimationFrame(() => {
      // The next task comes after the frame.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => performance.mark("shown");
      port2.postMessage(null);
    });
  });
  observer.observe(document, { childList: true, subtree: true });
}

/** Runs in the page: from the last byte of the deliveries' answer to the frame that shows them. */
async function sinceAnswer() {
  const shown = () => performance.getEntriesByName("shown").at(-1);
  while (!shown()) await new Promise((resolve) => requestAnimationFrame(resolve));
  const answers = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/deliveries"));
  return shown().startTime - answers[0].responseEnd;
}
