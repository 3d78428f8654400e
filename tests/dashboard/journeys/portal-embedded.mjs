import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after } from "node:test";

import { expectAccessible } from "../browser/accessible.mjs";
import { told } from "../browser/environment.mjs";
import { journey, visitor } from "../browser/journey.mjs";
import { keepPicture } from "../browser/screens.mjs";

const TENANT = told("TENANT");
/** As if a proxy before the system spoke TLS with the browser: then other sites may embed the portal. */
const BEHIND_TLS = { extraHTTPHeaders: { "x-forwarded-proto": "https" } };

const allowed = await host(Number(told("ALLOWED_PORT")));
const foreign = await host(Number(told("FOREIGN_PORT")));

journey("a page of an allowed origin shows the portal", async () => {
  const customer = await visitor(BEHIND_TLS);
  customer.watch.allow(allowed);
  const { page } = customer;
  await page.goto(`${allowed}/?${new URLSearchParams({ portal: told("LINK") })}`);
  const portal = page.frameLocator("iframe");
  await portal.getByRole("heading", { name: "Overview", exact: true }).waitFor();
  await portal.getByRole("link", { name: "Webhooks" }).first().click();
  await portal.getByRole("table", { name: "Webhooks" }).getByRole("link").click();
  await portal.getByRole("table", { name: "Deliveries" }).getByText("Failed").waitFor();
  await expectAccessible(page, "a page with the portal in it");
  await keepPicture(page, "portal-embedded");

  const [session] = await customer.context.cookies();
  assert.deepEqual([session.sameSite, session.secure, session.httpOnly], ["None", true, true]);
  assert.ok(session.partitionKey, "the session is of this site alone");
  customer.watch.verify();
  await customer.context.close();
});

journey("a page of another origin does not", async ({ page, watch }) => {
  watch.allow(foreign);
  await page.goto(`${foreign}/?${new URLSearchParams({ portal: told("SECOND_LINK") })}`);
  await expectRefused(page, watch);
});

journey("the dashboard is embedded nowhere", async ({ page, watch }) => {
  watch.allow(allowed);
  await page.goto(
    `${allowed}/?${new URLSearchParams({ portal: new URL(`/dashboard/t/${TENANT}`, told("LINK")).href })}`,
  );
  await expectRefused(page, watch);
});

/**
 * The browser says that it does not show the frame, which is all that went wrong.
 *
 * @param {import("playwright-core").Page} page
 * @param {import("../browser/watch.mjs").Watch} watch
 */
async function expectRefused(page, watch) {
  while (!watch.offences().some((offence) => offence.includes("frame-ancestors"))) {
    await page.waitForEvent("console");
  }
  assert.equal(await page.frameLocator("iframe").getByText("Fanfare").count(), 0);
  watch.forget();
}

/** Somebody's own page with the portal in it, on a port of this machine; gives its origin. */
async function host(/** @type {number} */ port) {
  const server = createServer((request, response) => {
    const portal = new URL(request.url ?? "/", "http://localhost").searchParams.get("portal") ?? "";
    const source = portal.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(
      `<!doctype html><html lang="en"><title>A customer</title><link rel="icon" href="data:,">` +
        `<h1>Your webhooks</h1>` +
        `<iframe title="Webhooks" src="${source}" width="1000" height="600"></iframe></html>`,
    );
  });
  await new Promise((resolve) => server.listen(port, "localhost", () => resolve(undefined)));
  after(() => server.close());
  return `http://localhost:${port}`;
}
