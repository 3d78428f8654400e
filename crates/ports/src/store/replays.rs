//! Sending past events once more.

use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::event_type::Pattern;
use fanfare_domain::ids::{ReplayId, TenantNumber, WebhookId};
use fanfare_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Cursor, EventRow, StoreError};

/// Which events a replay takes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayOnly {
    /// Those with a delivery to this webhook, none of whose runs succeeded, and one failed.
    Failed,
    /// Those without a delivery to this webhook.
    Missing,
    /// All.
    All,
}

/// How far a replay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayState {
    /// Under way.
    Running,
    /// All that matched was published.
    Done,
    /// Its webhook or tenant was deleted.
    Cancelled,
}

/// A replay and its progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// Its id, part of the ids of its deliveries.
    pub id: ReplayId,
    /// Whose.
    pub tenant: TenantNumber,
    /// To which webhook.
    pub webhook: WebhookId,
    /// Events accepted at or after this.
    pub since: Timestamp,
    /// Events accepted before this.
    pub until: Timestamp,
    /// Only these types; empty means those that the webhook subscribed to.
    pub types: Vec<Pattern>,
    /// Which of them.
    pub only: ReplayOnly,
    /// How fast, if not as fast as workers can.
    pub max_per_second: Option<u32>,
    /// Whether its events were only counted; it is done then when it begins.
    #[serde(default)]
    pub dry_run: bool,
    /// How far.
    pub state: ReplayState,
    /// Events that matched when it began.
    pub matched: u64,
    /// Deliveries published so far.
    pub published: u64,
    /// Events whose payload was no longer there.
    pub gone: u64,
    /// Where it goes on.
    pub cursor: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// An event that a replay may take up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The event.
    pub event: EventRow,
    /// Where the list goes on after it.
    pub cursor: Cursor,
}

/// Replays and what they find.
#[async_trait]
pub trait Replays: Send + Sync + 'static {
    /// Notes a new replay.
    async fn begin(&self, replay: &Replay) -> Result<(), StoreError>;
    /// A tenant's replay.
    async fn replay(&self, tenant: TenantNumber, id: ReplayId) -> Result<Option<Replay>, StoreError>;
    /// A running replay that nobody works on, kept from others for `lease`.
    async fn take_up(&self, holder: &str, now: Timestamp, lease: Duration) -> Result<Option<Replay>, StoreError>;
    /// Saves progress (state, published, gone, cursor) and keeps the replay for another `lease`;
    /// [`StoreError::Conflict`] if `holder` lost it.
    async fn advance(&self, holder: &str, now: Timestamp, lease: Duration, replay: &Replay) -> Result<(), StoreError>;
    /// Events that were published for everybody (no pings, no tests) in the replay's time and of its `only`, oldest first, of any type, after
    /// `cursor`. Deliveries of the replay's own run count as not there, so that going on finds what was not published yet.
    async fn candidates(
        &self,
        replay: &Replay,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<Candidate>, StoreError>;
}
