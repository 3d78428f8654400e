import { expect, it } from "vitest";
import { actionWords, actorWords, targetPath } from "./auditWords";

const LINE = {
  at: "2026-03-15T10:00:00.000Z",
  actor: "operator",
  tenant: "acme",
  target: "wh_1",
  fields: [],
};

it("says what was done, and keeps words that it does not know", () => {
  expect(actionWords("webhook.update")).toBe("Webhook changed");
  expect(actionWords("api_key.delete")).toBe("API key deleted");
  expect(actionWords("gadget.turned_round")).toBe("gadget turned round");
  expect(actionWords("test")).toBe("test");
});

it("says who did it", () => {
  expect(actorWords("fanfare")).toBe("Fanfare itself");
  expect(actorWords("key_01")).toBe("key_01");
});

it("leads to what was changed, unless it is gone", () => {
  expect(targetPath({ ...LINE, action: "webhook.update" })).toBe("/t/acme/webhooks/wh_1");
  expect(targetPath({ ...LINE, action: "webhook.delete" })).toBeUndefined();
  expect(targetPath({ ...LINE, action: "webhook.update", tenant: null })).toBeUndefined();
  expect(targetPath({ ...LINE, action: "tenant.update", target: "acme" })).toBe("/tenants/acme");
});
