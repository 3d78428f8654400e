//! What waits, and for when. A view of the journal, which carries its own position in it.

use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::delivery::{DeliveryRef, Position};
use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_domain::time::Timestamp;

use crate::Cause;

/// Largest attempt number that an entry can carry.
pub const LARGEST_ATTEMPT: u16 = 1023;

/// What a journal record changes. One delivery has one entry at most, wherever it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// The delivery waits until `due` for its attempt; whatever entry it had is replaced.
    Put {
        /// Which delivery.
        delivery: DeliveryRef,
        /// The attempt that it waits for, at most [`LARGEST_ATTEMPT`].
        attempt: u16,
        /// When.
        due: Timestamp,
    },
    /// The delivery waits in its webhook's own queue, in the order of `due`; whatever entry it had is replaced, and the
    /// queue's pace is what this says.
    Park {
        /// Which delivery.
        delivery: DeliveryRef,
        /// The attempt that it waits for, at most [`LARGEST_ATTEMPT`].
        attempt: u16,
        /// When it may go at the earliest, and its place in the order.
        due: Timestamp,
        /// Deliveries a second that the queue lets through; more than zero.
        per_second: f64,
        /// How many may go at once after a pause; at least 1.
        burst: u32,
    },
    /// The delivery no longer waits.
    Remove {
        /// Which delivery.
        delivery: DeliveryRef,
    },
}

/// What became of a batch of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// All changes were applied and the position moved.
    Done,
    /// Nothing was applied: the schedule is not where the batch begins. Read on from `at`; `None` is the journal's beginning.
    Elsewhere {
        /// Where the schedule is.
        at: Option<Position>,
    },
    /// Nothing was applied: another process holds the right to apply.
    NotLeader,
}

/// A delivery that is due, hidden from others until the claim's lease ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// Which delivery.
    pub delivery: DeliveryRef,
    /// The attempt that it waited for.
    pub attempt: u16,
    /// When it was due.
    pub due: Timestamp,
    /// Set if it waited in its webhook's own queue.
    pub parked: bool,
    /// Until when it is hidden; proves the claim when it is finished.
    pub until: Timestamp,
}

/// What [`Schedule::claim`] found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claimed {
    /// What is due, those waiting longest first.
    pub claims: Vec<Claim>,
    /// When the next entry falls due or a queue's gate opens, if anything waits.
    pub next: Option<Timestamp>,
    /// [`Schedule::position`] at the moment of the claim. If it is behind what was seen before, the schedule was emptied or
    /// put back, and the claims may be of deliveries that have gone long ago.
    pub position: Option<Position>,
}

/// Why the schedule did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// It cannot be reached or did not answer. Try again.
    #[error("schedule is unavailable")]
    Unavailable(#[source] Cause),
    /// It is set up so that it could forget entries.
    #[error("schedule may lose entries: {0}")]
    Unsafe(String),
}

/// Deliveries that wait for their time. Each is handed out at least once; nothing is handed out before its time. Several
/// processes may claim; claims exclude each other. `now` is an argument in tests' sense only: an adapter whose backend has
/// a clock of its own goes by that one unless it was told otherwise.
#[async_trait]
pub trait Schedule: Send + Sync + 'static {
    /// The journal position up to which changes have been applied; `None` if there is none (new, emptied).
    async fn position(&self) -> Result<Option<Position>, ScheduleError>;

    /// Takes or renews, for `holder`, the right to apply, for `ttl`. False if another holds it.
    async fn lead(&self, holder: &str, ttl: Duration) -> Result<bool, ScheduleError>;

    /// Applies `changes`, in order, and moves the position from `from` to `to`, all or nothing.
    async fn apply(
        &self,
        holder: &str,
        from: Option<Position>,
        to: Position,
        changes: &[Change],
    ) -> Result<Applied, ScheduleError>;

    /// Takes up to `limit` entries that are due, hiding each from other claims for `lease`. Webhooks' own queues let
    /// through what their pace allows.
    async fn claim(&self, lease: Duration, limit: usize) -> Result<Claimed, ScheduleError>;

    /// Removes claimed entries, except those put or claimed again since.
    async fn finish(&self, claims: &[Claim]) -> Result<(), ScheduleError>;

    /// The earliest time that any entry waits for (for claimed ones, the end of the claim).
    async fn earliest(&self) -> Result<Option<Timestamp>, ScheduleError>;

    /// How many entries there are.
    async fn waiting(&self) -> Result<u64, ScheduleError>;

    /// Removes all entries of a webhook's own queue and moves them among those that wait for a time, due now. Used when a
    /// webhook's limits are lifted or it is gone, so that nothing waits for a pace that no longer is.
    async fn open_gate(&self, webhook: WebhookId) -> Result<(), ScheduleError>;

    /// Removes everything of a tenant.
    async fn erase(&self, tenant: TenantNumber) -> Result<(), ScheduleError>;
}
