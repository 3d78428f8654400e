//! Whether the schedule knows what has happened. A schedule that was emptied or put back to an older copy holds deliveries
//! that have ended meanwhile: nothing is dispatched from it before it has read on to where the journal was then.

use std::sync::{Mutex, MutexGuard, PoisonError};

use fanfare_domain::delivery::Position;
use fanfare_ports::queue::{Queue, QueueError, Stream, Topic};
use fanfare_ports::schedule::{Schedule, ScheduleError};

/// Why it is not known.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookError {
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// What this process has seen of the schedule's position.
#[derive(Debug, Default)]
pub(crate) struct CatchingUp {
    seen: Mutex<Seen>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    position: Option<Position>,
    caught_up: bool,
    /// The journal's last sequence when the position was first seen, or seen to have jumped back.
    target: Option<u64>,
}

impl CatchingUp {
    /// Looks at the schedule's position, and whether it has caught up. Any process can tell, whoever applies.
    pub(crate) async fn look(&self, schedule: &dyn Schedule, queue: &dyn Queue) -> Result<bool, LookError> {
        let position = schedule.position().await?;
        let mut seen = *self.lock();
        if position < seen.position || position.is_none() {
            seen = Seen::default();
        }
        seen.position = position;
        if !seen.caught_up {
            let target = match seen.target {
                Some(target) => target,
                None => queue.usage(Stream::Journal).await?.last,
            };
            seen.target = Some(target);
            let next = queue.read_after(Topic::JournalSchedule, position.unwrap_or_default(), 1).await?;
            seen.caught_up = next.first().is_none_or(|(next, _)| next.sequence > target);
        }
        // An empty journal has nothing to catch up with, but a schedule without a position may be about to be filled.
        *self.lock() = seen;
        Ok(seen.caught_up)
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
