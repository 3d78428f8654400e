//! Which packs this process has open, and what of them is unfinished.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_nats::Subject;
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Consumer, LEASE, Lease, Leased, Pack, Topic};

use super::moving::{Origin, Story};

/// A pack as it came from the server.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) consumer: Consumer,
    pub(super) topic: Topic,
    pub(super) sequence: u64,
    pub(super) story: Story,
    /// Where it is acknowledged.
    pub(super) reply: Subject,
    /// How many have taken it and not handed it back, we included.
    pub(super) takers: u32,
    /// How many messages its consumer had still to be given when this one was.
    pub(super) more: usize,
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

/// How far a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Somebody has it.
    Leased,
    /// It waits in this process to be handed out.
    Kept,
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

/// Records of one message that leave it together.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) topic: Topic,
    pub(super) origin: Origin,
    /// How many had taken them before us.
    pub(super) takers: u32,
    pub(super) pack: Pack,
    pub(super) leases: Vec<Lease>,
}

impl OpenPack {
    fn is_held(&self, now: Timestamp) -> bool {
        now.as_millis() < self.ends.load(Ordering::Acquire)
    }

    fn is_finished(&self) -> bool {
        self.records.iter().all(|progress| *progress == Progress::Finished)
    }

    fn keeps_some(&self) -> bool {
        self.records.contains(&Progress::Kept)
    }

    fn is_leased(&self, index: u16) -> bool {
        self.records.get(usize::from(index)) == Some(&Progress::Leased)
    }

    fn progress(&mut self, index: u16) -> Option<&mut Progress> {
        self.records.get_mut(usize::from(index))
    }

    fn leased(&self, message: u64, index: u16) -> Option<Leased> {
        Some(Leased {
            record: self.arrival.pack.records.get(usize::from(index))?.clone(),
            position: self.arrival.story.origin.position(index),
            takers: self.arrival.takers,
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
        let records = vec![Progress::Leased; arrival.pack.records.len()];
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

    /// Those of the records that are held, by the message that they are in.
    pub(super) fn leaving(&self, leases: &[Lease], now: Timestamp) -> Vec<Leaving> {
        let mut by_message: BTreeMap<u64, BTreeMap<u16, &Lease>> = BTreeMap::new();
        for lease in leases {
            by_message.entry(lease.message).or_default().insert(lease.index, lease);
        }
        let packs = self.packs();
        let of_one = |(message, mut leases): (u64, BTreeMap<u16, &Lease>)| {
            let pack = packs.by_message.get(&message).filter(|pack| pack.is_held(now))?;
            let arrival = &pack.arrival;
            leases.retain(|index, _| pack.is_leased(*index));
            let records = leases.keys().filter_map(|index| arrival.pack.records.get(usize::from(*index)).cloned());
            let (pack, origin) = (Pack::of(records.collect()), arrival.story.origin.of(leases.keys().copied()));
            (!leases.is_empty()).then(|| Leaving {
                topic: arrival.topic,
                origin,
                takers: arrival.takers.saturating_sub(1),
                pack,
                leases: leases.into_values().cloned().collect(),
            })
        };
        by_message.into_iter().filter_map(of_one).collect()
    }

    /// The topic of a record that is held.
    pub(super) fn topic(&self, lease: &Lease, now: Timestamp) -> Option<Topic> {
        let packs = self.packs();
        let pack =
            packs.by_message.get(&lease.message).filter(|pack| pack.is_held(now) && pack.is_leased(lease.index))?;
        Some(pack.arrival.topic)
    }

    /// Keeps a record to hand it out again, if it is leased.
    pub(super) fn keep_for_later(&self, lease: &Lease) {
        let mut packs = self.packs();
        let progress = packs.by_message.get_mut(&lease.message).and_then(|pack| pack.progress(lease.index));
        if let Some(progress) = progress.filter(|progress| **progress == Progress::Leased) {
            *progress = Progress::Kept;
        }
    }

    /// Leases a record that was kept for later, unless its pack has lapsed.
    pub(super) fn lease_again(&self, message: u64, index: u16, now: Timestamp) -> Option<Leased> {
        let mut packs = self.packs();
        let pack = packs.by_message.get_mut(&message).filter(|pack| pack.is_held(now))?;
        let progress = pack.progress(index).filter(|progress| **progress == Progress::Kept)?;
        *progress = Progress::Leased;
        pack.leased(message, index)
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
            Arc::strong_count(&pack.ends) > 1 || pack.keeps_some()
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
        let progress = pack.progress(lease.index).filter(|progress| **progress == Progress::Leased)?;
        *progress = Progress::Finished;
        if !pack.is_finished() {
            return None;
        }
        self.by_message.remove(&lease.message).map(|pack| pack.arrival.reply)
    }
}
