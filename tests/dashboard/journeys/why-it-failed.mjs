import assert from "node:assert/strict";

import { told } from "../browser/environment.mjs";
import { journey } from "../browser/journey.mjs";
import { expectGoodLooks } from "../browser/screens.mjs";
import { openSignedIn } from "../browser/session.mjs";

const TENANT = told("TENANT");
const RECEIVER = told("RECEIVER");

journey("from the overview to the reason, and to a delivery that succeeded", async ({ page }) => {
  await openSignedIn(page, `/t/${TENANT}/overview`);
  await page.getByRole("region", { name: "Who fails now" }).getByRole("link", { name: RECEIVER }).click();
  await page.getByRole("heading", { name: RECEIVER, level: 1, exact: true }).waitFor();
  await page.getByText("Failing").first().waitFor();

  const row = page.getByRole("table", { name: "Deliveries" }).getByRole("row", { name: "order.paid" });
  await row.getByText("Failed").waitFor();
  await row.getByText("500").waitFor();
  await row.getByRole("link", { name: "order.paid" }).click();

  await page.getByRole("heading", { name: "Delivery of order.paid", exact: true }).waitFor();
  await page.getByText("Failed: the receiver answered 500").first().waitFor();
  await page.getByText("Look into its log at the time of the attempt.").first().waitFor();
  const attempt = page.getByRole("region", { name: "Attempt 1" });
  await attempt
    .getByRole("region", { name: "Response body" })
    .getByText("the orders database is down")
    .waitFor();
  await attempt
    .getByRole("table", { name: "Response headers" })
    .getByRole("row", { name: /x-request-id/i })
    .getByText("7f3a")
    .waitFor();
  await attempt
    .getByRole("table", { name: "Request headers" })
    .getByText("webhook-id", { exact: false })
    .waitFor();
  await attempt.getByText(`POST ${RECEIVER}`).waitFor();
  await attempt.getByRole("region", { name: "The event's data" }).getByText("4711").waitFor();
  await expectGoodLooks(page, "delivery, failed");

  await page.getByRole("button", { name: "Retry now" }).click();
  await page.getByText("Delivered in the second attempt").waitFor();
  const second = page.getByRole("region", { name: "Attempt 2" });
  await second.getByRole("region", { name: "Response body" }).getByText("thank you").waitFor();
  await page.getByRole("button", { name: /^1\. The receiver answered 500/ }).click();
  await page.getByRole("region", { name: "Attempt 1" }).getByText("the orders database is down").waitFor();
  assert.match(page.url(), /attempt=att_/, "each attempt has a link of its own");
  await expectGoodLooks(page, "delivery, retried");

  await page.getByRole("link", { name: told("EVENT") }).click();
  await page.getByText(/fanned out to 1 webhook: 1 delivered\./).waitFor();
});
