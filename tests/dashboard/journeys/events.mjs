import assert from "node:assert/strict";

import { told } from "../browser/environment.mjs";
import { journey } from "../browser/journey.mjs";
import { expectGoodLooks } from "../browser/screens.mjs";
import { openSignedIn } from "../browser/session.mjs";

const TENANT = told("TENANT");

journey("events are found by id, type, subject and outcome", async ({ page, watch }) => {
  await openSignedIn(page, `/t/${TENANT}/events`);
  await expectListed(page, ["lost-1", "back-1", "paid-2", "paid-1"]);
  await expectGoodLooks(page, "events");

  const search = page.getByRole("search", { name: "Filter events" });
  await search.getByLabel("Type").fill("order.paid");
  await search.getByLabel("Type").press("Escape");
  await search.getByRole("button", { name: "Filter", exact: true }).click();
  await expectListed(page, ["paid-2", "paid-1"]);
  assert.equal(new URL(page.url()).searchParams.get("type"), "order.paid", "the view has a link of its own");
  await page.reload();
  await expectListed(page, ["paid-2", "paid-1"]);
  await search.getByRole("button", { name: "Clear filters" }).click();
  await expectListed(page, ["lost-1", "back-1", "paid-2", "paid-1"]);

  await search.getByLabel("Subject").fill("order/1");
  await search.getByLabel("Subject").press("Enter");
  await expectListed(page, ["back-1", "paid-1"]);
  await search.getByText("Not delivered", { exact: true }).click();
  await expectListed(page, ["back-1"]);
  await search.getByText("Delivered", { exact: true }).click();
  await expectListed(page, ["paid-1"]);
  await page.goBack();
  await expectListed(page, ["back-1"]);

  await search.getByLabel("Subject").fill("no such subject");
  await search.getByLabel("Subject").press("Enter");
  await page.getByRole("heading", { name: "No event matches", exact: true }).waitFor();
  await expectGoodLooks(page, "events, none match");

  watch.expect(404, /^\/v1\/events\//);
  await page.getByLabel("Event id").fill("no-such-event");
  await page.getByRole("button", { name: "Find", exact: true }).click();
  await page.getByText("There is no event no-such-event here.").waitFor();
  await page.getByLabel("Event id").fill("paid-2");
  await page.getByRole("button", { name: "Find", exact: true }).click();
  await page.waitForURL(`**/t/${TENANT}/events/paid-2`);
});

journey("an event's way is followed to its receivers", async ({ page }) => {
  await openSignedIn(page, `/t/${TENANT}/events`);
  await page.getByRole("row", { name: "back-1" }).getByRole("link", { name: "order.refunded" }).click();

  await page.getByText(/fanned out to 2 webhooks: 1 delivered, 1 failed\./).waitFor();
  await page.getByRole("region", { name: "The event's data" }).getByText('"back-1"').waitFor();
  const deliveries = page.getByRole("table", { name: "Deliveries" });
  const failed = deliveries.getByRole("row", { name: told("REFUSING") });
  await failed.getByText("Failed").waitFor();
  await failed.getByText("422").waitFor();
  await deliveries
    .getByRole("row", { name: told("TAKING") })
    .getByText("Delivered")
    .waitFor();
  await expectGoodLooks(page, "event");

  await failed.getByRole("link", { name: /^Delivery whd_/ }).click();
  await page.waitForURL(`**/t/${TENANT}/deliveries/whd_*`);
  await page.getByText("422").first().waitFor();
});

journey("an event that went nowhere says why", async ({ page }) => {
  await openSignedIn(page, `/t/${TENANT}/events/lost-1`);
  await page.getByText("No webhook took this event").waitFor();
  await expectGoodLooks(page, "event, unmatched");
  await page.getByRole("link", { name: "Add a webhook for nobody.listens" }).click();
  await page.waitForURL(`**/t/${TENANT}/webhooks/new*`);
  await page.getByText("nobody.listens").first().waitFor();
});

/**
 * Waits until the list has these events, in this order.
 *
 * @param {import("playwright-core").Page} page
 * @param {string[]} ids
 */
async function expectListed(page, ids) {
  const rows = page.getByRole("table", { name: "Events" }).getByRole("row");
  // The first row is the heads.
  for (const [place, id] of ids.entries())
    await rows
      .nth(place + 1)
      .getByText(id, { exact: true })
      .waitFor();
  await rows.nth(ids.length + 1).waitFor({ state: "detached" });
}
