//! Webhooks that rules switch off, and what operators are told of it.

use std::sync::Arc;

use async_trait::async_trait;
use fanfare_domain::event_type::EventType;
use fanfare_domain::ids::EventId;
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::Webhook;
use serde::{Deserialize, Serialize};

use super::{AuditEntry, StoreError};

/// An event of the reserved tenant that has to be published: what happened, as it was then, whatever changes until it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The event's id, the same however often it is published: repeats are one event.
    pub id: EventId,
    /// The event's type.
    pub event_type: EventType,
    /// What it is about.
    pub subject: Option<Arc<str>>,
    /// When it happened.
    pub created: Timestamp,
    /// The event's data: any JSON value, as text.
    pub data: String,
}

/// Notices that are not in the queue yet. They are kept apart from the queue, so that a full one delays them and nothing else.
#[async_trait]
pub trait Notices: Send + Sync + 'static {
    /// Puts `webhook`, which a rule has switched off, as [`Change::PutWebhook`](super::Change::PutWebhook) does, and keeps
    /// `notice` until it is announced; all or nothing. [`StoreError::Conflict`] and [`StoreError::NotFound`] as there.
    async fn disable(&self, webhook: Box<Webhook>, notice: &Notice, audit: AuditEntry) -> Result<(), StoreError>;

    /// Up to `limit` of the oldest notices, kept from others who ask for some seconds. Whatever is not [`Self::announced`]
    /// by then is handed out again.
    async fn unannounced(&self, limit: u32) -> Result<Vec<Notice>, StoreError>;

    /// Forgets a notice, since its event is stored.
    async fn announced(&self, notice: &EventId) -> Result<(), StoreError>;
}
