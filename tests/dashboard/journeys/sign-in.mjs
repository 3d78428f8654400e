import assert from "node:assert/strict";

import { OPERATOR_KEY, told } from "../browser/environment.mjs";
import { journey } from "../browser/journey.mjs";
import { Rest } from "../browser/rest.mjs";
import { expectGoodLooks } from "../browser/screens.mjs";
import { enterKey, openSignedIn } from "../browser/session.mjs";

const TENANT = told("TENANT");
const TENANT_KEY = told("TENANT_KEY");

journey("a wrong key is refused in words", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("heading", { name: "Sign in to Fanfare", exact: true }).waitFor();
  assert.equal(await page.title(), "Sign in · Fanfare");
  await expectGoodLooks(page, "sign-in");

  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Enter your API key.").waitFor();

  await enterKey(page, "no-such-key");
  await page.getByText("No such key.").waitFor();
  await expectGoodLooks(page, "sign-in refused");
  assert.equal(new URL(page.url()).pathname, "/dashboard/sign-in");
});

journey("an operator signs in and out", async ({ page, context }) => {
  await openSignedIn(page, "/overview");
  await page.getByRole("heading", { name: "Overview", exact: true }).waitFor();

  const cookies = await context.cookies();
  assert.equal(cookies.length, 1, JSON.stringify(cookies));
  const [session] = cookies;
  assert.ok(session.httpOnly, "no script reads the session");
  assert.equal(session.sameSite, "Strict");
  assert.ok(session.expires > Date.now() / 1000, "it ends by itself, some day");
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  assert.ok(!stored.includes(OPERATOR_KEY), "the key is kept nowhere");

  await page.reload();
  await page.getByRole("heading", { name: "Overview", exact: true }).waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("API key", { exact: true }).waitFor();
  assert.deepEqual(await context.cookies(), []);
  await page.goto("/dashboard/overview");
  await page.getByLabel("API key", { exact: true }).waitFor();
});

journey("a tenant's key shows its tenant alone", async ({ page, watch }) => {
  await page.goto("/dashboard/");
  await enterKey(page, TENANT_KEY);
  await page.waitForURL(`**/dashboard/t/${TENANT}/overview`);
  const navigation = page.getByRole("navigation", { name: "Views" });
  await navigation.getByRole("link", { name: "Webhooks" }).waitFor();
  assert.equal(await navigation.getByRole("link", { name: "Tenants" }).count(), 0);
  assert.equal(await navigation.getByRole("link", { name: "API keys" }).count(), 0);

  watch.expect(403, /^\/v1\//);
  await page.goto("/dashboard/api-keys");
  await page.getByText("This part is for operators.").waitFor();
  await page.goto("/dashboard/t/another/webhooks");
  await page.getByRole("heading", { name: "There is nothing at this address", exact: true }).waitFor();
});

journey("who loses the session comes back to where it was lost", async ({ page, context, watch }) => {
  await openSignedIn(page, `/t/${TENANT}/webhooks`);
  await page.getByRole("heading", { name: "Webhooks", exact: true }).waitFor();

  watch.expect(401, /^\/v1\//);
  await context.clearCookies();
  await page.getByRole("link", { name: "Events", exact: true }).click();
  await page.getByLabel("API key", { exact: true }).waitFor();
  await enterKey(page, OPERATOR_KEY);
  await page.waitForURL(`**/dashboard/t/${TENANT}/events`);
  await page.getByRole("heading", { name: "Events", exact: true }).waitFor();
});

journey("deleting a key ends its sessions", async ({ page, watch }) => {
  await openSignedIn(page, `/t/${TENANT}/webhooks`, TENANT_KEY);
  await page.getByRole("heading", { name: "Webhooks", exact: true }).waitFor();

  watch.expect(401, /^\/v1\//);
  await new Rest().call("DELETE", `/v1/api-keys/${told("TENANT_KEY_ID")}`);
  await page.getByRole("link", { name: "Events", exact: true }).click();
  await page.getByLabel("API key", { exact: true }).waitFor();
});
