import assert from "node:assert/strict";

import { OPERATOR_KEY, told } from "../browser/environment.mjs";
import { journey } from "../browser/journey.mjs";

const TENANT = told("TENANT");
/** Longest way from one control to the next that is wanted. */
const MOST_STEPS = 80;

journey("a webhook is added without a pointer", async ({ page, watch }) => {
  await page.goto(`/dashboard/t/${TENANT}/overview`);
  await page.getByLabel("API key", { exact: true }).waitFor();
  await focus(page, "API key");
  await page.keyboard.type(OPERATOR_KEY);
  await page.keyboard.press("Enter");

  await page.getByRole("heading", { name: "Overview", exact: true }).waitFor();
  await focus(page, "Skip to content", { backwards: true });
  await page.keyboard.press("Enter");
  assert.equal(
    await page.evaluate(() => document.activeElement?.id),
    "main",
    "the link leads to the content",
  );

  await focus(page, "Webhooks", { backwards: true });
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Webhooks", level: 1, exact: true }).waitFor();
  await focus(page, "New webhook");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "New webhook", exact: true }).waitFor();

  await focus(page, "URL");
  await page.keyboard.type(told("RECEIVER"));
  await focus(page, "order.paid");
  await page.keyboard.press("Space");
  await focus(page, /^Profile and signature/);
  await page.keyboard.press("Enter");
  await focus(page, "Shared secret (HMAC-SHA256)");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await focus(page, "Create the webhook");
  await page.keyboard.press("Enter");

  await page.getByRole("heading", { name: "Webhook created", exact: true }).waitFor();
  await focus(page, "Copy the secret");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Copied" }).waitFor();
  await focus(page, "TypeScript");
  await page.keyboard.press("ArrowRight");
  await page.getByRole("region", { name: "Verifying code in Python" }).waitFor();
  watch.expect(404, /^\/v1\/deliveries\//);
  await focus(page, "Send a test");
  await page.keyboard.press("Space");
  await page.getByText("Delivered", { exact: true }).waitFor();
});

journey("a dialog keeps the focus and gives it back", async ({ page }) => {
  await page.goto(`/dashboard/t/${TENANT}/event-types`);
  await focus(page, "API key");
  await page.keyboard.type(OPERATOR_KEY);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Event types", exact: true }).waitFor();
  await focus(page, "Describe a type");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Describe a type of event" });
  await dialog.waitFor();
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press("Tab");
    const inside = await dialog.evaluate((element) => element.contains(document.activeElement));
    assert.ok(inside, `after ${step + 1} steps the focus is outside of the dialog`);
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await page.waitForFunction(() => document.activeElement?.textContent === "Describe a type");
});

/**
 * Presses Tab until the control of this name has the focus, and checks that it shows that it has it.
 *
 * @param {import("playwright-core").Page} page
 * @param {string | RegExp} name
 * @param {{backwards?: boolean}} options
 */
async function focus(page, name, { backwards = false } = {}) {
  const way = [];
  for (let step = 0; step < MOST_STEPS; step++) {
    const focused = page.locator(":focus");
    if ((await focused.count()) > 0) {
      const snapshot = await focused.ariaSnapshot();
      way.push(snapshot.split("\n")[0]);
      if (isNamed(snapshot, name)) {
        await expectVisibleFocus(page, snapshot);
        return;
      }
    }
    await page.keyboard.press(backwards ? "Shift+Tab" : "Tab");
  }
  throw new Error(`the keyboard does not reach ${name}; it went\n  ${way.join("\n  ")}`);
}

/**
 * @param {string} snapshot such as `- button "Send a test"`
 * @param {string | RegExp} name
 */
function isNamed(snapshot, name) {
  const [, found] = /^- '?\w+ "((?:[^"\\]|\\.)*)"/.exec(snapshot) ?? [];
  if (found === undefined) return false;
  return typeof name === "string" ? found === name : name.test(found);
}

/**
 * The control with the focus, or something around it, looks other than it does without.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} snapshot
 */
async function expectVisibleFocus(page, snapshot) {
  const changes = await page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement)) return false;
    // What changes slowly changes at once, so that it can be compared.
    const still = new CSSStyleSheet();
    still.replaceSync("* { transition: none !important }");
    document.adoptedStyleSheets.push(still);
    const around = [
      element,
      element.parentElement,
      element.nextElementSibling,
      element.parentElement?.parentElement,
    ];
    const look = () =>
      around.map((one) => {
        if (!one) return "";
        const { outline, boxShadow, borderColor, background, color, transform } = getComputedStyle(one);
        return [outline, boxShadow, borderColor, background, color, transform].join();
      });
    const focused = look();
    element.blur();
    const blurred = look();
    element.focus();
    document.adoptedStyleSheets.pop();
    return focused.some((style, place) => style !== blurred[place]);
  });
  assert.ok(changes, `nothing shows that ${snapshot.split("\n")[0]} has the focus`);
}
