//! Whether the schedule has all that the journal said a moment ago.
//!
//! What is due in a schedule that lags behind the journal may have been settled long since: after the schedule was emptied or
//! put back, or while its applier is stuck. So each process, whether it applies or not, compares the schedule's position with
//! the journal's end before it dispatches: it notes the journal's last sequence, and once the schedule has passed it,
//! everything up to the moment of that note is in the schedule.

use std::time::Duration;

use fanfare_domain::delivery::Position;
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Queue, QueueError, Stream, Topic};

/// A schedule that is not known to have what the journal said so long ago is not dispatched from.
const STALE: Duration = Duration::from_secs(5);
/// One that was longer ago is about to be too old.
const AGEING: Duration = Duration::from_secs(2);
/// A comparison that was made less long ago need not be repeated.
const RECENT: Duration = Duration::from_secs(1);
/// The journal is not asked more often than this.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// A process's knowledge of how current the schedule is.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    /// Where the schedule was last seen.
    position: Option<Position>,
    /// The schedule has everything that the journal said until then.
    complete_at: Option<Timestamp>,
    /// The journal's last sequence, and when that was asked for.
    target: Option<(u64, Timestamp)>,
    asked: Option<Timestamp>,
}

impl Freshness {
    /// Notes where the schedule is. False if that is before where it was: it has been emptied or put back.
    pub(crate) fn observe(&mut self, position: Option<Position>) -> bool {
        let went_on = position >= self.position;
        if !went_on {
            *self = Self::default();
        }
        self.position = position;
        went_on
    }

    /// Whether the schedule may be dispatched from at `now`.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        self.complete_at.is_some_and(|complete_at| now.since(complete_at) <= STALE)
    }

    /// Whether that will not be so for much longer.
    pub(crate) fn is_ageing(&self, now: Timestamp) -> bool {
        self.complete_at.is_none_or(|complete_at| now.since(complete_at) >= AGEING)
    }

    /// Compares the schedule, where it was last seen, with the journal, unless that was done a moment ago.
    pub(crate) async fn compare(&mut self, queue: &dyn Queue, now: Timestamp) -> Result<(), QueueError> {
        let is_recent = |at: Option<Timestamp>, within| at.is_some_and(|at| now.since(at) < within);
        if is_recent(self.complete_at, RECENT) || (is_recent(self.asked, ASK_EVERY) && self.target.is_some()) {
            return Ok(());
        }
        let (last, noted) = match self.target {
            Some(target) => target,
            None => (queue.usage(Stream::Journal).await?.last, now),
        };
        self.asked = Some(now);
        if self.has_passed(queue, last).await? {
            self.complete_at = Some(noted);
            self.target = None;
        } else {
            self.target = Some((last, noted));
        }
        Ok(())
    }

    /// Whether no record for the schedule lies between it and `last`.
    async fn has_passed(&self, queue: &dyn Queue, last: u64) -> Result<bool, QueueError> {
        if self.position.is_some_and(|position| position.sequence > last) {
            return Ok(true);
        }
        let next = queue.read_after(Topic::JournalSchedule, self.position.unwrap_or_default(), 1).await?;
        Ok(next.first().is_none_or(|(next, _)| next.sequence > last))
    }
}
