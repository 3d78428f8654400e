import { told } from "../browser/environment.mjs";
import { journey } from "../browser/journey.mjs";
import { expectGoodLooks } from "../browser/screens.mjs";
import { enterKey } from "../browser/session.mjs";

const OF_TENANT = `/t/${told("TENANT")}`;

/** Each view, and what shows that it is there. */
const VIEWS = [
  ["/overview", "overview of all tenants", "Busiest tenants"],
  ["/tenants", "tenants", "Acme"],
  [`/tenants/${told("TENANT")}`, "tenant", "Default profile"],
  ["/api-keys", "api keys", "New key"],
  ["/audit", "audit", "Tenant made"],
  ["/nowhere", "not found", "There is nothing at this address"],
  [`${OF_TENANT}/overview`, "overview", "Who fails now"],
  [`${OF_TENANT}/webhooks`, "webhooks", "the bookkeeping"],
  [`${OF_TENANT}/webhooks/new`, "webhook, new", "What your receiver gets"],
  [`${OF_TENANT}/webhooks/${told("WEBHOOK")}`, "webhook", "order.refunded"],
  [`${OF_TENANT}/webhooks/${told("BROKEN")}`, "webhook, failing", "Failing"],
  [`${OF_TENANT}/webhooks/${told("BROKEN")}?tab=settings`, "webhook, settings", "Rotate the secret"],
  [`${OF_TENANT}/webhooks/${told("BROKEN")}?tab=replay`, "webhook, replay", "Count them"],
  [`${OF_TENANT}/webhooks/${told("BROKEN")}?tab=test`, "webhook, test", "Send the test"],
  [`${OF_TENANT}/webhooks/${told("BROKEN")}?tab=verify`, "webhook, verify", "import"],
  [`${OF_TENANT}/deliveries/${told("DELIVERY")}`, "delivery", "the orders database is down"],
  [`${OF_TENANT}/events`, "events", "refunded-0"],
  [`${OF_TENANT}/events/${told("EVENT")}`, "event", "Journey"],
  [`${OF_TENANT}/event-types`, "event types", "An order was paid"],
  [`${OF_TENANT}/event-types/order.paid`, "event type", "12.50"],
  [`${OF_TENANT}/event-types/order.paid?edit`, "event type, form", "Meaning"],
];

journey("every view in both themes and on a telephone", async ({ page }) => {
  await page.goto("/dashboard/");
  await enterKey(page, told("OPERATOR_KEY"));
  await page.getByRole("heading", { name: "Overview", exact: true }).waitFor();
  for (const [path, view, shown] of VIEWS) {
    await page.goto(`/dashboard${path}`);
    await page.getByText(shown).first().waitFor();
    await page.getByText("Loading…").first().waitFor({ state: "detached" });
    await expectGoodLooks(page, `view ${view}`);
  }
});
