//! Removes from the streams what nobody needs any more; no stream forgets by itself. What a consumer has not finished is
//! never removed, whatever is asked here: the queue sees to that.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::retry::MAX_WAIT;
use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::{Queue, Stream, Topic, Usage};
use fanfare_ports::schedule::Schedule;
use tokio_util::sync::CancellationToken;

use crate::progress::{Part, Progress};
use crate::service::SchedulerError;

const TRIM_EVERY: Duration = Duration::from_secs(10);
/// Between rounds while a stream is filling up.
const TRIM_SOON: Duration = Duration::from_secs(1);
/// A stream that is fuller than this is filling up, in parts of its limit.
const FILLING_ABOVE: f64 = 0.75;
/// The record that put an entry is at most so much older than the time that the entry waits for: the longest delay, and an
/// hour for parking and for clocks that differ.
const LONGEST_WAIT: Duration = MAX_WAIT.saturating_add(Duration::from_secs(3600));

/// How long records are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    /// Events, always.
    pub(crate) events: Duration,
    /// The journal, while it has room.
    pub(crate) journal: Duration,
}

pub(crate) struct Trimmer {
    queue: Arc<dyn Queue>,
    schedule: Arc<dyn Schedule>,
    clock: SharedClock,
    progress: Arc<Progress>,
    kept: Kept,
}

impl Trimmer {
    pub(crate) fn new(
        queue: Arc<dyn Queue>,
        schedule: Arc<dyn Schedule>,
        clock: SharedClock,
        progress: Arc<Progress>,
        kept: Kept,
    ) -> Self {
        Self { queue, schedule, clock, progress, kept }
    }

    /// Trims until `stop`, while this process is the one that applies.
    pub(crate) async fn run(self, stop: &CancellationToken) -> Result<(), SchedulerError> {
        while !stop.is_cancelled() {
            let wait = match self.round().await {
                Ok(wait) => {
                    self.progress.go_on(Part::Trimmer);
                    wait
                }
                Err(error) => {
                    self.progress.hold_up(Part::Trimmer, error.bearable()?);
                    TRIM_SOON
                }
            };
            stop.run_until_cancelled(self.clock.sleep(wait)).await;
        }
        Ok(())
    }

    /// Trims each stream and tells when to do so again.
    async fn round(&self) -> Result<Duration, SchedulerError> {
        if !self.progress.is_leading() {
            return Ok(TRIM_SOON);
        }
        let mut filling = false;
        for stream in [Stream::Events, Stream::Deliveries, Stream::Journal] {
            let usage = self.queue.usage(stream).await?;
            filling |= is_filling(&usage);
            let needed = match stream {
                Stream::Events => self.queue.sequence_at(stream, self.clock.now().minus(self.kept.events)).await?,
                Stream::Deliveries => usage.last + 1,
                Stream::Journal => self.first_of_journal(&usage).await?.unwrap_or(usage.first),
                // These wait for somebody to look at them.
                Stream::DeadLetters => usage.first,
            };
            if needed > usage.first {
                let first = self.queue.trim(stream, needed).await?;
                tracing::debug!(?stream, needed, first, "trimmed");
            }
        }
        // What the schedule never reads is kept for logs alone, whatever waits: a full journal must not depend on
        // deliveries that cannot go on while it is full.
        let last = self.queue.usage(Stream::Journal).await?.last;
        self.queue.trim_topic(Topic::JournalLog, last + 1).await?;
        Ok(if filling { TRIM_SOON } else { TRIM_EVERY })
    }

    /// The first sequence of the journal that a schedule which loses everything would have to read again; `None` if that
    /// cannot be told now. `usage` was asked before.
    async fn first_of_journal(&self, usage: &Usage) -> Result<Option<u64>, SchedulerError> {
        if !self.progress.is_at_end() || self.progress.is_held_up(Part::Dispatcher) {
            return Ok(None);
        }
        let position = self.schedule.position().await?;
        let next = self.queue.read_after(Topic::JournalSchedule, position.unwrap_or_default(), 1).await?;
        let applied = next.first().map_or(usage.last + 1, |(next, _)| next.sequence);
        // Asked after the position, so that it counts all that was applied up to there.
        let waiting = match self.schedule.earliest().await? {
            Some(earliest) => self.written_at(earliest.minus(LONGEST_WAIT)).await?,
            None => applied,
        };
        let kept = match is_filling(usage) {
            true => applied,
            false => self.written_at(self.clock.now().minus(self.kept.journal)).await?,
        };
        Ok(Some(applied.min(waiting).min(kept)))
    }

    async fn written_at(&self, time: Timestamp) -> Result<u64, SchedulerError> {
        Ok(self.queue.sequence_at(Stream::Journal, time).await?)
    }
}

fn is_filling(usage: &Usage) -> bool {
    usage.bytes as f64 > usage.limit as f64 * FILLING_ABOVE
}
