//! Which packs this process has open, and what of them is unfinished.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::Subject;
use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Consumer, LEASE, Lease, Leased, Pack, TAKERS, Topic};

/// A pack as it came from the server.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) consumer: Consumer,
    pub(super) topic: Topic,
    pub(super) sequence: u64,
    /// Where it is acknowledged.
    pub(super) reply: Subject,
    /// How many have taken it, we included.
    pub(super) takers: u32,
    /// When it was asked for: its lease is no older than that.
    pub(super) asked: Timestamp,
    pub(super) pack: Pack,
}

#[derive(Debug)]
struct OpenPack {
    arrival: Arrival,
    ends: Arc<AtomicI64>,
    records: Vec<Progress>,
}

/// How far a record is, and how many have taken it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Somebody has it.
    Leased(u32),
    /// It was handed back and not handed out again yet; those who had it are counted, and the next one.
    Returned(u32),
    Finished,
}

/// The open packs of a process.
#[derive(Debug, Default)]
pub(super) struct OpenPacks {
    packs: Mutex<Packs>,
}

#[derive(Debug, Default)]
struct Packs {
    last: u64,
    by_message: HashMap<u64, OpenPack>,
}

/// A lease that is to be kept alive.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) consumer: Consumer,
    pub(super) reply: Subject,
    pub(super) ends: Arc<AtomicI64>,
}

/// A record that nobody is to have again.
#[derive(Debug)]
pub(super) struct Exhausted {
    pub(super) topic: Topic,
    pub(super) position: Position,
    pub(super) takers: u32,
    pub(super) record: Bytes,
}

impl OpenPack {
    fn is_held(&self, now: Timestamp) -> bool {
        now.as_millis() < self.ends.load(Ordering::Acquire)
    }

    fn is_finished(&self) -> bool {
        self.records.iter().all(|progress| *progress == Progress::Finished)
    }

    fn has_returned(&self) -> bool {
        self.records.iter().any(|progress| matches!(progress, Progress::Returned(_)))
    }

    fn progress(&mut self, index: u16) -> Option<&mut Progress> {
        self.records.get_mut(usize::from(index))
    }

    fn leased(&self, message: u64, index: u16) -> Option<Leased> {
        let (Progress::Leased(takers) | Progress::Returned(takers)) = *self.records.get(usize::from(index))? else {
            return None;
        };
        Some(Leased {
            record: self.arrival.pack.records.get(usize::from(index))?.clone(),
            position: self.arrival.pack.position(self.arrival.sequence, index),
            takers,
            lease: Lease::new(self.arrival.consumer, message, index, Arc::clone(&self.ends)),
        })
    }
}

impl OpenPacks {
    fn packs(&self) -> MutexGuard<'_, Packs> {
        // No code that holds the lock can leave it half done.
        self.packs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a pack and leases all of its records.
    pub(super) fn open(&self, arrival: Arrival) -> Vec<Leased> {
        let ends = Arc::new(AtomicI64::new(arrival.asked.plus(LEASE).as_millis()));
        let records = vec![Progress::Leased(arrival.takers); arrival.pack.records.len()];
        let mut packs = self.packs();
        packs.last += 1;
        let message = packs.last;
        let pack = OpenPack { arrival, ends, records };
        let leased = (0..=u16::MAX).map_while(|index| pack.leased(message, index)).collect();
        packs.by_message.insert(message, pack);
        leased
    }

    /// Finishes records; returns where to acknowledge the packs of which all are finished.
    pub(super) fn finish(&self, leases: &[Lease], now: Timestamp) -> Vec<Subject> {
        let mut packs = self.packs();
        leases.iter().filter_map(|lease| packs.finish(lease, now)).collect()
    }

    /// Takes a record back, if its lease is held; tells whether it has had all the takers that it may have.
    pub(super) fn return_one(&self, lease: &Lease, now: Timestamp) -> Option<bool> {
        let mut packs = self.packs();
        let pack = packs.by_message.get_mut(&lease.message).filter(|pack| pack.is_held(now))?;
        let progress = pack.progress(lease.index)?;
        let Progress::Leased(takers) = *progress else { return None };
        *progress = Progress::Returned(takers + 1);
        Some(takers + 1 > TAKERS)
    }

    /// Leases a record that was handed back once more, unless its pack has lapsed.
    pub(super) fn lease_again(&self, message: u64, index: u16, now: Timestamp) -> Option<Leased> {
        let mut packs = self.packs();
        let pack = packs.by_message.get_mut(&message).filter(|pack| pack.is_held(now))?;
        let progress = pack.progress(index)?;
        let Progress::Returned(takers) = *progress else { return None };
        *progress = Progress::Leased(takers);
        pack.leased(message, index)
    }

    /// What is leased and will not be handed out after all goes back, as if it had not been.
    pub(super) fn keep_for_later(&self, leased: &Leased) {
        let mut packs = self.packs();
        let pack = packs.by_message.get_mut(&leased.lease.message);
        if let Some(progress) = pack.and_then(|pack| pack.progress(leased.lease.index)) {
            *progress = Progress::Returned(leased.takers);
        }
    }

    /// A record that was handed back by its last taker.
    pub(super) fn exhausted(&self, message: u64, index: u16) -> Option<Exhausted> {
        let packs = self.packs();
        let pack = packs.by_message.get(&message)?;
        let leased = pack.leased(message, index).filter(|leased| leased.takers > TAKERS)?;
        Some(Exhausted {
            topic: pack.arrival.topic,
            position: leased.position,
            takers: leased.takers - 1,
            record: leased.record,
        })
    }

    /// Finishes a record that was handed back; returns where to acknowledge its pack, if all of it is finished.
    pub(super) fn finish_returned(&self, message: u64, index: u16) -> Option<Subject> {
        self.packs().finish_record(message, index)
    }

    /// All leases that are still held and wanted; the others are forgotten, and lapse.
    pub(super) fn to_keep(&self, now: Timestamp) -> Vec<Kept> {
        let mut packs = self.packs();
        packs.by_message.retain(|message, pack| {
            if !pack.is_held(now) {
                tracing::warn!(message, consumer = ?pack.arrival.consumer, sequence = pack.arrival.sequence, "lease lapsed");
                return false;
            }
            // Somebody has a lease of it, or it waits to be handed out again.
            Arc::strong_count(&pack.ends) > 1 || pack.has_returned()
        });
        let kept = |pack: &OpenPack| Kept {
            consumer: pack.arrival.consumer,
            reply: pack.arrival.reply.clone(),
            ends: Arc::clone(&pack.ends),
        };
        packs.by_message.values().map(kept).collect()
    }
}

impl Packs {
    fn finish(&mut self, lease: &Lease, now: Timestamp) -> Option<Subject> {
        let pack = self.by_message.get_mut(&lease.message).filter(|pack| pack.is_held(now))?;
        matches!(pack.progress(lease.index)?, Progress::Leased(_)).then_some(())?;
        self.finish_record(lease.message, lease.index)
    }

    fn finish_record(&mut self, message: u64, index: u16) -> Option<Subject> {
        let pack = self.by_message.get_mut(&message)?;
        *pack.progress(index)? = Progress::Finished;
        if !pack.is_finished() {
            return None;
        }
        self.by_message.remove(&message).map(|pack| pack.arrival.reply)
    }
}
