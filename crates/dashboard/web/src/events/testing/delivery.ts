import type { Delivery } from "../queries";

/** A delivery as the API gives it, for tests of what is made of it. */
export function delivery(id: string, status: Delivery["status"], replay: string | null = null): Delivery {
  return {
    id,
    event_id: "evt_1",
    event_type: "order.paid",
    webhook_id: `wh_${id}`,
    replay_id: replay,
    status,
    error: null,
    status_code: null,
    response_time_ms: null,
    attempt: 1,
    next_attempt_at: null,
    created_at: "2026-03-15T10:00:00.000Z",
  };
}
