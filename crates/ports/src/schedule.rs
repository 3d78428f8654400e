//! What waits, and for when. A view of the journal, which carries its own position in it.

use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::delivery::{DeliveryRef, Position};
use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_domain::journal::{PaceKind, Restated};
use fanfare_domain::time::Timestamp;

use crate::Cause;

/// Largest attempt number that an entry can carry.
pub const LARGEST_ATTEMPT: u16 = 1023;

/// How many times as fast a measured pace is after a second without another park; so it doubles in some three seconds, and
/// has grown a thousandfold in 31.
pub const MEASURED_GROWTH: f64 = 1.25;
/// The pace, in deliveries a second, at which a measured one grows no further.
pub const MEASURED_LIMIT: f64 = 10_000.0;

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
    /// queue's pace is from now on what this says, whatever it was before.
    ///
    /// A pace that is a limit is never exceeded. A measured one is where the queue begins: it grows without a break, to
    /// [`MEASURED_GROWTH`] times as much each second, up to [`MEASURED_LIMIT`], until the next park sets it again. So a queue
    /// whose deliveries are parked once more keeps to what is measured, and one whose webhook has recovered is soon empty.
    Park {
        /// Which delivery.
        delivery: DeliveryRef,
        /// The attempt that it waits for, at most [`LARGEST_ATTEMPT`].
        attempt: u16,
        /// When it may go at the earliest, and its place in the order.
        due: Timestamp,
        /// Deliveries a second that the queue lets through; more than zero.
        per_second: f64,
        /// How many may go at once after a pause; at least 1. At a measured pace, as many as that has grown to in a second,
        /// if that is more.
        burst: u32,
        /// What the pace is.
        pace: PaceKind,
    },
    /// The delivery no longer waits.
    Remove {
        /// Which delivery.
        delivery: DeliveryRef,
    },
    /// The delivery waits as is told here, if the schedule is being read anew and `sequence` is no further than it was told
    /// then (see [`Schedule::begin_anew`]); whatever entry it had is replaced. Else this changes nothing: the schedule has
    /// seen the record that is restated and all that came of it.
    Restate {
        /// What is restated.
        entry: Restated,
        /// Where in the journal it is.
        sequence: u64,
    },
}

/// What became of asking for the right to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lead {
    /// Who asked has it.
    Held {
        /// [`Schedule::position`] at that moment.
        at: Option<Position>,
    },
    /// Another process has it.
    Refused,
}

impl Lead {
    /// Whether who asked has it.
    #[must_use]
    pub const fn is_held(self) -> bool {
        matches!(self, Self::Held { .. })
    }
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

/// What deliveries wait for, and when that was so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LookedUp {
    /// Those that wait, in any order. Of a claimed one its time is the end of the claim.
    pub entries: Vec<Restated>,
    /// [`Schedule::position`] at that moment.
    pub position: Option<Position>,
}

/// The earliest time that any entry waits for, and when that was so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earliest {
    /// That time (for claimed ones, the end of the claim), if anything waits.
    pub due: Option<Timestamp>,
    /// [`Schedule::position`] at that moment.
    pub position: Option<Position>,
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
    /// When the next entry falls due or a queue's gate opens, growing paces included, if anything waits.
    pub next: Option<Timestamp>,
    /// When the claim was made, by the clock that the schedule goes by.
    pub now: Timestamp,
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

    /// Takes or renews, for `holder`, the right to apply, for `ttl`, unless another holds it.
    async fn lead(&self, holder: &str, ttl: Duration) -> Result<Lead, ScheduleError>;

    /// Applies `changes`, in order, and moves the position from `from` to `to`, all or nothing.
    async fn apply(
        &self,
        holder: &str,
        from: Option<Position>,
        to: Position,
        changes: &[Change],
    ) -> Result<Applied, ScheduleError>;

    /// Moves the position from `from` to the journal's beginning (sequence 0), keeping what waits. What is restated up to the
    /// sequence `until` counts from now on, until this is done again: whoever goes on applying, now or after a restart, finds
    /// it noted beside the position.
    async fn begin_anew(&self, holder: &str, from: Option<Position>, until: u64) -> Result<Applied, ScheduleError>;

    /// Takes up to `limit` entries that are due, hiding each from other claims for `lease`. Webhooks' own queues let
    /// through what their pace allows, which a measured one works out from the time of the claim.
    async fn claim(&self, lease: Duration, limit: usize) -> Result<Claimed, ScheduleError>;

    /// Removes claimed entries, except those put or claimed again since.
    async fn finish(&self, claims: &[Claim]) -> Result<(), ScheduleError>;

    /// What these deliveries, each named once, wait for. All are looked for at one moment, wherever they are.
    async fn look_up(&self, deliveries: &[DeliveryRef]) -> Result<LookedUp, ScheduleError>;

    /// The earliest time that any entry waits for.
    async fn earliest(&self) -> Result<Earliest, ScheduleError>;

    /// How many entries there are.
    async fn waiting(&self) -> Result<u64, ScheduleError>;

    /// Removes all entries of a webhook's own queue and moves them among those that wait for a time, due now. Used when a
    /// webhook's limits are lifted or it is gone, so that nothing waits for a pace that no longer is.
    async fn open_gate(&self, webhook: WebhookId) -> Result<(), ScheduleError>;

    /// Removes everything of a tenant.
    async fn erase(&self, tenant: TenantNumber) -> Result<(), ScheduleError>;
}
