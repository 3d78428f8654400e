//! Events and deliveries as lists show them.

use fanfare_domain::delivery::DeliveryStatus;
use fanfare_domain::ids::{DeliveryId, EventId, ReplayId, Run, WebhookId};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{DeliveryRow, EventRow};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// An event without its data.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Event {
    /// Its id.
    #[schema(value_type = String, example = "evt_01JQ8Z0F4M3B7C9D2E5G6H8J0K")]
    id: EventId,
    /// Its type, as published.
    #[serde(rename = "type")]
    #[schema(example = "qr.scanned")]
    event_type: String,
    /// What it is about.
    subject: Option<String>,
    /// When it happened.
    #[schema(value_type = String, format = DateTime, example = "2026-03-15T10:00:00.000Z")]
    created: Timestamp,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime, example = "2026-03-15T10:00:00.012Z")]
    accepted: Timestamp,
    /// `true`: all of its deliveries succeeded; `false`: some did not, or not yet; `null`: it has none.
    delivered: Option<bool>,
}

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        Self {
            id: row.id,
            event_type: row.event_type,
            subject: row.subject,
            created: row.created,
            accepted: row.accepted,
            delivered: row.delivered,
        }
    }
}

/// One event's way to one webhook, as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Delivery {
    /// Its id.
    #[schema(value_type = String, example = "whd_3F9K2M7Q1R5T8V0X4Z6B9D2G5H")]
    pub(crate) id: DeliveryId,
    /// Its event.
    #[schema(value_type = String)]
    event_id: EventId,
    /// Its event's type.
    #[schema(example = "qr.scanned")]
    event_type: String,
    /// Where it goes.
    #[schema(value_type = String)]
    webhook_id: WebhookId,
    /// The replay that began it, if one did.
    #[schema(value_type = Option<String>)]
    replay_id: Option<ReplayId>,
    /// How it stands.
    #[schema(value_type = Status)]
    status: DeliveryStatus,
    /// Why it failed: `attempts used up`, `410 gone`, `address not allowed`, `webhook inactive`, `expired` or `payload gone`.
    error: Option<String>,
    /// The status of the newest attempt's answer.
    status_code: Option<u16>,
    /// How long the newest attempt took.
    response_time_ms: Option<u32>,
    /// The newest attempt's number; 0 if there was none.
    attempt: u16,
    /// When the next attempt is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
    /// When its event was accepted.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<DeliveryRow> for Delivery {
    fn from(row: DeliveryRow) -> Self {
        Self {
            id: row.reference.id,
            event_id: row.event,
            event_type: row.event_type,
            webhook_id: row.reference.webhook,
            replay_id: match row.reference.run {
                Run::First => None,
                Run::Replay(replay) => Some(replay),
            },
            status: row.status,
            error: row.error,
            status_code: row.status_code,
            response_time_ms: row.response_time_ms,
            attempt: row.attempt,
            next_attempt_at: row.next_attempt_at,
            created_at: row.created_at,
        }
    }
}

/// How a delivery stands; only its words, for the description.
#[derive(ToSchema)]
#[schema(as = DeliveryStatus, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes fanfare_domain's DeliveryStatus, which knows nothing of OpenAPI")]
pub(crate) enum Status {
    /// Nothing has come back yet.
    Pending,
    /// An attempt failed; the next has its time.
    Retrying,
    /// The receiver took it.
    Success,
    /// Given up.
    Failed,
    /// Its webhook was deleted.
    Cancelled,
}

/// Reads a member so that `null` is a value and not an absence.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
