import assert from "node:assert/strict";

import { told } from "../browser/environment.mjs";
import { journey } from "../browser/journey.mjs";
import { Rest } from "../browser/rest.mjs";
import { expectGoodLooks, inTheme } from "../browser/screens.mjs";
import { openSignedIn } from "../browser/session.mjs";

const TENANT = told("TENANT");
const DELIVERED = Number(told("DELIVERED"));
const FAILED = Number(told("FAILED"));
const ALL = DELIVERED + FAILED;

journey("the figures are those of what happened, and follow it", async ({ page }) => {
  await openSignedIn(page, `/t/${TENANT}/overview`);
  const figures = page.getByLabel("Figures of the last hour");
  await figures.getByText(new RegExp(`^${ALL}\\s*in the last hour$`)).waitFor();
  await figures
    .getByText(new RegExp(`^${((DELIVERED / ALL) * 100).toFixed(1)} %\\s*${FAILED} failed$`))
    .waitFor();
  await expectCharts(page, `${ALL} deliveries were made; ${DELIVERED} were delivered and ${FAILED} failed.`);
  await expectGoodLooks(page, "overview of a tenant");

  // The page is not loaded anew: what is published now shows by itself.
  await page.getByText("Live", { exact: true }).waitFor();
  await page.evaluate(() => (window.wasHereBefore = true));
  await new Rest(TENANT).publish("order.paid", { order: 4711 });
  await figures.getByText(new RegExp(`^${ALL + 1}\\s*in the last hour$`)).waitFor();
  await expectCharts(page, `${ALL + 1} deliveries were made; ${DELIVERED + 1} were delivered`);
  assert.ok(await page.evaluate(() => window.wasHereBefore), "the page was loaded anew");
});

journey("the charts can be read as tables and over other times", async ({ page }) => {
  await openSignedIn(page, `/t/${TENANT}/overview`);
  const outcomes = page.getByRole("region", { name: "Deliveries by outcome" });
  await outcomes.getByRole("button", { name: "Show as table" }).click();
  const table = outcomes.getByRole("table");
  const made = await table.getByRole("row").evaluateAll((rows) => {
    return rows.slice(1).reduce((sum, row) => sum + Number(row.querySelectorAll("td")[0].textContent), 0);
  });
  assert.equal(made, ALL + 1);
  await expectGoodLooks(page, "overview as a table");

  await page.getByRole("radiogroup", { name: "Time range" }).getByText("7 d", { exact: true }).click();
  await page.waitForURL("**range=7d");
  await page
    .getByLabel("Figures of the last 7 days")
    .getByText(new RegExp(`^${ALL + 1}\\s*in the last 7 days$`))
    .waitFor();
});

journey("an operator sees who fails and goes there", async ({ page }) => {
  await openSignedIn(page, "/overview");
  const busiest = page.getByRole("region", { name: "Busiest tenants" });
  await busiest
    .getByRole("row", { name: TENANT })
    .getByText(String(ALL + 1))
    .waitFor();
  const failing = page.getByRole("region", { name: "Who fails now" });
  await failing.getByText(`Failing, ${FAILED} in a row`).waitFor();
  await failing.getByText(told("BROKEN")).waitFor();
  await expectGoodLooks(page, "overview of all tenants");

  await failing.getByRole("link", { name: "the bookkeeping" }).click();
  await page.waitForURL(`**/dashboard/t/${TENANT}/webhooks/${told("BROKEN_ID")}`);
  await page.getByRole("heading", { level: 1 }).waitFor();

  await page.getByRole("combobox", { name: "Tenant" }).click();
  await page.getByRole("option", { name: "All tenants" }).click();
  await page.waitForURL((url) => !url.pathname.includes("/t/"));
});

journey("the theme that somebody chooses stays", async ({ page }) => {
  await openSignedIn(page, `/t/${TENANT}/overview`);
  await inTheme(page, "light");
  await page.getByRole("radiogroup", { name: "Colours" }).getByText("Dark", { exact: true }).click();
  await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
  await page.reload();
  await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
});

/**
 * Waits until the charts are there, each with its picture; the first says `words`.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} words
 */
async function expectCharts(page, words) {
  await page.getByRole("img", { name: words }).waitFor();
  for (const title of ["Success rate", "Response time of receivers", "Deliveries waiting"]) {
    const chart = page.getByRole("img", { name: new RegExp(`^${title}\\.`) });
    await chart.locator("canvas").waitFor();
  }
}
