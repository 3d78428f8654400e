//! A message that was taken and is not finished.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::LEASE;

use super::Holder;
use crate::queue::records::RecordSet;

/// Records that one taker holds, under one lease.
#[derive(Debug)]
pub(super) struct Holding {
    pub(super) holder: Holder,
    pub(super) records: RecordSet,
    pub(super) takers: u32,
    /// Shared with the taker's leases: if this is the only one left, the taker has let go.
    pub(super) ends: Arc<AtomicI64>,
    abandoned: bool,
    /// When the taker was last known to hold it.
    seen: Timestamp,
}

impl Holding {
    /// A lease without an end: it lasts while the process lives and the taker keeps it.
    pub(super) fn new(holder: Holder, records: RecordSet, takers: u32, now: Timestamp) -> Self {
        let ends = Arc::new(AtomicI64::new(i64::MAX));
        Self { holder, records, takers, ends, abandoned: false, seen: now }
    }

    /// The taker's process is gone.
    pub(super) fn abandon(&mut self, now: Timestamp) {
        self.abandoned = true;
        self.seen = now;
        self.ends.store(now.plus(LEASE).as_millis(), Ordering::Release);
    }

    /// Whether it is still held, or was until less than [`LEASE`] ago. If not, its leases have ended.
    pub(super) fn stays(&mut self, now: Timestamp) -> bool {
        if !self.abandoned && Arc::strong_count(&self.ends) > 1 {
            self.seen = now;
            return true;
        }
        let stays = now.since(self.seen) < LEASE;
        if !stays {
            self.ends.store(i64::MIN, Ordering::Release);
        }
        stays
    }
}

/// The message's records and who holds them.
#[derive(Debug, Default)]
pub(in crate::queue) struct OpenMessage {
    /// All records that it has; empty until it was handed out in this process.
    all: RecordSet,
    pub(super) finished: RecordSet,
    pub(super) holdings: Vec<Holding>,
}

impl OpenMessage {
    /// A message of which some records are finished and nobody holds any.
    pub(super) fn of_which(finished: RecordSet) -> Self {
        Self { finished, ..Self::default() }
    }

    /// The most that have taken any of the records that are held.
    pub(super) fn takers(&self) -> u32 {
        self.holdings.iter().map(|holding| holding.takers).max().unwrap_or(0)
    }

    pub(super) fn has_records(&mut self, count: usize) {
        self.all = RecordSet::first(count);
    }

    pub(super) fn is_finished(&self) -> bool {
        self.all.without(self.finished).is_empty()
    }

    /// Which of `records` there are that are neither finished nor held.
    pub(super) fn offer_again(&self, records: RecordSet) -> RecordSet {
        let free = self.all.without(self.finished);
        self.holdings.iter().fold(records.and(free), |left, holding| left.without(holding.records))
    }

    pub(super) fn is_held(&self, index: u16) -> bool {
        self.holdings.iter().any(|holding| holding.records.contains(index))
    }

    pub(super) fn finish(&mut self, index: u16) {
        self.finished.insert(index);
        self.let_go(index);
    }

    /// Takes the record from whoever holds it; tells how many had taken it, or `None` if nobody holds it.
    pub(super) fn let_go(&mut self, index: u16) -> Option<u32> {
        let place = self.holdings.iter().position(|holding| holding.records.contains(index))?;
        let holding = self.holdings.get_mut(place)?;
        holding.records.remove(index);
        let takers = holding.takers;
        if holding.records.is_empty() {
            self.holdings.swap_remove(place);
        }
        Some(takers)
    }
}
