import assert from "node:assert/strict";

import { told } from "../browser/environment.mjs";
import { journey, visitor } from "../browser/journey.mjs";
import { expectGoodLooks } from "../browser/screens.mjs";

const LINK = told("LINK");

journey("the printed link signs an operator in, once", async ({ page }) => {
  await page.goto(LINK);
  await page.waitForURL("**/dashboard/overview");
  await page.getByRole("heading", { name: "Overview", exact: true }).waitFor();
  const history = await page.evaluate(() => window.history.length);
  assert.ok(history <= 2, `the link stays in the history (${history} entries)`);
  assert.equal(new URL(page.url()).hash, "");

  const second = await visitor();
  await second.page.goto(LINK);
  await second.page.getByRole("alert").getByText("This link does not work any more").waitFor();
  await second.page.getByLabel("API key", { exact: true }).waitFor();
  assert.ok(!second.page.url().includes("link="), second.page.url());
  await expectGoodLooks(second.page, "sign-in link used");
  second.watch.verify();
  await second.context.close();
});
