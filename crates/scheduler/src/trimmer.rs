//! Removes from the streams what nobody needs any more; no stream forgets by itself. What a consumer has not finished is
//! never removed, whatever is asked here: the queue sees to that.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::retry::MAX_WAIT;
use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::{Consumer, Queue, Stream, Topic, Usage};
use fanfare_ports::schedule::Schedule;
use tokio_util::sync::CancellationToken;

use crate::progress::{Part, Progress};
use crate::restating::{Restating, Went};
use crate::service::SchedulerError;

const TRIM_EVERY: Duration = Duration::from_secs(10);
/// Between rounds while a stream is filling up.
const TRIM_SOON: Duration = Duration::from_secs(1);
/// Between rounds while there is more to restate.
const GO_ON_AFTER: Duration = Duration::from_millis(10);
/// A stream that is fuller than this is filling up, in parts of its limit.
const FILLING_ABOVE: f64 = 0.75;
/// A journal that is fuller than this is not to be filled by what waits, in parts of its limit.
const RESTATED_ABOVE: f64 = 0.25;
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
    restating: Restating,
}

/// What of the journal is needed, as first sequences.
struct Needed {
    /// For what waits.
    waiting: u64,
    /// For anything else.
    otherwise: u64,
}

impl Needed {
    fn first(&self) -> u64 {
        self.waiting.min(self.otherwise)
    }
}

impl Trimmer {
    pub(crate) fn new(
        queue: Arc<dyn Queue>,
        schedule: Arc<dyn Schedule>,
        clock: SharedClock,
        progress: Arc<Progress>,
        kept: Kept,
    ) -> Self {
        let restating = Restating::new(queue.clone(), schedule.clone());
        Self { queue, schedule, clock, progress, kept, restating }
    }

    /// Trims until `stop`, while this process is the one that applies.
    pub(crate) async fn run(mut self, stop: &CancellationToken) -> Result<(), SchedulerError> {
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
            stop.run_until_cancelled(self.rest(wait)).await;
        }
        Ok(())
    }

    /// Waits so long, or until the journal fills up: it may do so well before another round is due.
    async fn rest(&self, wait: Duration) {
        let end = self.clock.now().plus(wait);
        loop {
            let left = end.since(self.clock.now());
            self.clock.sleep(left.min(TRIM_SOON)).await;
            if left <= TRIM_SOON {
                return;
            }
            // A queue that does not answer is met by the next round.
            if self.queue.usage(Stream::Journal).await.is_ok_and(|usage| is_above(RESTATED_ABOVE, &usage)) {
                return;
            }
        }
    }

    /// Trims each stream and tells when to do so again.
    async fn round(&mut self) -> Result<Duration, SchedulerError> {
        if !self.progress.is_leading() {
            self.restating.forget();
            return Ok(TRIM_SOON);
        }
        let mut wait = TRIM_EVERY;
        for stream in [Stream::Events, Stream::Deliveries, Stream::Journal] {
            let usage = self.queue.usage(stream).await?;
            if is_above(FILLING_ABOVE, &usage) {
                wait = TRIM_SOON;
            }
            let needed = match stream {
                Stream::Events => self.queue.sequence_at(stream, self.clock.now().minus(self.kept.events)).await?,
                Stream::Deliveries => usage.last + 1,
                Stream::Journal => {
                    wait = wait.min(self.restate(&usage).await?);
                    self.needed_of_journal(&usage).await?.map_or(usage.first, |needed| needed.first())
                }
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
        Ok(wait)
    }

    /// Restates what waits if that alone keeps much of the journal; tells when to look again.
    async fn restate(&mut self, usage: &Usage) -> Result<Duration, SchedulerError> {
        if usage.last + 1 < self.restating.done_below() {
            self.restating.forget();
        }
        if !is_above(RESTATED_ABOVE, usage) {
            return Ok(TRIM_EVERY);
        }
        let Some(needed) = self.needed_of_journal(usage).await? else { return Ok(TRIM_SOON) };
        let logged = self.queue.backlog(Consumer::Logs).await?.floor + 1;
        let (from, below) = (needed.waiting.max(usage.first), needed.otherwise.min(logged));
        if from >= below || !Restating::pays(usage.bytes, self.schedule.waiting().await?) {
            return Ok(TRIM_SOON);
        }
        Ok(match self.restating.go_on(from, below).await? {
            Went::PartOfTheWay => GO_ON_AFTER,
            Went::AllTheWay | Went::NoFurther => TRIM_SOON,
        })
    }

    /// What of the journal a schedule that loses everything would have to read again; `None` if that cannot be told now.
    /// `usage` was asked before.
    ///
    /// The schedule is asked after everything that was restated is stored. If it loses what it has before that, its position
    /// says so and it has all that was restated before it; if later, it begins anew later, and finds that in the journal. The
    /// message at its position stays in any case: a schedule whose own is gone has missed something.
    async fn needed_of_journal(&self, usage: &Usage) -> Result<Option<Needed>, SchedulerError> {
        if !self.progress.is_at_end() {
            return Ok(None);
        }
        let earliest = self.schedule.earliest().await?;
        let Some(position) = earliest.position else { return Ok(None) };
        let waiting = match earliest.due {
            Some(due) => self.written_at(due.minus(LONGEST_WAIT)).await?.max(self.restating.done_below()),
            None => position.sequence,
        };
        let kept = match is_above(FILLING_ABOVE, usage) {
            true => position.sequence,
            false => self.written_at(self.clock.now().minus(self.kept.journal)).await?,
        };
        Ok(Some(Needed { waiting, otherwise: kept.min(position.sequence) }))
    }

    async fn written_at(&self, time: Timestamp) -> Result<u64, SchedulerError> {
        Ok(self.queue.sequence_at(Stream::Journal, time).await?)
    }
}

fn is_above(part: f64, usage: &Usage) -> bool {
    usage.bytes as f64 > usage.limit as f64 * part
}
