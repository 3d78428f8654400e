import assert from "node:assert/strict";

import { BASE_URL } from "../browser/environment.mjs";
import { journey, visitor } from "../browser/journey.mjs";
import { expectGoodLooks } from "../browser/screens.mjs";
import { enterKey, openSignedIn } from "../browser/session.mjs";

journey("a tenant is made, given keys and people, and deleted", async ({ page, watch }) => {
  // Before a tenant is made it is asked for, so that none is overwritten. Once it is gone, views may still ask.
  watch.expect(404, /^\/v1\/(tenants\/acme|live)$/);
  await openSignedIn(page, "/overview");
  await page.getByRole("heading", { name: "Begin with a tenant", exact: true }).waitFor();
  await expectGoodLooks(page, "overview, no tenant");
  await page.getByRole("link", { name: "New tenant" }).click();
  await page.getByRole("heading", { name: "No tenants yet", exact: true }).waitFor();
  await expectGoodLooks(page, "tenants, none");

  await makeTenant(page);
  await changeTenant(page);
  const key = await makeKey(page);
  await expectGoodLooks(page, "tenant");
  await useKey(key, 202);

  await views(page).getByRole("link", { name: "API keys", exact: true }).click();
  const row = page.getByRole("table", { name: "API keys" }).getByRole("row", { name: "checkout" });
  await row.getByText("publish events").waitFor();
  await expectGoodLooks(page, "api keys");
  assert.ok(!(await page.content()).includes(key), "a key is shown once");
  await row.getByRole("button", { name: "Delete the key checkout" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete key" }).click();
  await row.waitFor({ state: "detached" });
  await useKey(key, 401);

  await givePortalLink(page);
  await deleteTenant(page);

  await views(page).getByRole("link", { name: "Audit" }).click();
  const audit = page.getByRole("table", { name: "Changes of the configuration" });
  for (const change of [
    "Tenant made",
    "Tenant changed",
    "API key made",
    "API key deleted",
    "Tenant deleted",
  ]) {
    await audit.getByText(change).first().waitFor();
  }
  await expectGoodLooks(page, "audit");
});

journey("an operator's key from the dashboard opens the dashboard", async ({ page }) => {
  await openSignedIn(page, "/api-keys");
  await page.getByRole("button", { name: "New key" }).first().click();
  const making = page.getByRole("dialog", { name: "New API key" });
  await making.getByRole("button", { name: "Create the key" }).click();
  await making.getByText("Say which tenant it is for.").waitFor();
  await making.getByRole("radio", { name: "Operators" }).check();
  await making.getByLabel("Name").fill("a colleague");
  await making.getByRole("button", { name: "Create the key" }).click();
  const key = await copyOnce(page, "Copy the key");
  await page.getByRole("button", { name: "I have stored it" }).click();

  const colleague = await visitor();
  await colleague.page.goto("/dashboard/");
  await enterKey(colleague.page, key);
  await colleague.page.waitForURL("**/dashboard/overview");
  await colleague.page.getByRole("heading", { name: "Overview", exact: true }).waitFor();
  colleague.watch.verify();
  await colleague.context.close();
});

function views(/** @type {import("playwright-core").Page} */ page) {
  return page.getByRole("navigation", { name: "Views" });
}

/** @param {import("playwright-core").Page} page */
async function makeTenant(page) {
  await page.getByRole("button", { name: "New tenant" }).first().click();
  const making = page.getByRole("dialog", { name: "New tenant" });
  await making.getByRole("textbox", { name: "Id" }).fill("Not An Id");
  await making.getByRole("button", { name: "Create the tenant" }).click();
  await making.getByRole("textbox", { name: "Id" }).and(page.locator('[aria-invalid="true"]')).waitFor();
  await expectGoodLooks(page, "tenant, new");
  await making.getByRole("textbox", { name: "Id" }).fill("acme");
  await making.getByRole("textbox", { name: "Name" }).fill("Acme");
  await making.getByRole("button", { name: "Create the tenant" }).click();
  await page.waitForURL("**/dashboard/tenants/acme");
  await page.getByRole("heading", { name: "Acme", exact: true }).waitFor();
}

/** @param {import("playwright-core").Page} page */
async function changeTenant(page) {
  const settings = page.getByRole("region", { name: "Settings" });
  await settings.getByLabel("Quota").fill("50");
  await settings.getByRole("button", { name: "Save" }).click();
  await page.getByText("The settings were saved.").waitFor();
  await page.reload();
  assert.equal(await settings.getByLabel("Quota").inputValue(), "50");
}

/** @param {import("playwright-core").Page} page */
async function makeKey(page) {
  await page.getByRole("button", { name: "New key" }).first().click();
  const making = page.getByRole("dialog", { name: "New API key" });
  await making.getByLabel("Name").fill("checkout");
  await making.getByRole("radio", { name: "Publish events" }).check();
  await expectGoodLooks(page, "api key, new");
  await making.getByRole("button", { name: "Create the key" }).click();
  await page.getByRole("dialog", { name: "Your new API key" }).waitFor();
  await page.keyboard.press("Escape");
  const key = await copyOnce(page, "Copy the key");
  await expectGoodLooks(page, "api key, made");
  await page.getByRole("button", { name: "I have stored it" }).click();
  await page.getByRole("table", { name: "API keys of acme" }).getByText("checkout").waitFor();
  return key;
}

/** @param {import("playwright-core").Page} page */
async function givePortalLink(page) {
  await views(page).getByRole("link", { name: "Tenants", exact: true }).click();
  await page.getByRole("link", { name: "Settings, keys and portal of Acme" }).click();
  const portal = page.getByRole("region", { name: "Portal" });
  await portal.getByRole("radio", { name: "Manage" }).check();
  await portal.getByLabel("Name").fill("Ada");
  await portal.getByRole("button", { name: "Create the portal link" }).click();
  const link = await copyOnce(page, "Copy the link");
  await expectGoodLooks(page, "portal link");

  const ada = await visitor();
  await ada.page.goto(link);
  await ada.page.waitForURL("**/portal/t/acme/overview");
  await ada.page.getByText("Ada").waitFor();

  await portal.getByRole("button", { name: "End all sessions" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End all" }).click();
  await page.getByText("All portal links and sessions of this tenant have ended.").waitFor();
  ada.watch.expect(401, /^\/v1\//);
  await ada.page.getByRole("link", { name: "Webhooks" }).click();
  await ada.page.getByRole("heading", { name: "You need a new link", exact: true }).waitFor();
  ada.watch.verify();
  await ada.context.close();
}

/** @param {import("playwright-core").Page} page */
async function deleteTenant(page) {
  await page.getByRole("button", { name: "Delete tenant" }).click();
  const sure = page.getByRole("dialog", { name: "Delete the tenant acme?" });
  const button = sure.getByRole("button", { name: "Delete tenant" });
  assert.ok(await button.isDisabled(), "a slip of the hand deletes nothing");
  await sure.getByLabel("Type acme to confirm").fill("acme");
  await expectGoodLooks(page, "tenant, deleting");
  await button.click();
  await page.getByText("The tenant acme was deleted.").waitFor();
  await page.getByRole("heading", { name: "No tenants yet", exact: true }).waitFor();
  assert.equal(await page.getByRole("row", { name: "acme" }).count(), 0);
}

/**
 * What a button copies, which is also what is shown.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} button
 */
async function copyOnce(page, button) {
  await page.getByRole("button", { name: button }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  await page.getByText(copied, { exact: true }).first().waitFor();
  return copied;
}

async function useKey(/** @type {string} */ key, /** @type {number} */ status) {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const body = JSON.stringify({ type: "order.paid", data: {} });
  const answer = await fetch(`${BASE_URL}/v1/events`, { method: "POST", headers, body });
  assert.equal(answer.status, status, await answer.text());
}
