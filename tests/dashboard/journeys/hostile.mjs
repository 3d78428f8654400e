import assert from "node:assert/strict";

import { told } from "../browser/environment.mjs";
import { journey } from "../browser/journey.mjs";
import { expectGoodLooks } from "../browser/screens.mjs";
import { openSignedIn } from "../browser/session.mjs";

const TENANT = told("TENANT");
const KIB = 1024;

journey("markup in payloads and answers is text", async ({ page }) => {
  await openSignedIn(page, delivery("SCRIPT"));
  await answer(page).getByText("<script>alert('answer')</script>").waitFor();
  await payload(page).getByText("<script>alert('key')</script>").waitFor();
  await page.getByRole("table", { name: "Response headers" }).getByText("<b>bold</b>").waitFor();
  await expectNothingMade(page);
  await expectGoodLooks(page, "delivery with markup");

  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Webhooks" }).click();
  await page.getByText("<script>alert('script')</script>").first().waitFor();
  await expectNothingMade(page);
  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Events" }).click();
  await page.getByRole("link", { name: "hostile.script" }).click();
  await page.getByText("<script>alert('key')</script>").waitFor();
  await expectNothingMade(page);
});

journey("what would turn text around is shown by its code", async ({ page }) => {
  await openSignedIn(page, delivery("BIDIRECTIONAL"));
  for (const block of [answer(page), payload(page)]) {
    await block.getByText("U+202E").waitFor();
    const text = await block.innerText();
    assert.ok(!/[\u202a-\u202e\u2066-\u2069]/.test(text), "nothing is left that turns it around");
    for (const code of ["invoice", "U+202E", "fdp.exe", "U+2066", "U+200F"])
      assert.ok(text.includes(code), text);
  }
  await expectGoodLooks(page, "delivery with bidirectional text");
});

journey("200 KiB are shown in part first, and then in full", async ({ page }) => {
  await openSignedIn(page, delivery("LARGE"));
  assert.equal((await answer(page).innerText()).length, 16 * KIB, "of an answer, so much is kept");
  await page.getByText("Only the first 16 KiB of a response are kept.").waitFor();
  const short = (await payload(page).innerText()).length;
  assert.ok(short <= 64 * KIB, `${short} characters at first`);
  await page.getByRole("button", { name: "Show all of it" }).click();
  await page.getByRole("button", { name: "Show all of it" }).waitFor({ state: "detached" });
  assert.ok((await payload(page).innerText()).length > 200 * KIB);
  await expectGoodLooks(page, "delivery with 200 KiB");
});

journey("bytes that are no text are shown as what they are", async ({ page }) => {
  await openSignedIn(page, delivery("BINARY"));
  const text = await answer(page).innerText();
  assert.ok(
    text.includes("U+0000") && text.includes("U+001B") && text.includes("\ufffd"),
    text.slice(0, 200),
  );
  assert.ok(
    (await payload(page).innerText()).includes("U+FEFF") || (await payload(page).innerText()).includes("\\u"),
  );
  await expectGoodLooks(page, "delivery with bytes");
});

function delivery(/** @type {string} */ name) {
  return `/t/${TENANT}/deliveries/${told(name)}`;
}

function answer(/** @type {import("playwright-core").Page} */ page) {
  return page.getByRole("region", { name: "Response body" });
}

function payload(/** @type {import("playwright-core").Page} */ page) {
  return page.getByRole("region", { name: "The event's data" });
}

/** Nothing that somebody else wrote became an element; whether anything ran, the watch knows. */
async function expectNothingMade(/** @type {import("playwright-core").Page} */ page) {
  const made = await page.evaluate(() => {
    const foreign = [
      ...document.querySelectorAll("script:not([src]):not([type='application/json']), img[onerror], main b"),
    ];
    return foreign.map((element) => element.outerHTML).filter((html) => /alert|bold/.test(html));
  });
  assert.deepEqual(made, []);
}
