import assert from "node:assert/strict";

import { told } from "../browser/environment.mjs";
import { journey } from "../browser/journey.mjs";
import { Rest } from "../browser/rest.mjs";
import { expectGoodLooks } from "../browser/screens.mjs";
import { openSignedIn } from "../browser/session.mjs";

const TENANT = told("TENANT");
const SCHEMA = { type: "object", required: ["order"], properties: { order: { type: "integer" } } };

journey("a type is described, changed and deleted", async ({ page, watch }) => {
  // A type that is not described yet is asked for when its form opens.
  watch.expect(404, /^\/v1\/event-types\/order.paid$/);
  await openSignedIn(page, `/t/${TENANT}/event-types`);
  await page.getByRole("heading", { name: "No types described yet", exact: true }).waitFor();
  await expectGoodLooks(page, "event types, none");

  await page.getByRole("button", { name: "Describe a type" }).first().click();
  const naming = page.getByRole("dialog", { name: "Describe a type of event" });
  await naming.getByLabel("Name").fill("Order Paid");
  await naming.getByRole("button", { name: "Go on" }).click();
  await expectInvalid(naming.getByLabel("Name"));
  await expectGoodLooks(page, "event type, naming");
  await naming.getByLabel("Name").fill("order.paid");
  await naming.getByRole("button", { name: "Go on" }).click();

  await page.getByRole("heading", { name: "order.paid", exact: true }).waitFor();
  await page.getByLabel("Meaning").fill("Somebody paid an order");
  await page.getByLabel("Example").fill('{"order": "one"');
  await page.getByLabel("JSON Schema").fill(JSON.stringify(SCHEMA));
  await page.getByRole("button", { name: "Save" }).click();
  await expectInvalid(page.getByLabel("Example"));
  await expectGoodLooks(page, "event type, form");

  // It is JSON now, but not what the schema asks for: the server says so.
  watch.expect(400, /^\/v1\/event-types\//);
  await page.getByLabel("Example").fill('{"order": "one"}');
  await page.getByRole("button", { name: "Save" }).click();
  await expectInvalid(page.getByLabel("Example"));
  await page.getByLabel("Example").fill('{"order": 1}');
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("order.paid was saved.").waitFor();
  await page.getByRole("region", { name: "Schema" }).getByText("integer").waitFor();
  await page.getByRole("region", { name: "Example" }).getByText('"order"').waitFor();
  await expectGoodLooks(page, "event type");
  await expectSchemaInForce();

  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Meaning").fill("An order was paid in full");
  await page.getByRole("combobox", { name: "Aliases" }).fill("order.settled");
  await page.getByRole("combobox", { name: "Aliases" }).press("Enter");
  await page.getByLabel("Deprecated").check({ force: true });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("An order was paid in full").waitFor();
  await page.getByText("order.settled").waitFor();
  await page.getByText("Publishers should stop using this type.").waitFor();

  await page
    .getByRole("navigation", { name: "Breadcrumbs" })
    .getByRole("link", { name: "Event types" })
    .click();
  const row = page.getByRole("row", { name: "order.paid" });
  await row.getByText("Deprecated").waitFor();
  await row.getByText("Enforced").waitFor();
  await expectGoodLooks(page, "event types");

  await row.getByRole("link", { name: "order.paid" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  const sure = page.getByRole("dialog", { name: "Delete the description of order.paid?" });
  await sure.getByRole("button", { name: "Cancel" }).click();
  await sure.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Delete" }).click();
  await sure.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "No types described yet", exact: true }).waitFor();
});

/** @param {import("playwright-core").Locator} field */
async function expectInvalid(field) {
  await field.and(field.page().locator('[aria-invalid="true"]')).waitFor();
  const described = await field.getAttribute("aria-describedby");
  assert.ok(described, "the field says what is wrong with it");
}

async function expectSchemaInForce() {
  const refused = new Rest(TENANT).publish("order.paid", { order: "not a number" });
  await assert.rejects(refused, /answered with 400/);
}
