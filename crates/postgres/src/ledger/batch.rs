//! A batch, brought together by what it is about: one row an event, a delivery and an attempt, each in the order of their keys,
//! so that two processes which write the same rows wait for each other and do not lock each other out.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::{DeliveryRef, DeliveryStatus, FailureReason, Settlement};
use fanfare_domain::ids::{AttemptId, DeliveryId, EventId, Run, TenantNumber};
use fanfare_domain::journal::{Attempted, Follows, JournalRecord, Routed};
use fanfare_domain::time::{Day, Timestamp};

/// An attempt's key; a late attempt has the id of the one that its successor made.
pub(super) type AttemptKey = (DeliveryId, AttemptId, bool, Day);

#[derive(Default)]
pub(super) struct Batch<'a> {
    pub(super) events: BTreeMap<(TenantNumber, &'a EventId, Day), &'a Routed>,
    pub(super) deliveries: BTreeMap<(DeliveryId, Day), DeliveryState<'a>>,
    pub(super) attempts: BTreeMap<AttemptKey, (&'a Attempted, &'a Attempt)>,
}

impl<'a> Batch<'a> {
    pub(super) fn of(records: impl Iterator<Item = &'a JournalRecord>) -> Self {
        let mut batch = Self::default();
        for record in records {
            match record {
                JournalRecord::Routed(routed) => batch.add_routed(routed),
                JournalRecord::Attempted(attempted) => batch.add_attempted(attempted),
                JournalRecord::Parked(_) | JournalRecord::Restated(_) => {}
            }
        }
        batch
    }

    /// Whether events in it were written before in the usual course of things.
    pub(super) fn replays(&self) -> bool {
        self.events.values().any(|routed| routed.replay.is_some())
    }

    fn add_routed(&mut self, routed: &'a Routed) {
        let day = routed.accepted.day();
        self.events.entry((routed.tenant, &routed.event, day)).or_insert(routed);
        for (webhook, id) in &routed.deliveries {
            let reference =
                DeliveryRef::from_parts(*id, routed.tenant, *webhook, routed.position, routed.accepted, routed.run());
            self.add_state(DeliveryState {
                event: Some((routed.event.as_str(), routed.event_type.as_str())),
                routed: true,
                ..DeliveryState::unknown(reference, routed.accepted)
            });
        }
    }

    fn add_attempted(&mut self, attempted: &'a Attempted) {
        self.add_state(DeliveryState::after(attempted));
        if let Some(attempt) = &attempted.attempt {
            let key = (attempted.delivery.id, attempt.id, attempted.late, attempted.delivery.accepted().day());
            self.attempts.entry(key).or_insert((attempted, attempt));
        }
    }

    fn add_state(&mut self, state: DeliveryState<'a>) {
        match self.deliveries.entry((state.reference.id, state.day())) {
            Entry::Vacant(entry) => {
                entry.insert(state);
            }
            Entry::Occupied(mut entry) => entry.get_mut().merge(state),
        }
    }
}

/// How far a delivery is, as far as some records tell. What is greater comes later, whatever the order of records.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Progress {
    /// The status' rank.
    pub(super) rank: u8,
    /// The number of the attempt that brought it.
    pub(super) decided_by: u16,
    /// When the next one is due.
    pub(super) next: Option<Timestamp>,
}

impl Progress {
    const NONE: Self = Self { rank: DeliveryStatus::Pending.rank(), decided_by: 0, next: None };
}

/// What records tell of a delivery.
pub(super) struct DeliveryState<'a> {
    pub(super) reference: DeliveryRef,
    /// Exact where a routed record told it, else rounded down to the second.
    pub(super) accepted: Timestamp,
    /// The event's id and type.
    pub(super) event: Option<(&'a str, &'a str)>,
    /// Whether a routed record is among them.
    pub(super) routed: bool,
    pub(super) progress: Progress,
    pub(super) error: Option<FailureReason>,
    /// The newest attempt.
    pub(super) newest: Option<&'a Attempt>,
}

impl<'a> DeliveryState<'a> {
    fn unknown(reference: DeliveryRef, accepted: Timestamp) -> Self {
        Self { reference, accepted, event: None, routed: false, progress: Progress::NONE, error: None, newest: None }
    }

    fn after(attempted: &'a Attempted) -> Self {
        let mut state = Self::unknown(attempted.delivery, attempted.delivery.accepted());
        if let (Some(event), Some(event_type)) = (&attempted.event, &attempted.event_type) {
            state.event = Some((event.as_str(), event_type.as_str()));
        }
        if attempted.late {
            return state;
        }
        state.newest = attempted.attempt.as_ref();
        let number = state.newest.map_or(0, |attempt| attempt.number);
        match attempted.follows {
            Follows::Unchanged => {}
            Follows::Waiting { due, attempt } => {
                let rank = DeliveryStatus::Retrying.rank();
                state.progress = Progress { rank, decided_by: attempt.saturating_sub(1), next: Some(due) };
            }
            Follows::Settled(settlement) => {
                state.progress = Progress { rank: settlement.status().rank(), decided_by: number, next: None };
                state.error = if let Settlement::Failed(reason) = settlement { Some(reason) } else { None };
            }
        }
        state
    }

    pub(super) fn day(&self) -> Day {
        self.accepted.day()
    }

    pub(super) fn run(&self) -> Run {
        self.reference.run
    }

    /// The same rules as those of the statement that writes it.
    fn merge(&mut self, other: Self) {
        self.accepted = self.accepted.max(other.accepted);
        self.event = self.event.or(other.event);
        self.routed |= other.routed;
        if other.progress > self.progress {
            (self.progress, self.error) = (other.progress, other.error);
        }
        let order = |attempt: &Attempt| (attempt.number, attempt.started);
        if other.newest.map(order) > self.newest.map(order) {
            self.newest = other.newest;
        }
    }
}
