//! Writing down what happened.

use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::health::Facts;
use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_domain::journal::JournalRecord;
use fanfare_domain::time::Timestamp;

use super::StoreError;

/// How a webhook fares, exact whatever the order and repetition of what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookHealth {
    /// Whose.
    pub tenant: TenantNumber,
    /// Which.
    pub webhook: WebhookId,
    /// Failed attempts that started after the last success and after the webhook's `health_since`.
    pub consecutive_failures: u32,
    /// When the first of those started.
    pub first_failure_at: Option<Timestamp>,
    /// When the newest of those started.
    pub last_failure_at: Option<Timestamp>,
    /// When the last success started.
    pub last_success_at: Option<Timestamp>,
}

/// As far as the health tells: not whether the receiver is gone or a delivery used up its attempts.
impl From<&WebhookHealth> for Facts {
    fn from(health: &WebhookHealth) -> Self {
        Self {
            consecutive_failures: health.consecutive_failures,
            first_failure_at: health.first_failure_at,
            last_failure_at: health.last_failure_at,
            gone: false,
            delivery_exhausted: false,
        }
    }
}

/// What writing a batch did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    /// Attempts that had not been written before.
    pub new_attempts: u64,
    /// Records passed over because they belong to days that are no longer kept.
    pub too_old: u64,
    /// Records that could not be written by themselves; they were set aside where an operator finds them.
    pub set_aside: u64,
    /// The health of every webhook that had a failed attempt in the batch, new or not, that counts for it.
    pub health: Vec<WebhookHealth>,
}

/// The log of events, deliveries and attempts.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// Writes a batch in one transaction. Writing the same again changes nothing: rows are found by their ids and the day on
    /// which their event was accepted; counts grow by new attempts only; a delivery's status never moves backwards (rank
    /// first, then attempt number). Attempts and routed records of a delivery may come in any order. A batch that is refused for
    /// its content is halved until the bad record is set aside.
    async fn record(&self, records: &[JournalRecord]) -> Result<Recorded, StoreError>;

    /// Makes room for the days to come (two ahead) and drops what is older than `keep`.
    async fn maintain(&self, now: Timestamp, keep: Duration) -> Result<(), StoreError>;
}
