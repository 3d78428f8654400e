import { answered, api, inTenant } from "../api/client";
import { type TestInput, testBody } from "./testBody";
import type { Sent } from "./types";

/** Sends a sample event to a webhook alone. */
export function sendTest(tenant: string, webhook: string, input: TestInput): Promise<Sent> {
  const params = { header: inTenant(tenant), path: { id: webhook } };
  return answered(
    api.POST("/v1/webhooks/{id}/test", { params, body: {}, bodySerializer: () => testBody(input) }),
  );
}
