/** Whether everybody can use a page: axe looks for what keeps somebody from it. */

import { axe } from "./packages.mjs";
import { watchOf } from "./watch.mjs";

const EXAMPLES = 3;
const BARRIERS = new Set(["serious", "critical"]);

/**
 * Has the journey fail if the page as it stands has a serious or critical violation: at its end, so that it
 * tells of all at once.
 *
 * @param {import("playwright-core").Page} page
 * @param {string} view what the failure calls it
 * @returns {Promise<void>}
 */
export async function expectAccessible(page, view) {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    // Style sheets are ours alone, and applied already.
    const found = await window.axe.run(document, { resultTypes: ["violations"], preload: false });
    return found.violations.map(({ id, impact, help, nodes }) => ({
      id,
      impact,
      help,
      nodes: nodes.map(
        ({ html, failureSummary }) => `${html}\n      ${failureSummary?.replaceAll("\n", "\n      ")}`,
      ),
    }));
  });
  const barriers = violations.filter(({ impact }) => BARRIERS.has(impact));
  for (const { id, impact, help, nodes } of barriers) {
    const examples = nodes.slice(0, EXAMPLES).join("\n    ");
    watchOf(page).note(
      `${view} is not accessible: ${id} (${impact}), ${nodes.length} times: ${help}\n    ${examples}`,
    );
  }
}
