import assert from "node:assert/strict";

import { told } from "../browser/environment.mjs";
import { journey } from "../browser/journey.mjs";
import { expectGoodLooks } from "../browser/screens.mjs";
import { openSignedIn } from "../browser/session.mjs";

const TENANT = told("TENANT");
const RECEIVER = told("RECEIVER");

journey("a webhook is added, its secret kept, a test sent and seen delivered", async ({ page, watch }) => {
  await openSignedIn(page, `/t/${TENANT}/overview`);
  await page.getByRole("heading", { name: "Begin with a webhook", exact: true }).waitFor();
  await expectGoodLooks(page, "overview, no webhook");
  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Webhooks" }).click();
  await page.getByRole("heading", { name: "Webhooks", level: 1, exact: true }).waitFor();
  await expectGoodLooks(page, "webhooks, none");
  await page.getByRole("link", { name: "New webhook" }).first().click();
  await page.getByRole("heading", { name: "New webhook", exact: true }).waitFor();

  // Nothing is filled in: each field says what it lacks, and the first of them has the focus.
  await page.getByRole("button", { name: "Create the webhook" }).click();
  const url = page.getByRole("textbox", { name: "URL" });
  await url.and(page.locator('[aria-invalid="true"]')).waitFor();
  await url.and(page.locator(":focus")).waitFor();

  // The server has the last word on addresses.
  watch.expect(400, /^\/v1\/webhooks$/);
  await url.fill("ftp://example.com/");
  const catalogue = page.getByRole("group", { name: "Described types of event" });
  await catalogue.getByRole("checkbox", { name: "order.paid" }).check();
  await page.getByRole("button", { name: "Create the webhook" }).click();
  await url.and(page.locator('[aria-invalid="true"]')).waitFor();
  await url.fill(RECEIVER);
  await catalogue.getByRole("button", { name: "Example of order.paid" }).click();
  await catalogue.getByRole("region", { name: "Example data of order.paid" }).getByText("12.50").waitFor();

  const sample = page.getByRole("region", { name: "Body of the sample" });
  await sample.getByText("order.paid").waitFor();
  await page.getByRole("table", { name: "Headers of the sample" }).getByText("webhook-signature").waitFor();
  await openEverySection(page);
  await expectGoodLooks(page, "webhook, new");
  await page.getByRole("button", { name: "Create the webhook" }).click();

  await page.getByRole("heading", { name: "Webhook created", exact: true }).waitFor();
  const secret = await copySecret(page);
  await expectCode(page, secret);
  await expectGoodLooks(page, "webhook, created");

  // It is asked for until it shows up, which may take a second.
  watch.expect(404, /^\/v1\/deliveries\//);
  await page.getByRole("button", { name: "Send a test" }).click();
  await page.getByText("Delivered", { exact: true }).waitFor();
  await expectGoodLooks(page, "webhook, tested");

  await page.getByRole("link", { name: "Go to the webhook" }).click();
  await page.waitForURL(`**/t/${TENANT}/webhooks/wh_*`);
  await page.getByText(RECEIVER).first().waitFor();
  await expectSecretGone(page, secret);
  await page.goBack();
  await expectSecretGone(page, secret);

  await page.goForward();
  await sendChangedTest(page);
});

/** @param {import("playwright-core").Page} page */
async function openEverySection(page) {
  const titles = [
    /^Profile and signature/,
    /^Retries/,
    /^Credentials/,
    /^Headers/,
    /^Limits/,
    /^When it keeps/,
    /^Description/,
  ];
  for (const title of titles) await page.getByRole("button", { name: title, expanded: false }).click();
  await page
    .getByText(/attempts?/)
    .first()
    .waitFor();
}

/** @param {import("playwright-core").Page} page */
async function copySecret(page) {
  await page.getByRole("button", { name: "Copy the secret" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const secret = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{32,}=*$/);
  await page.getByText(secret, { exact: true }).waitFor();
  return secret;
}

/**
 * Each language has code of its own; none of it holds the secret.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} secret
 */
async function expectCode(page, secret) {
  const seen = new Set();
  for (const language of ["TypeScript", "Python", "Go", "Ruby", "PHP"]) {
    await page.getByRole("tab", { name: language, exact: true }).click();
    const code = await page.getByRole("region", { name: `Verifying code in ${language}` }).innerText();
    assert.match(code, /webhook-signature/i);
    assert.ok(!code.includes(secret));
    seen.add(code);
  }
  assert.equal(seen.size, 5);
}

/** @param {import("playwright-core").Page} page */
async function sendChangedTest(page) {
  await page.getByRole("link", { name: "Test", exact: true }).click();
  const data = page.getByLabel("Data");
  assert.deepEqual(JSON.parse(await data.inputValue()), { order: 4711, total: "12.50" });
  await data.fill('{"order": 4712');
  assert.ok(await page.getByRole("button", { name: "Send the test" }).isDisabled());
  await data.fill('{"order": 4712}');
  await page.getByRole("button", { name: "Send the test" }).click();
  await page.getByText("Delivered", { exact: true }).waitFor();
  await expectGoodLooks(page, "webhook, test");
}

/**
 * @param {import("playwright-core").Page} page
 * @param {string} secret
 */
async function expectSecretGone(page, secret) {
  await page.getByRole("heading", { level: 1 }).waitFor();
  assert.ok(!(await page.content()).includes(secret), "the secret is shown once");
}
