import assert from "node:assert/strict";

import { BASE_URL, told } from "../browser/environment.mjs";
import { journey } from "../browser/journey.mjs";
import { expectGoodLooks } from "../browser/screens.mjs";

const TENANT = told("TENANT");
const WEBHOOK = told("WEBHOOK");
const BRAND = told("BRAND");
const HOME = `**/portal/t/${TENANT}/overview`;

journey("a reader looks, and cannot change anything", async ({ page, context, watch }) => {
  await page.goto(told("READING"));
  await page.waitForURL(HOME);
  await page.getByRole("heading", { name: "Overview", exact: true }).waitFor();
  assert.equal(await page.title(), `Overview · ${BRAND}`);
  await page.getByText(BRAND).first().waitFor();
  await page.getByText("Ada, may look but not change").waitFor();
  await expectGoodLooks(page, "portal, overview");

  const views = page.getByRole("navigation", { name: "Views" });
  assert.deepEqual(await views.getByRole("link").allInnerTexts(), [
    "Overview",
    "Webhooks",
    "Events",
    "Event types",
  ]);
  await views.getByRole("link", { name: "Webhooks" }).click();
  await page.getByRole("table", { name: "Webhooks" }).getByRole("link").click();
  await page.getByRole("table", { name: "Deliveries" }).getByText("Failed").waitFor();
  await expectNoneOf(page, ["Pause", "Delete", "Test", "New webhook", /^Retry/]);
  assert.deepEqual(await page.getByRole("tab").allInnerTexts(), ["Deliveries", "Settings", "Verify"]);
  await page.getByRole("tab", { name: "Settings" }).click();
  await page.getByText("You may look at these settings, but not change them.").waitFor();
  await expectNoneOf(page, ["Save", "Rotate the secret"]);
  await expectGoodLooks(page, "portal, settings");
  await page.getByRole("tab", { name: "Deliveries" }).click();
  await page.getByRole("link", { name: "order.paid" }).first().click();
  await page.getByRole("heading", { name: "Delivery of order.paid", exact: true }).waitFor();
  await expectNoneOf(page, ["Retry now", "Send again"]);
  await views.getByRole("link", { name: "Event types" }).click();
  await page.getByRole("heading", { name: "Event types", exact: true }).waitFor();
  await expectNoneOf(page, ["Describe a type"]);

  for (const path of [`t/${TENANT}/webhooks/new`, "tenants", "api-keys", "audit", "t/another/webhooks"]) {
    watch.expect(403, /^\/v1\//);
    await page.goto(`/portal/${path}`);
    await page
      .getByRole("heading", { name: /^(You may not see this|There is nothing at this address)$/ })
      .first()
      .waitFor();
  }
  await expectRefused(context);
});

journey("a link opens once", async ({ page, watch }) => {
  // The reader above has used it.
  watch.expect(401, /^\/v1\/session$/);
  await page.goto(told("READING"));
  await page.getByText("This link does not work any more").waitFor();
  await page.getByRole("heading", { name: "You need a new link", exact: true }).waitFor();
  assert.equal(await page.getByLabel("API key").count(), 0, "a portal asks for no keys");
  await expectGoodLooks(page, "portal, link used");
});

journey("a manager manages webhooks, and nothing else", async ({ page, watch }) => {
  await page.goto(told("MANAGING"));
  await page.waitForURL(HOME);
  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Webhooks" }).click();
  await page.getByRole("table", { name: "Webhooks" }).getByRole("link").click();
  await page.getByRole("link", { name: "order.paid" }).first().click();
  await page.getByRole("button", { name: "Retry now" }).click();
  await page.getByText("Delivered in the second attempt").waitFor();

  await page.goto(`/portal/t/${TENANT}/webhooks/${WEBHOOK}`);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await page.getByText("The webhook is paused.").waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByText("The webhook is active again.").waitFor();
  await expectGoodLooks(page, "portal, webhook");

  await page.goto(`/portal/t/${TENANT}/event-types`);
  await page.getByRole("heading", { name: "Event types", exact: true }).waitFor();
  await expectNoneOf(page, ["Describe a type"]);
  watch.expect(403, /^\/v1\//);
  await page.goto("/portal/api-keys");
  await page
    .getByRole("heading", { name: /^(You may not see this|There is nothing at this address)$/ })
    .first()
    .waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "You need a new link", exact: true }).waitFor();
});

journey("a link that is opened too late does not open", async ({ page, watch }) => {
  watch.expect(401, /^\/v1\/session$/);
  await page.goto(told("EXPIRED"));
  await page.getByText("This link does not work any more").waitFor();
  await page.getByText("A link works once, and only for a short time. Ask for a new one.").waitFor();
});

journey("without a link a portal says that one is needed", async ({ page }) => {
  await page.goto(`/portal/t/${TENANT}/overview`);
  await page.getByRole("heading", { name: "You need a new link", exact: true }).waitFor();
});

/**
 * @param {import("playwright-core").Page} page
 * @param {(string | RegExp)[]} names
 */
async function expectNoneOf(page, names) {
  for (const name of names) {
    for (const role of /** @type {const} */ (["button", "link"])) {
      const exact = typeof name === "string";
      assert.equal(await page.getByRole(role, { name, exact }).count(), 0, `${name} is offered`);
    }
  }
}

/** The server refuses what is not offered, too. */
async function expectRefused(/** @type {import("playwright-core").BrowserContext} */ context) {
  const [session] = await context.cookies();
  const headers = {
    cookie: `${session.name}=${session.value}`,
    "fanfare-session": "portal",
    "content-type": "application/json",
    origin: new URL(BASE_URL).origin,
  };
  const calls = [
    ["PATCH", `/v1/webhooks/${WEBHOOK}`, { is_active: false }],
    ["DELETE", `/v1/webhooks/${WEBHOOK}`],
    ["POST", "/v1/webhooks", { url: "http://127.0.0.1:9/", events: ["*"] }],
    ["POST", `/v1/webhooks/${WEBHOOK}/test`, {}],
    ["POST", `/v1/webhooks/${WEBHOOK}/secret/rotate`, {}],
    ["POST", `/v1/webhooks/${WEBHOOK}/replay`, { since: "2000-01-01T00:00:00Z", only: "all" }],
    ["PUT", "/v1/event-types/order.paid", { description: "" }],
    ["POST", "/v1/events", { type: "order.paid", data: 1 }],
    ["GET", "/v1/tenants"],
    ["POST", "/v1/api-keys", {}],
    ["GET", "/v1/audit"],
  ];
  for (const [method, path, body] of calls) {
    const answer = await fetch(`${BASE_URL}${path}`, { method, headers, body: body && JSON.stringify(body) });
    assert.equal(answer.status, 403, `${method} ${path}: ${await answer.text()}`);
  }
  const allowed = await fetch(`${BASE_URL}/v1/webhooks`, { headers });
  assert.equal(allowed.status, 200, await allowed.text());
}
