import assert from "node:assert/strict";

import { told } from "../browser/environment.mjs";
import { journey } from "../browser/journey.mjs";
import { eventually, Rest } from "../browser/rest.mjs";
import { expectGoodLooks } from "../browser/screens.mjs";
import { openSignedIn } from "../browser/session.mjs";

const TENANT = told("TENANT");
const WEBHOOK = told("WEBHOOK");
const PATH = `/t/${TENANT}/webhooks/${WEBHOOK}`;
const rest = new Rest(TENANT);

journey("a webhook is paused and resumed", async ({ page }) => {
  await openSignedIn(page, PATH);
  await page.getByRole("heading", { name: "Nothing was sent yet", exact: true }).waitFor();
  await expectGoodLooks(page, "webhook, new and quiet");

  await page.getByRole("button", { name: "Pause" }).click();
  const sure = page.getByRole("dialog", { name: "Pause the webhook?" });
  await expectGoodLooks(page, "webhook, pausing");
  await sure.getByRole("button", { name: "Pause" }).click();
  await page.getByText("Nothing is sent until it is resumed.").waitFor();
  assert.equal((await webhookNow()).is_active, false);
  await expectGoodLooks(page, "webhook, paused");
  const missed = await rest.publish("order.paid", { while: "paused" });
  await eventually(
    "the event was routed",
    async () => (await rest.get(`/v1/events/${missed}`).catch(() => null)) !== null,
  );

  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByText("The webhook is active again.").waitFor();
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await rest.publish("order.paid", { while: "active" });
  // It shows without anybody asking for it.
  await page.getByRole("table", { name: "Deliveries" }).getByText("Delivered").waitFor();
});

journey("the secret is rotated with an overlap", async ({ page }) => {
  await openSignedIn(page, `${PATH}?tab=settings`);
  await page.getByRole("button", { name: "Rotate the secret" }).click();
  const rotating = page.getByRole("dialog", { name: "Rotate the secret" });
  await rotating.getByLabel("How long the old secret goes on signing").selectOption("1 hour");
  await expectGoodLooks(page, "webhook, rotating");
  await rotating.getByRole("button", { name: "Rotate", exact: true }).click();
  await rotating.getByText("The old secret signs until").waitFor();

  // A slip of the hand must not lose what is shown once.
  await page.keyboard.press("Escape");
  await rotating.getByRole("button", { name: "Copy the secret" }).click();
  await rotating.getByRole("button", { name: "Copied" }).waitFor();
  const secret = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(secret, /^whsec_/);
  assert.notEqual(secret, told("SECRET"));
  await expectGoodLooks(page, "webhook, rotated");
  await rotating.getByRole("button", { name: "I have kept it" }).click();
  await page.getByText("The secret before signs until").waitFor();
  assert.ok(!(await page.content()).includes(secret), "the secret is shown once");
  assert.ok(Date.parse((await webhookNow()).previous_secret_until) > Date.now() + 3_000_000);
});

journey("settings are changed, and only those", async ({ page, watch }) => {
  await openSignedIn(page, `${PATH}?tab=settings`);
  const save = page.getByRole("button", { name: "Save" });
  assert.ok(await save.isDisabled());
  await page.getByRole("button", { name: /^Description and notes/ }).click();
  await page.getByLabel("Description", { exact: true }).fill("the shop's own");
  await page.getByRole("button", { name: /^Limits/ }).click();
  await page.getByLabel("Time limit for an answer").fill("10s");
  await page.getByRole("button", { name: /^Headers/ }).click();
  await page.getByRole("button", { name: "Add a header" }).click();
  await page.getByLabel("Header 1").fill("X-Shop");
  await page.getByLabel("Value of X-Shop").fill("corner");
  await page.getByRole("button", { name: /^Retries/ }).click();
  await page.getByRole("switch", { name: "A schedule of its own" }).check({ force: true });
  await page.getByRole("button", { name: "Remove attempt 10" }).click();
  await expectGoodLooks(page, "webhook, settings");
  const before = await webhookNow();
  await save.click();
  await page.getByText("The changes are saved.").waitFor();

  const after = await webhookNow();
  assert.deepEqual(
    [after.description, after.timeout, after.headers],
    ["the shop's own", "10s", { "X-Shop": "…" }],
  );
  assert.equal(after.retry.delays.length, 9);
  assert.deepEqual([after.url, after.events, after.auth], [before.url, before.events, before.auth]);
  await page.getByRole("heading", { name: "the shop's own", level: 1, exact: true }).waitFor();

  // What the server refuses is said at its field.
  watch.expect(400, /^\/v1\/webhooks\//);
  await page.getByLabel("Time limit for an answer").fill("10h");
  await save.click();
  const limit = page.getByLabel("Time limit for an answer");
  await limit.and(page.locator('[aria-invalid="true"]')).waitFor();
  await page.getByRole("button", { name: "Discard the changes" }).click();
  assert.equal(await limit.inputValue(), "10s");
});

journey("a webhook is deleted", async ({ page, watch }) => {
  watch.expect(404, new RegExp(`^/v1/webhooks/${WEBHOOK}`));
  await openSignedIn(page, PATH);
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  const sure = page.getByRole("dialog", { name: "Delete the webhook?" });
  await sure.getByText(told("RECEIVER")).waitFor();
  await sure.getByRole("button", { name: "Delete the webhook" }).click();
  await page.getByText("The webhook is deleted.").waitFor();
  await page.getByRole("heading", { name: "No webhooks yet", exact: true }).waitFor();
  await page.goto(`/dashboard${PATH}`);
  await page.getByRole("heading", { name: "It is not there", exact: true }).waitFor();
  await expectGoodLooks(page, "webhook, deleted");
});

function webhookNow() {
  return rest.get(`/v1/webhooks/${WEBHOOK}`);
}
