//! What a batch of the journal says about each event, delivery and attempt: one row each, whatever the order and repetition
//! of the records. Stores merge these rows into theirs by the same order that is used here.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::{DeliveryRef, DeliveryStatus, Settlement};
use fanfare_domain::event_type::EventType;
use fanfare_domain::ids::{AttemptId, DeliveryId, EventId, TenantNumber, WebhookId};
use fanfare_domain::journal::{Attempted, Follows, JournalRecord, Routed};
use fanfare_domain::time::{Day, Timestamp};

/// How far a delivery is. The greater of two standings is the one that holds: rank first, then attempt number; what
/// follows only makes the choice between two others independent of their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    /// [`DeliveryStatus::rank`].
    pub rank: u8,
    /// The number of the attempt that it waits for or was settled by; 0 if there was none.
    pub attempt: u16,
    /// When the next attempt is due, while it is retrying.
    pub due: Option<Timestamp>,
    /// Why it failed, in [`fanfare_domain::delivery::FailureReason`]'s words.
    pub error: Option<&'static str>,
}

impl Standing {
    /// What an attempt's record says; `None` if it only logs the attempt.
    fn after(attempted: &Attempted) -> Option<Self> {
        if attempted.late {
            return None;
        }
        match attempted.follows {
            Follows::Unchanged => None,
            Follows::Waiting { due, attempt } => {
                Some(Self { rank: DeliveryStatus::Retrying.rank(), attempt, due: Some(due), error: None })
            }
            Follows::Settled(settlement) => Some(Self {
                rank: settlement.status().rank(),
                attempt: attempted.attempt.as_ref().map_or(0, |attempt| attempt.number),
                due: None,
                error: match settlement {
                    Settlement::Failed(reason) => Some(reason.as_str()),
                    Settlement::Success | Settlement::Cancelled => None,
                },
            }),
        }
    }
}

/// What a list shows of a delivery's newest attempt. The greater of two is the newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NewestAttempt {
    /// Its place in the schedule.
    pub number: u16,
    /// When it started; a manual attempt has the number of the one before it.
    pub started: Timestamp,
    /// The answer's status.
    pub status_code: Option<u16>,
    /// How long it took, in milliseconds.
    pub response_time_ms: u32,
}

impl From<&Attempt> for NewestAttempt {
    fn from(attempt: &Attempt) -> Self {
        Self {
            number: attempt.number,
            started: attempt.started,
            status_code: attempt.status,
            response_time_ms: response_time_ms(attempt),
        }
    }
}

/// How long an attempt took, in milliseconds.
#[must_use]
pub fn response_time_ms(attempt: &Attempt) -> u32 {
    u32::try_from(attempt.duration.as_millis()).unwrap_or(u32::MAX)
}

/// What a batch says about a delivery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoldedDelivery<'a> {
    /// Which.
    pub reference: DeliveryRef,
    /// Its event, where a record names it.
    pub event: Option<&'a EventId>,
    /// Its event's type, likewise.
    pub event_type: Option<&'a EventType>,
    /// Whether a routed record is among them.
    pub routed: bool,
    /// When its event was accepted: exact from a routed record, else rounded down to the second. The later of two holds; both
    /// are of the same day.
    pub accepted: Timestamp,
    /// The furthest standing; pending, if the batch only says that the delivery is there.
    pub standing: Standing,
    /// The newest attempt; late ones are only logged.
    pub newest: Option<NewestAttempt>,
}

impl<'a> FoldedDelivery<'a> {
    const fn of(reference: DeliveryRef, accepted: Timestamp) -> Self {
        let standing = Standing { rank: DeliveryStatus::Pending.rank(), attempt: 0, due: None, error: None };
        Self { reference, event: None, event_type: None, routed: false, accepted, standing, newest: None }
    }

    /// Both together; the same in either order.
    fn merge(&mut self, other: Self) {
        self.event = self.event.or(other.event);
        self.event_type = self.event_type.or(other.event_type);
        self.routed |= other.routed;
        self.accepted = self.accepted.max(other.accepted);
        self.standing = self.standing.max(other.standing);
        self.newest = self.newest.max(other.newest);
    }
}

/// An attempt as it is logged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoldedAttempt<'a> {
    /// Of which delivery.
    pub delivery: DeliveryRef,
    /// The attempt.
    pub attempt: &'a Attempt,
    /// Whether its worker had lost the delivery to another meanwhile.
    pub late: bool,
    /// Whether it counts for the webhook's health.
    pub counts_for_health: bool,
}

impl FoldedAttempt<'_> {
    /// What it means for its webhook; nothing, if it was late.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        (!self.late).then(|| Outcome {
            tenant: self.delivery.tenant,
            webhook: self.delivery.webhook,
            started: self.attempt.started,
            response_time_ms: response_time_ms(self.attempt),
            succeeded: self.attempt.succeeded(),
            counts_for_health: self.counts_for_health,
        })
    }

    /// Whether it is one of the failures that a webhook's failures in a row are counted from.
    #[must_use]
    pub fn is_counted_failure(&self) -> bool {
        self.counts_for_health && !self.late && !self.attempt.succeeded()
    }
}

/// What an attempt means for its webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whose.
    pub tenant: TenantNumber,
    /// Which webhook.
    pub webhook: WebhookId,
    /// When the attempt started.
    pub started: Timestamp,
    /// How long it took, in milliseconds.
    pub response_time_ms: u32,
    /// Whether the receiver took it.
    pub succeeded: bool,
    /// Whether it counts for the webhook's health.
    pub counts_for_health: bool,
}

/// What a batch says, by event, delivery and attempt, each sorted and there once. Ids are unique within the day on which the
/// event was accepted: an id may come again on another day, and is another row then.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folded<'a> {
    /// Events, by tenant, id and day.
    pub events: Vec<&'a Routed>,
    /// Deliveries, by id and day.
    pub deliveries: Vec<FoldedDelivery<'a>>,
    /// Attempts, by delivery, day, id and whether they were late: a late one has the id of the one that its successor made. Of two
    /// that are the same in this the first in the batch is there, as the first written stays.
    pub attempts: Vec<FoldedAttempt<'a>>,
}

impl Folded<'_> {
    /// The webhooks with a failed attempt in the batch that counts for their health, sorted.
    #[must_use]
    pub fn failing_webhooks(&self) -> BTreeSet<(TenantNumber, WebhookId)> {
        let failed = self.attempts.iter().filter(|row| row.is_counted_failure());
        failed.map(|row| (row.delivery.tenant, row.delivery.webhook)).collect()
    }
}

/// Whose a record is, and the day on which its event was accepted.
#[must_use]
pub fn belongs_to(record: &JournalRecord) -> (TenantNumber, Day) {
    match record {
        JournalRecord::Routed(routed) => (routed.tenant, routed.accepted.day()),
        JournalRecord::Attempted(attempted) => (attempted.delivery.tenant, attempted.delivery.accepted().day()),
        JournalRecord::Parked(parked) => (parked.delivery.tenant, parked.delivery.accepted().day()),
        JournalRecord::Restated(restated) => (restated.delivery.tenant, restated.delivery.accepted().day()),
    }
}

/// Folds a batch. Parked and restated records say nothing that is reported, and are passed over.
#[must_use]
pub fn fold<'a>(records: impl IntoIterator<Item = &'a JournalRecord>) -> Folded<'a> {
    let mut events: BTreeMap<(TenantNumber, &EventId, Day), &Routed> = BTreeMap::new();
    let mut deliveries: BTreeMap<(DeliveryId, Day), FoldedDelivery<'_>> = BTreeMap::new();
    let mut attempts: BTreeMap<(DeliveryId, Day, AttemptId, bool), FoldedAttempt<'_>> = BTreeMap::new();
    for record in records {
        match record {
            JournalRecord::Routed(routed) => {
                events.entry((routed.tenant, &routed.event, routed.accepted.day())).or_insert(routed);
                for row in routed_deliveries(routed) {
                    merge(&mut deliveries, row);
                }
            }
            JournalRecord::Attempted(attempted) => {
                merge(&mut deliveries, attempted_delivery(attempted));
                if let Some(attempt) = &attempted.attempt {
                    let day = attempted.delivery.accepted().day();
                    attempts.entry((attempted.delivery.id, day, attempt.id, attempted.late)).or_insert(FoldedAttempt {
                        delivery: attempted.delivery,
                        attempt,
                        late: attempted.late,
                        counts_for_health: attempted.counts_for_health,
                    });
                }
            }
            JournalRecord::Parked(_) | JournalRecord::Restated(_) => {}
        }
    }
    Folded {
        events: events.into_values().collect(),
        deliveries: deliveries.into_values().collect(),
        attempts: attempts.into_values().collect(),
    }
}

fn merge<'a>(deliveries: &mut BTreeMap<(DeliveryId, Day), FoldedDelivery<'a>>, row: FoldedDelivery<'a>) {
    match deliveries.entry((row.reference.id, row.accepted.day())) {
        Entry::Vacant(vacant) => {
            vacant.insert(row);
        }
        Entry::Occupied(mut occupied) => occupied.get_mut().merge(row),
    }
}

fn routed_deliveries(routed: &Routed) -> impl Iterator<Item = FoldedDelivery<'_>> {
    routed.deliveries.iter().map(|(webhook, id)| {
        let reference =
            DeliveryRef::from_parts(*id, routed.tenant, *webhook, routed.position, routed.accepted, routed.run());
        FoldedDelivery {
            event: Some(&routed.event),
            event_type: Some(&routed.event_type),
            routed: true,
            ..FoldedDelivery::of(reference, routed.accepted)
        }
    })
}

fn attempted_delivery(attempted: &Attempted) -> FoldedDelivery<'_> {
    let pending = FoldedDelivery::of(attempted.delivery, attempted.delivery.accepted());
    FoldedDelivery {
        event: attempted.event.as_ref(),
        event_type: attempted.event_type.as_ref(),
        standing: Standing::after(attempted).unwrap_or(pending.standing),
        newest: attempted.attempt.as_ref().filter(|_| !attempted.late).map(NewestAttempt::from),
        ..pending
    }
}

/// What new attempts add to a webhook's counts and health. Only attempts that were not written before belong in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Attempts that succeeded.
    pub successes: u64,
    /// Attempts that failed.
    pub failures: u64,
    /// When the newest started.
    pub last_started: Option<Timestamp>,
    /// When the newest success that counts for health started.
    pub last_success: Option<Timestamp>,
    /// When the failures that count for health started, in any order.
    pub counted_failures: Vec<Timestamp>,
}

/// Tallies new attempts by webhook.
#[must_use]
pub fn tally(new: impl IntoIterator<Item = Outcome>) -> BTreeMap<(TenantNumber, WebhookId), Tally> {
    let mut tallies: BTreeMap<_, Tally> = BTreeMap::new();
    for outcome in new {
        let tally = tallies.entry((outcome.tenant, outcome.webhook)).or_default();
        let started = outcome.started;
        tally.last_started = tally.last_started.max(Some(started));
        if outcome.succeeded {
            tally.successes += 1;
        } else {
            tally.failures += 1;
        }
        match (outcome.counts_for_health, outcome.succeeded) {
            (true, true) => tally.last_success = tally.last_success.max(Some(started)),
            (true, false) => tally.counted_failures.push(started),
            (false, _) => {}
        }
    }
    tallies
}

/// The latest instant whose failures are no longer in a row: those that started after it are. An attempt that starts in the
/// very millisecond of `health_since` counts.
#[must_use]
pub fn in_a_row_after(last_success: Option<Timestamp>, health_since: Option<Timestamp>) -> Timestamp {
    let before_health_since = health_since.map(|since| Timestamp::from_millis(since.as_millis().saturating_sub(1)));
    last_success.max(before_health_since).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests;
