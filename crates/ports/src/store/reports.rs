//! What is asked about what happened.

use async_trait::async_trait;
use bytes::Bytes;
use fanfare_domain::delivery::{DeliveryRef, DeliveryStatus, Position};
use fanfare_domain::ids::{AttemptId, DeliveryId, EventId, TenantNumber, WebhookId};
use fanfare_domain::time::Timestamp;

use super::StoreError;

/// Where a list goes on: opaque text that the adapter made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub String);

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows, 1 to 200.
    pub limit: u32,
    /// Where the page before ended. A cursor that the adapter did not make begins at the beginning.
    pub after: Option<Cursor>,
}

/// A part of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; `None` if this was the last.
    pub next: Option<Cursor>,
}

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of this type exactly.
    pub event_type: Option<String>,
    /// About this.
    pub subject: Option<String>,
    /// Accepted at or after.
    pub since: Option<Timestamp>,
    /// Accepted before.
    pub until: Option<Timestamp>,
    /// `true`: at least one delivery and all `success`; `false`: some delivery not `success`.
    pub delivered: Option<bool>,
}

/// An event, without its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// Its id.
    pub id: EventId,
    /// Its type.
    pub event_type: String,
    /// What it is about.
    pub subject: Option<String>,
    /// When it happened.
    pub created: Timestamp,
    /// When it was accepted.
    pub accepted: Timestamp,
    /// Where its data lies.
    pub position: Position,
    /// `None`: no deliveries; else whether all of them succeeded.
    pub delivered: Option<bool>,
}

/// Which deliveries of a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// In this state.
    pub status: Option<DeliveryStatus>,
    /// Of events of this type exactly.
    pub event_type: Option<String>,
    /// Whose event was accepted at or after.
    pub since: Option<Timestamp>,
    /// Whose event was accepted before.
    pub until: Option<Timestamp>,
}

/// A delivery as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// What it is.
    pub reference: DeliveryRef,
    /// Its event.
    pub event: EventId,
    /// Its event's type.
    pub event_type: String,
    /// How it stands.
    pub status: DeliveryStatus,
    /// Why it failed, in [`fanfare_domain::delivery::FailureReason`]'s words.
    pub error: Option<String>,
    /// The newest attempt's status.
    pub status_code: Option<u16>,
    /// How long the newest attempt took, in milliseconds.
    pub response_time_ms: Option<u32>,
    /// The newest attempt's number; 0 if there was none.
    pub attempt: u16,
    /// When the next attempt is due, while it is retrying.
    pub next_attempt_at: Option<Timestamp>,
    /// When its event was accepted.
    pub created_at: Timestamp,
}

/// An attempt as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// Its id.
    pub id: AttemptId,
    /// Its place in the schedule.
    pub number: u16,
    /// Whether somebody asked for it.
    pub manual: bool,
    /// Whether its worker had lost the delivery to another meanwhile.
    pub late: bool,
    /// When it started.
    pub started_at: Timestamp,
    /// The answer's status.
    pub status_code: Option<u16>,
    /// How long it took, in milliseconds.
    pub response_time_ms: u32,
    /// What went wrong.
    pub error: Option<String>,
    /// What was sent, redacted.
    pub request_headers: Vec<(String, String)>,
    /// What came back.
    pub response_headers: Vec<(String, String)>,
    /// The first 16 KiB of what came back.
    pub response_body: Bytes,
}

/// A subject and its newest event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectRow {
    /// What events are about.
    pub subject: String,
    /// The newest event about it.
    pub newest: EventRow,
}

/// What has been counted for a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookStats {
    /// When the newest attempt started.
    pub last_triggered: Option<Timestamp>,
    /// Attempts that succeeded.
    pub success_count: u64,
    /// Attempts that failed.
    pub failure_count: u64,
    /// Failures in a row.
    pub consecutive_failures: u32,
    /// When the first failure in a row started.
    pub first_failure_at: Option<Timestamp>,
    /// When the last success started.
    pub last_success_at: Option<Timestamp>,
}

/// Questions about what happened. Lists are newest first (by acceptance, then id) and stable while rows are added.
#[async_trait]
pub trait Reports: Send + Sync + 'static {
    /// A tenant's events.
    async fn events(
        &self,
        tenant: TenantNumber,
        filter: &EventFilter,
        page: PageRequest,
    ) -> Result<Page<EventRow>, StoreError>;
    /// One event.
    async fn event(&self, tenant: TenantNumber, id: &EventId) -> Result<Option<EventRow>, StoreError>;
    /// An event's deliveries, all runs, newest first; at most 1,000.
    async fn deliveries_of(&self, tenant: TenantNumber, event: &EventId) -> Result<Vec<DeliveryRow>, StoreError>;
    /// A webhook's deliveries.
    async fn deliveries(
        &self,
        tenant: TenantNumber,
        webhook: WebhookId,
        filter: &DeliveryFilter,
        page: PageRequest,
    ) -> Result<Page<DeliveryRow>, StoreError>;
    /// One delivery.
    async fn delivery(&self, tenant: TenantNumber, id: DeliveryId) -> Result<Option<DeliveryRow>, StoreError>;
    /// A delivery's attempts, in order.
    async fn attempts(&self, tenant: TenantNumber, delivery: &DeliveryRef) -> Result<Vec<AttemptRow>, StoreError>;
    /// A tenant's subjects, those with the newest events first; `delivered` judges the newest event.
    async fn subjects(
        &self,
        tenant: TenantNumber,
        delivered: Option<bool>,
        page: PageRequest,
    ) -> Result<Page<SubjectRow>, StoreError>;
    /// What has been counted for webhooks; in the order asked, zeros for unknown ones.
    async fn stats(&self, tenant: TenantNumber, webhooks: &[WebhookId]) -> Result<Vec<WebhookStats>, StoreError>;
}
