//! Forgetting what waits for long without losing it: of the journal's first records, those that something still waits for
//! are written once more, as small new ones at its end, so that the old ones can be trimmed.
//!
//! It goes on from the front, a part at a time, so that it never needs room for more than a part, and nothing that was
//! written since is in its way. A part is done when all of this holds:
//! 1. its records were read, whole messages of them;
//! 2. the schedule was asked what their deliveries wait for, and at that same moment had applied all of them. So whatever does
//!    not wait by then has been settled or moved to the workers, or a later record made it wait: that one stays;
//! 3. what does wait is stored, synced, behind everything that was read.
//!
//! From then on, the journal without that part says as much as with it, whoever applies, trims or restates from now on, and
//! whatever becomes of the schedule: so a process that was held up may still trim what it has found to be done.
//!
//! Between asking and storing, a delivery may be settled. A schedule that is read anew then makes it wait again, and it is
//! repeated; every other schedule passes over what is restated.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use fanfare_domain::delivery::{DeliveryRef, Position};
use fanfare_domain::journal::{JournalRecord, Restated};
use fanfare_ports::queue::{PublishError, Queue, QueueError, Topic};
use fanfare_ports::schedule::{Change, Schedule};
use fanfare_proto::records::encode_journal;

use crate::changes::Batch;
use crate::service::SchedulerError;

/// Records that are read at once.
const READ_TOGETHER: usize = 1000;
/// Parts that are done in one go, so that the other streams get their turn.
const PARTS: usize = 16;
/// What one restated record takes in the journal at most, in bytes.
const RECORD_BYTES: u64 = 128;

/// How far it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Went {
    /// To where it was to go.
    AllTheWay,
    /// There is more to do, at once.
    PartOfTheWay,
    /// It cannot go on for now.
    NoFurther,
}

/// What becomes of a part.
enum Part {
    /// It is done up to there.
    Done(Position),
    /// There is none.
    Empty,
    /// There is no room for what waits of it.
    NoRoom,
    /// Somebody else must go on first.
    Held,
}

pub(crate) struct Restating {
    queue: Arc<dyn Queue>,
    schedule: Arc<dyn Schedule>,
    /// Records up to here need not be kept for what waits, as far as this process has restated it.
    done: Position,
}

impl Restating {
    pub(crate) fn new(queue: Arc<dyn Queue>, schedule: Arc<dyn Schedule>) -> Self {
        Self { queue, schedule, done: Position::default() }
    }

    /// The first sequence that is still needed for what waits, as far as that was restated.
    pub(crate) fn done_below(&self) -> u64 {
        // Messages are done as a whole.
        self.done.sequence + 1
    }

    /// Forgets what was done: the journal may be another one.
    pub(crate) fn forget(&mut self) {
        self.done = Position::default();
    }

    /// Whether so many bytes are well beyond what the entries that wait would take if they were restated: less than half of
    /// it is written again before all of it can go.
    pub(crate) fn pays(bytes: u64, waiting: u64) -> bool {
        bytes / 2 > waiting.saturating_mul(RECORD_BYTES)
    }

    /// Restates what waits for records from the sequence `from` on, up to the one below `below`, or a part of that. All of
    /// them must have been applied.
    pub(crate) async fn go_on(&mut self, from: u64, below: u64) -> Result<Went, SchedulerError> {
        let before = Position { sequence: from.saturating_sub(1), index: u16::MAX };
        self.done = self.done.max(before);
        let mut together = READ_TOGETHER;
        for _ in 0..PARTS {
            match self.part(below, together).await? {
                Part::Done(to) => self.done = to,
                // What was read may be a replica that has not come as far: nothing is done that was not read.
                Part::Empty => return Ok(Went::AllTheWay),
                // Nothing may wait for the first messages of it; trimming those makes room.
                Part::NoRoom if together > 1 => together = 1,
                Part::NoRoom | Part::Held => return Ok(Went::NoFurther),
            }
        }
        Ok(Went::PartOfTheWay)
    }

    /// Does the next part: `together` records, or one message if that has more.
    async fn part(&self, below: u64, together: usize) -> Result<Part, SchedulerError> {
        let mut records = self.queue.read_after(Topic::JournalSchedule, self.done, together).await?;
        records.truncate(records.partition_point(|(position, _)| position.sequence < below));
        let Some((last, _)) = records.last() else { return Ok(Part::Empty) };
        let to = Position { sequence: last.sequence, index: u16::MAX };
        let batch = Batch::of(&records);
        if batch.unknown.is_some() {
            // A newer process can tell what it is about.
            return Ok(Part::Held);
        }
        let Some(waiting) = self.look_up(&batch.changes, to).await? else { return Ok(Part::Held) };
        let restated = waiting.len();
        if !self.store(waiting).await? {
            return Ok(Part::NoRoom);
        }
        tracing::debug!(read = records.len(), restated, to = to.sequence, "restated what waits");
        Ok(Part::Done(to))
    }

    /// What waits and was made to by one of these changes, the last of which is before `to`. `None` if the schedule has not
    /// applied all of them: it was put back or emptied, and does not know.
    async fn look_up(&self, changes: &[Change], to: Position) -> Result<Option<Vec<Restated>>, SchedulerError> {
        let attempts = last_attempts(changes);
        if attempts.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let deliveries: Vec<DeliveryRef> = attempts.keys().copied().collect();
        let found = self.schedule.look_up(&deliveries).await?;
        if found.position.is_none_or(|position| position.sequence <= to.sequence) {
            return Ok(None);
        }
        // One that waits for a later attempt was made to by a later record.
        let was_made =
            |entry: &Restated| attempts.get(&entry.delivery).is_some_and(|attempt| entry.attempt <= *attempt);
        Ok(Some(found.entries.into_iter().filter(was_made).collect()))
    }

    /// Stores what waits; false if there is no room for all of it.
    async fn store(&self, waiting: Vec<Restated>) -> Result<bool, SchedulerError> {
        let mut records: Vec<Bytes> =
            waiting.into_iter().map(|entry| encode_journal(JournalRecord::Restated(entry))).collect();
        // A stream without room for many of them may have some for a few.
        let mut together = records.len();
        while !records.is_empty() {
            let part = records[..together.min(records.len())].to_vec();
            let stored = match self.queue.publish(Topic::JournalSchedule, part).await {
                Ok(positions) => positions.len(),
                Err(PublishError::Full { stored, .. }) if together > 1 => {
                    together = (together / 4).max(1);
                    stored.len()
                }
                Err(PublishError::Unavailable { source, .. }) => return Err(QueueError::Unavailable(source).into()),
                Err(error @ (PublishError::Full { .. } | PublishError::TooLarge { .. })) => {
                    tracing::warn!(
                        %error,
                        records = records.len(),
                        "no room to restate what waits: if this goes on, give the journal more bytes (nats.bytes or embedded.bytes)"
                    );
                    return Ok(false);
                }
            };
            records.drain(..stored.min(records.len()));
        }
        Ok(true)
    }
}

/// The attempt that each delivery waits for after these changes; those that wait no longer are left out.
fn last_attempts(changes: &[Change]) -> HashMap<DeliveryRef, u16> {
    let mut attempts = HashMap::with_capacity(changes.len());
    for change in changes {
        match *change {
            Change::Put { delivery, attempt, .. } | Change::Park { delivery, attempt, .. } => {
                attempts.insert(delivery, attempt);
            }
            Change::Restate { entry, .. } => {
                // It may have been settled since it was looked up, so this adds to what is said and takes nothing from it.
                let attempt: &mut u16 = attempts.entry(entry.delivery).or_default();
                *attempt = entry.attempt.max(*attempt);
            }
            Change::Remove { delivery } => {
                attempts.remove(&delivery);
            }
        }
    }
    attempts
}

#[cfg(test)]
mod tests {
    use fanfare_domain::journal::{PaceKind, QueuePace};
    use fanfare_domain::time::Timestamp;

    use super::*;

    fn delivery(number: u8) -> DeliveryRef {
        let mut bytes = [number; 51];
        bytes[0] = 1;
        DeliveryRef::from_bytes(&bytes).expect("a reference as it is stored")
    }

    fn put(number: u8, attempt: u16) -> Change {
        Change::Put { delivery: delivery(number), attempt, due: Timestamp::MIN }
    }

    fn restate(number: u8, attempt: u16) -> Change {
        let entry = Restated { delivery: delivery(number), attempt, due: Timestamp::MIN, queue: None };
        Change::Restate { entry, sequence: 1 }
    }

    #[test]
    fn the_last_word_tells_what_a_delivery_waits_for() {
        let remove = |number| Change::Remove { delivery: delivery(number) };
        let changes = [put(1, 2), put(1, 3), put(2, 2), remove(2), remove(3), put(3, 2)];
        assert_eq!(last_attempts(&changes), HashMap::from([(delivery(1), 3), (delivery(3), 2)]));
    }

    #[test]
    fn what_is_restated_takes_nothing_from_what_was_said() {
        let changes = [put(1, 3), restate(1, 2), restate(2, 5)];
        assert_eq!(last_attempts(&changes), HashMap::from([(delivery(1), 3), (delivery(2), 5)]));
    }

    #[test]
    fn restating_pays_where_most_is_not_waited_for() {
        assert!(Restating::pays(1_000_000, 0));
        assert!(Restating::pays(1_000_000, 3_900));
        assert!(!Restating::pays(1_000_000, 4_000));
        assert!(!Restating::pays(u64::MAX, u64::MAX));
    }

    #[test]
    fn a_restated_record_takes_no_more_than_is_said() {
        let queue = Some(QueuePace { per_second: 1.0 / 3.0, burst: u32::MAX, kind: PaceKind::Measured });
        let mut bytes = [0xFF; 67];
        bytes[0] = 2;
        let delivery = DeliveryRef::from_bytes(&bytes).expect("a reference as it is stored");
        let entry = Restated { delivery, attempt: u16::MAX, due: Timestamp::MAX, queue };
        assert!(encode_journal(JournalRecord::Restated(entry)).len() as u64 <= RECORD_BYTES);
    }
}
