//! How far a consumer is: what nobody has taken, who holds what, what is to be handed out again. Pure bookkeeping; the
//! messages lie elsewhere.

mod message;
mod saved;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::delivery::Position;
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Backlog, Consumer, Lease, Leased, Pack, TAKERS};

use self::message::{Holding, OpenMessage};
pub(super) use self::saved::Saved;
use self::saved::SavedMessage;
use super::messages::Loaded;
use super::ranges::Ranges;
use super::records::RecordSet;

/// Messages that may be taken and unfinished at once. Those that wait to be handed out again count too.
const OPEN_MESSAGES: usize = 4096;
/// When a message that this version cannot read is looked at again.
const UNREADABLE_AGAIN: Duration = Duration::from_secs(30);

/// A process, as leases know it.
pub(super) type Holder = u64;

/// Records of a message that somebody is to take.
#[derive(Clone, Copy, Debug)]
struct Offer {
    sequence: u64,
    records: RecordSet,
    /// How many have taken them and not handed them back.
    takers: u32,
}

/// What [`ConsumerState::pick`] found.
#[derive(Default)]
pub(super) struct Picked {
    /// Records for the taker.
    pub(super) leased: Vec<Leased>,
    /// Records that too many have taken; leased likewise, so that they come up again unless they are finished.
    pub(super) spent: Vec<Leased>,
    /// Whether it ended at a message that must be loaded.
    pub(super) load: bool,
}

/// One consumer.
#[derive(Debug)]
pub(super) struct ConsumerState {
    consumer: Consumer,
    untaken: Ranges,
    /// All messages up to here have been taken once.
    cursor: u64,
    /// Messages up to here were there when this process began: whoever takes them is noted at once, since such a message
    /// may be what ended the process before.
    inherited: u64,
    open: BTreeMap<u64, OpenMessage>,
    ready: VecDeque<Offer>,
    delayed: BTreeMap<(Timestamp, u64), Offer>,
    delays: u64,
    /// Whether what is saved is behind.
    pub(super) unsaved: bool,
}

impl ConsumerState {
    /// As `saved` says; `last` is the stream's last sequence. Messages above the cursor are added by [`Self::stored`].
    pub(super) fn new(consumer: Consumer, saved: Saved, first: u64, last: u64) -> Self {
        let Saved { cursor, open } = saved;
        let (mut ready, mut opened) = (VecDeque::new(), BTreeMap::new());
        for SavedMessage { sequence, finished, takers } in open.into_iter().filter(|message| message.sequence >= first)
        {
            ready.push_back(Offer { sequence, records: RecordSet::ALL, takers });
            opened.insert(sequence, OpenMessage::of_which(finished));
        }
        Self {
            consumer,
            untaken: Ranges::default(),
            cursor,
            inherited: last,
            open: opened,
            ready,
            delayed: BTreeMap::new(),
            delays: 0,
            unsaved: false,
        }
    }

    /// A message was stored.
    pub(super) fn stored(&mut self, sequence: u64) {
        if sequence > self.cursor {
            self.untaken.push(sequence);
        }
    }

    /// All up to here are finished; `last` is the stream's last sequence.
    pub(super) fn floor(&self, last: u64) -> u64 {
        let first_open = self.open.keys().next().copied();
        [self.untaken.first(), first_open].into_iter().flatten().min().map_or(last, |first| first - 1)
    }

    pub(super) fn backlog(&self, last: u64) -> Backlog {
        Backlog { waiting: self.untaken.len(), taken: self.open.len() as u64, floor: self.floor(last) }
    }

    /// The messages that will be handed out next, up to `limit`.
    pub(super) fn upcoming(&self, limit: usize) -> Vec<u64> {
        self.ready.iter().map(|offer| offer.sequence).chain(self.untaken.iter()).take(limit).collect()
    }

    /// When something that waits for its time is to be handed out.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.delayed.keys().next().map(|(due, _)| *due)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// Takes records for `holder` until there are `limit`; ends at a message of which `look` does not know.
    pub(super) fn pick(
        &mut self,
        holder: Holder,
        now: Timestamp,
        limit: usize,
        look: impl Fn(u64) -> Option<Loaded>,
    ) -> Picked {
        self.delays_over(now);
        let mut picked = Picked::default();
        while picked.leased.len() < limit {
            let (offer, again) = match self.ready.front() {
                Some(offer) if !self.open.contains_key(&offer.sequence) => {
                    self.ready.pop_front();
                    continue;
                }
                Some(offer) => (*offer, true),
                None if self.open.len() >= OPEN_MESSAGES => break,
                None => match self.untaken.first() {
                    Some(sequence) => (Offer { sequence, records: RecordSet::ALL, takers: 0 }, false),
                    None => break,
                },
            };
            let Some(found) = look(offer.sequence) else {
                picked.load = true;
                break;
            };
            if again {
                self.ready.pop_front();
            } else {
                self.untaken.pop();
                self.cursor = offer.sequence;
                self.open.insert(offer.sequence, OpenMessage::default());
            }
            self.unsaved |= again || offer.sequence <= self.inherited;
            match found {
                Loaded::Pack(pack) => self.hand_out(offer, &pack, holder, now, &mut picked),
                Loaded::Unreadable => self.delay(offer, now.plus(UNREADABLE_AGAIN)),
                Loaded::Gone => drop(self.open.remove(&offer.sequence)),
            }
        }
        picked
    }

    fn hand_out(&mut self, offer: Offer, pack: &Pack, holder: Holder, now: Timestamp, picked: &mut Picked) {
        let Some(message) = self.open.get_mut(&offer.sequence) else { return };
        message.has_records(pack.records.len());
        let records = message.offer_again(offer.records);
        if message.is_finished() {
            self.open.remove(&offer.sequence);
            return;
        }
        if records.is_empty() {
            return;
        }
        let spent = offer.takers >= TAKERS;
        let takers = if spent { offer.takers } else { offer.takers + 1 };
        let holding = Holding::new(holder, records, takers, now);
        let leased = records.iter().filter_map(|index| {
            Some(Leased {
                record: pack.records.get(usize::from(index))?.clone(),
                position: Position { sequence: offer.sequence, index },
                takers,
                lease: Lease::new(self.consumer, offer.sequence, index, Arc::clone(&holding.ends)),
            })
        });
        if spent {
            picked.spent.extend(leased)
        } else {
            picked.leased.extend(leased)
        }
        message.holdings.push(holding);
    }

    /// Whether the record is held under this lease and not finished.
    pub(super) fn is_taken(&self, lease: &Lease, now: Timestamp) -> bool {
        lease.is_held(now) && self.open.get(&lease.message).is_some_and(|message| message.is_held(lease.index))
    }

    /// Finishes records whose lease is held; tells whether any was, and of each message of which no record is left.
    pub(super) fn finish(&mut self, leases: &[Lease], now: Timestamp, mut ended: impl FnMut(u64)) -> bool {
        let mut finished = false;
        for lease in leases.iter().filter(|lease| lease.is_held(now)) {
            let Some(message) = self.open.get_mut(&lease.message) else { continue };
            message.finish(lease.index);
            finished = true;
            if message.is_finished() {
                self.open.remove(&lease.message);
                ended(lease.message);
            }
        }
        self.unsaved |= finished;
        finished
    }

    /// Offers records again, each by itself, after `delay`, as if whoever hands them back had not taken them.
    pub(super) fn hand_back(&mut self, leases: &[Lease], delay: Duration, now: Timestamp) {
        for offer in self.taken_back(leases, now) {
            let offer = Offer { takers: offer.takers.saturating_sub(1), ..offer };
            if delay.is_zero() {
                self.ready.push_back(offer);
            } else {
                self.delay(offer, now.plus(delay));
            }
        }
    }

    /// Offers records again, each by itself, from `until` on; their takers count.
    pub(super) fn put_off(&mut self, leases: &[Lease], until: Timestamp, now: Timestamp) {
        for offer in self.taken_back(leases, now) {
            self.delay(offer, until);
        }
    }

    fn taken_back(&mut self, leases: &[Lease], now: Timestamp) -> Vec<Offer> {
        let mut offers = Vec::with_capacity(leases.len());
        for lease in leases.iter().filter(|lease| lease.is_held(now)) {
            let taken = self.open.get_mut(&lease.message).and_then(|message| message.let_go(lease.index));
            offers.extend(taken.map(|takers| Offer {
                sequence: lease.message,
                records: RecordSet::one(lease.index),
                takers,
            }));
        }
        self.unsaved |= !offers.is_empty();
        offers
    }

    /// The process `holder` is gone: its leases end [`fanfare_ports::queue::LEASE`] from now.
    pub(super) fn abandon(&mut self, holder: Holder, now: Timestamp) {
        let holdings = self.open.values_mut().flat_map(|message| &mut message.holdings);
        holdings.filter(|holding| holding.holder == holder).for_each(|holding| holding.abandon(now));
    }

    /// Offers again what was held by leases that have lapsed; tells whether there was any.
    pub(super) fn lapse(&mut self, now: Timestamp) -> bool {
        let before = self.ready.len();
        for (&sequence, message) in &mut self.open {
            for lapsed in message.holdings.extract_if(.., |holding| !holding.stays(now)) {
                self.ready.push_back(Offer { sequence, records: lapsed.records, takers: lapsed.takers });
            }
        }
        self.ready.len() > before
    }

    /// What a restart must know. A message counts as many takers as the one of its records that has had the most.
    pub(super) fn save(&mut self) -> Saved {
        self.unsaved = false;
        let mut offered: HashMap<u64, u32> = HashMap::new();
        for offer in self.ready.iter().chain(self.delayed.values()) {
            let takers = offered.entry(offer.sequence).or_default();
            *takers = offer.takers.max(*takers);
        }
        let saved = |(&sequence, message): (&u64, &OpenMessage)| SavedMessage {
            sequence,
            finished: message.finished,
            takers: offered.get(&sequence).copied().unwrap_or(0).max(message.takers()),
        };
        Saved { cursor: self.cursor, open: self.open.iter().map(saved).collect() }
    }

    fn delay(&mut self, offer: Offer, until: Timestamp) {
        self.delays += 1;
        self.delayed.insert((until, self.delays), offer);
    }

    fn delays_over(&mut self, now: Timestamp) {
        while let Some(entry) = self.delayed.first_entry()
            && entry.key().0 <= now
        {
            self.ready.push_back(entry.remove());
        }
    }
}

#[cfg(test)]
mod tests;
