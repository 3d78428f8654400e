import assert from "node:assert/strict";

import { told } from "../browser/environment.mjs";
import { journey } from "../browser/journey.mjs";
import { Rest } from "../browser/rest.mjs";
import { expectGoodLooks } from "../browser/screens.mjs";
import { openSignedIn } from "../browser/session.mjs";

const TENANT = told("TENANT");
const WEBHOOK = told("WEBHOOK");
const EVENTS = Number(told("EVENTS"));

journey("a replay is tried dry, started and followed to its end", async ({ page }) => {
  await openSignedIn(page, `/t/${TENANT}/webhooks/${WEBHOOK}`);
  await page.getByRole("tab", { name: "Replay" }).click();
  await page.getByRole("radio", { name: "Failed" }).check();

  // A dry run counts and sends nothing; another question makes its answer void.
  await page.getByRole("combobox", { name: "Types" }).fill("nothing.like.it");
  await page.getByRole("combobox", { name: "Types" }).press("Enter");
  await page.getByRole("button", { name: "Count them" }).click();
  await page.getByText("No event is like that; there is nothing to send again.").waitFor();
  await page.getByRole("combobox", { name: "Types" }).press("Backspace");
  await page.getByRole("button", { name: "Count them" }).click();
  await page.getByText(`${EVENTS} events would be sent again`).waitFor();
  await expectGoodLooks(page, "replay, counted");
  const failed = await new Rest(TENANT).get(`/v1/webhooks/${WEBHOOK}/deliveries?status=failed&limit=200`);
  assert.equal(failed.data.length, EVENTS);

  await page.getByLabel("At most per second").fill("20");
  await page.getByRole("button", { name: "Count them" }).click();
  await page.getByRole("button", { name: `Send ${EVENTS} events` }).click();
  await page.getByText("The replay is under way.").waitFor();
  const progress = page.getByRole("progressbar", { name: "Progress of the replay" });
  await progress.waitFor();
  await page.getByText(`Done: ${EVENTS} of ${EVENTS} sent on their way.`).waitFor();
  assert.equal(await progress.getAttribute("aria-valuenow"), "100");
  await expectGoodLooks(page, "replay, done");
  // The replay is in the address, so whoever comes back finds it.
  await page.reload();
  await page.getByText(`Done: ${EVENTS} of ${EVENTS} sent on their way.`).waitFor();

  await page.getByRole("tab", { name: "Deliveries" }).click();
  const deliveries = page.getByRole("table", { name: "Deliveries" });
  await deliveries
    .getByRole("row", { name: /Delivered.*Replayed/ })
    .nth(EVENTS - 1)
    .waitFor();
});
