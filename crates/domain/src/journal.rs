//! What happened, as the services tell it: the records of the journal. Logs writes them down, the scheduler
//! follows those that wait.

use std::sync::Arc;

use crate::attempt::Attempt;
use crate::delivery::{DeliveryRef, Position, Settlement};
use crate::event::{Event, Purpose};
use crate::event_type::EventType;
use crate::ids::{DeliveryId, EventId, ReplayId, Run, TenantNumber, WebhookId};
use crate::time::Timestamp;
use crate::webhook::RateLimit;

/// One record of the journal.
#[derive(Clone, Debug, PartialEq)]
pub enum JournalRecord {
    /// An event was routed.
    Routed(Routed),
    /// A delivery was attempted, or ended without an attempt.
    Attempted(Box<Attempted>),
    /// A delivery waits without having been attempted.
    Parked(Parked),
    /// A delivery still waits, as an earlier record said, which need not be kept for it from now on.
    Restated(Restated),
}

impl JournalRecord {
    /// Whether the scheduler must see it: it changes what waits.
    #[must_use]
    pub fn concerns_schedule(&self) -> bool {
        match self {
            Self::Routed(_) => false,
            Self::Attempted(attempted) => attempted.concerns_schedule(),
            Self::Parked(_) | Self::Restated(_) => true,
        }
    }
}

/// An event, all but its data, and whom it goes to in this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routed {
    /// Whose.
    pub tenant: TenantNumber,
    /// The event.
    pub event: EventId,
    /// Its type.
    pub event_type: EventType,
    /// What it is about.
    pub subject: Option<Arc<str>>,
    /// When it happened.
    pub created: Timestamp,
    /// When it was accepted.
    pub accepted: Timestamp,
    /// Whom it was for.
    pub purpose: Purpose,
    /// Where its data lies in the stream of events.
    pub position: Position,
    /// The size of its data in bytes.
    pub size: u32,
    /// Set if a replay began this run.
    pub replay: Option<ReplayId>,
    /// The webhooks that it goes to, possibly none, each with the delivery's id.
    pub deliveries: Vec<(WebhookId, DeliveryId)>,
}

impl Routed {
    /// What is told of `event`, which is stored at `position`, and of the deliveries that it has in `run`.
    #[must_use]
    pub fn of(event: &Event, position: Position, run: Run, deliveries: Vec<(WebhookId, DeliveryId)>) -> Self {
        Self {
            tenant: event.tenant,
            event: event.id.clone(),
            event_type: event.event_type.clone(),
            subject: event.subject.clone(),
            created: event.created,
            accepted: event.accepted,
            purpose: event.purpose,
            position,
            size: u32::try_from(event.data.len()).unwrap_or(u32::MAX),
            replay: match run {
                Run::First => None,
                Run::Replay(replay) => Some(replay),
            },
            deliveries,
        }
    }

    /// The run that its deliveries belong to.
    #[must_use]
    pub fn run(&self) -> Run {
        self.replay.map_or(Run::First, Run::Replay)
    }
}

/// What follows from an attempt. The worker alone decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// The delivery has ended.
    Settled(Settlement),
    /// The next scheduled attempt has its time.
    Waiting {
        /// When.
        due: Timestamp,
        /// Its number.
        attempt: u16,
    },
    /// Nothing changes: a manual attempt failed.
    Unchanged,
}

/// A delivery's attempt and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// Which delivery.
    pub delivery: DeliveryRef,
    /// Its event; empty ids do not exist, so this is `None` only where the payload was gone.
    pub event: Option<EventId>,
    /// Its event's type, likewise.
    pub event_type: Option<EventType>,
    /// The attempt; `None` if the delivery ended without one.
    pub attempt: Option<Attempt>,
    /// What follows.
    pub follows: Follows,
    /// Whether the schedule may hold an entry for this delivery.
    pub waited: bool,
    /// The worker's lease had lapsed: another has taken the delivery over and decides what follows. This is only logged.
    pub late: bool,
    /// Whether it counts for the webhook's disable rule (pings and tests do not).
    pub counts_for_health: bool,
}

impl Attempted {
    /// Whether the scheduler must see it.
    #[must_use]
    pub fn concerns_schedule(&self) -> bool {
        !self.late
            && match self.follows {
                Follows::Settled(_) => self.waited,
                Follows::Waiting { .. } => true,
                Follows::Unchanged => false,
            }
    }
}

/// Where a parked delivery waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Parking {
    /// Among all that wait for a time: the attempt is in the air, and this entry outlives the worker.
    InFlight,
    /// In its webhook's own queue, let through at a pace.
    Webhook {
        /// Deliveries a second; more than zero.
        per_second: f64,
        /// How many may go at once after a pause; at least 1.
        burst: u32,
        /// What the pace is.
        pace: PaceKind,
    },
}

/// What a queue's pace is, which says for how long it is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaceKind {
    /// What its webhook was given for a limit: never exceeded.
    Limit,
    /// What its webhook was seen to manage. It may manage more by now, so the pace grows for as long as nothing else is said.
    Measured,
}

impl Parking {
    /// In the queue of a webhook that has this limit.
    #[must_use]
    pub fn limited_to(limit: RateLimit) -> Self {
        let burst = limit.burst.map_or_else(|| a_seconds_worth(limit.per_second), Into::into);
        Self::Webhook { per_second: limit.per_second, burst: burst.max(1), pace: PaceKind::Limit }
    }

    /// In the queue of a webhook without a limit, which was seen to manage so many deliveries a second; more than zero.
    #[must_use]
    pub fn measured(per_second: f64) -> Self {
        Self::Webhook { per_second, burst: a_seconds_worth(per_second), pace: PaceKind::Measured }
    }
}

/// As many as a second has, and at least one; the cast stops at `u32::MAX`.
fn a_seconds_worth(per_second: f64) -> u32 {
    (per_second.ceil() as u32).max(1)
}

/// A delivery that waits, for no failing of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parked {
    /// Which delivery.
    pub delivery: DeliveryRef,
    /// The number of the attempt that it waits for.
    pub attempt: u16,
    /// When it may go at the earliest; in a webhook's own queue also its place in the order.
    pub due: Timestamp,
    /// Where it waits.
    pub parking: Parking,
}

/// A delivery that waits, told once more. It is no news: it counts for a schedule alone that may never have seen the record
/// which made the delivery wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Restated {
    /// Which delivery.
    pub delivery: DeliveryRef,
    /// The number of the attempt that it waits for.
    pub attempt: u16,
    /// When it may go at the earliest; in a webhook's own queue also its place in the order.
    pub due: Timestamp,
    /// The pace of its webhook's own queue, if it waits in that one.
    pub queue: Option<QueuePace>,
}

/// How fast a webhook's own queue goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QueuePace {
    /// Deliveries a second; more than zero. A pace that grows is told as what it has grown to.
    pub per_second: f64,
    /// How many may go at once after a pause; at least 1.
    pub burst: u32,
    /// What the pace is.
    pub kind: PaceKind,
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn a_burst_is_what_the_limit_says_or_what_a_second_has() {
        let burst = |parking| match parking {
            Parking::Webhook { burst, .. } => burst,
            Parking::InFlight => 0,
        };
        let limit = |per_second, burst| Parking::limited_to(RateLimit { per_second, burst: NonZeroU32::new(burst) });
        assert_eq!([limit(2.5, 0), limit(0.1, 0), limit(2.5, 7), limit(1e300, 0)].map(burst), [3, 1, 7, u32::MAX]);
        assert_eq!([Parking::measured(1.0), Parking::measured(12.3)].map(burst), [1, 13]);
    }
}
