//! Applies the journal to the schedule, from the schedule's own position on.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::delivery::Position;
use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::{Queue, Stream, Topic, Usage};
use fanfare_ports::schedule::{Applied, Lead, Schedule};
use tokio_util::sync::CancellationToken;

use crate::changes::Batch;
use crate::metrics::Metrics;
use crate::progress::{Part, Progress};
use crate::service::SchedulerError;

/// How long another process waits for one that died.
const TTL: Duration = Duration::from_secs(5);
const RENEW_EVERY: Duration = Duration::from_secs(2);
/// Between looks at the journal while it has nothing new.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long a record of a newer version is left to a newer process, which can take the right to apply meanwhile.
const LEFT_FOR: Duration = Duration::from_secs(6);
/// The shortest right to apply: gives up the one that is held.
const NO_LONGER: Duration = Duration::from_millis(1);

pub(crate) struct Applier {
    queue: Arc<dyn Queue>,
    schedule: Arc<dyn Schedule>,
    clock: SharedClock,
    progress: Arc<Progress>,
    /// Names this process.
    holder: String,
    batch: usize,
    metrics: Arc<Metrics>,
    /// When the right to apply was last renewed.
    renewed: Option<Timestamp>,
    /// Where the schedule is, as far as is known here.
    at: Option<Position>,
    /// Whether it was at the journal's end since this process began to apply, and has been moved by nobody else from then on.
    /// Nothing that it has not seen is ever trimmed from then on.
    has_followed: bool,
}

/// What comes after a step.
enum Next {
    /// There may be more.
    GoOn,
    /// There was nothing to do.
    Wait(Duration),
}

impl Applier {
    pub(crate) fn new(
        queue: Arc<dyn Queue>,
        schedule: Arc<dyn Schedule>,
        clock: SharedClock,
        progress: Arc<Progress>,
        holder: String,
        batch: usize,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { queue, schedule, clock, progress, holder, batch, metrics, renewed: None, at: None, has_followed: false }
    }

    /// Applies until `stop`, then passes the right to apply on.
    pub(crate) async fn run(mut self, stop: &CancellationToken) -> Result<(), SchedulerError> {
        while !stop.is_cancelled() {
            let wait = match self.step().await {
                Ok(Next::GoOn) => continue,
                Ok(Next::Wait(wait)) => wait,
                Err(error) => {
                    self.progress.set_at_end(false);
                    self.progress.hold_up(Part::Applier, error.bearable()?);
                    AGAIN_AFTER
                }
            };
            stop.run_until_cancelled(self.clock.sleep(wait)).await;
        }
        self.give_up().await;
        Ok(())
    }

    async fn step(&mut self) -> Result<Next, SchedulerError> {
        if !self.leads().await? {
            self.progress.go_on(Part::Applier);
            return Ok(Next::Wait(RENEW_EVERY));
        }
        let Some(at) = self.at else {
            self.renewed = None;
            return Ok(Next::GoOn);
        };
        let records = self.queue.read_after(Topic::JournalSchedule, at, self.batch).await?;
        // Asked afterwards: what is still there now was there to be read.
        if !self.has_followed && Self::has_missed(at, &self.queue.usage(Stream::Journal).await?) {
            self.renewed = None;
            return Ok(Next::GoOn);
        }
        let batch = Batch::of(&records);
        let applied = match batch.to {
            Some(to) => self.apply(to, &batch).await?,
            None => Applied::Done,
        };
        if let (Some((position, format)), Applied::Done) = (batch.unknown, applied) {
            return Ok(self.leave_to_a_newer_process(position, format).await);
        }
        self.progress.go_on(Part::Applier);
        if !records.is_empty() {
            return Ok(Next::GoOn);
        }
        self.has_followed = true;
        self.progress.set_at_end(true);
        Ok(Next::Wait(LOOK_EVERY))
    }

    /// Whether this process may apply; renews its right in time, and looks where the schedule is meanwhile.
    async fn leads(&mut self) -> Result<bool, SchedulerError> {
        let now = self.clock.now();
        if self.renewed.is_some_and(|renewed| now.since(renewed) < RENEW_EVERY) {
            return Ok(true);
        }
        self.renewed = None;
        let lead = self.schedule.lead(&self.holder, TTL).await?;
        if !lead.is_held() || !self.progress.is_leading() {
            self.has_followed = false;
        }
        self.progress.set_leading(lead.is_held());
        if let Lead::Held { at } = lead {
            self.move_to(at);
            if self.begin_anew_if_needed().await? == Applied::Done {
                self.renewed = Some(now);
            }
        }
        Ok(self.renewed.is_some())
    }

    /// Has a schedule read the journal from its beginning which cannot go on from where it is. Whatever waited for what is no
    /// longer in the journal has been restated there, so that counts, up to the journal's end of now: all of it was stored
    /// before anything was trimmed for it, and that before the schedule lost what it had.
    async fn begin_anew_if_needed(&mut self) -> Result<Applied, SchedulerError> {
        let journal = self.queue.usage(Stream::Journal).await?;
        match self.at {
            // New or emptied.
            None => {}
            // It has read nothing yet.
            Some(at) if at.sequence == 0 => {}
            // It has followed another journal, or one that lost its end: what comes now would be passed over.
            Some(at) if at.sequence > journal.last => {
                tracing::error!(?at, ?journal, "schedule is ahead of the journal, which is read from its beginning");
            }
            Some(at) if Self::has_missed(at, &journal) => {
                tracing::error!(?at, ?journal, "schedule was put back to before what the journal has");
            }
            Some(_) => return Ok(Applied::Done),
        }
        let begun = self.schedule.begin_anew(&self.holder, self.at, journal.last).await?;
        if begun == Applied::Done && self.at.is_none_or(|at| at.sequence > 0) {
            // An empty journal has nothing to be lost.
            if journal.last > 0 {
                self.metrics.rebuild();
            }
            self.has_followed = false;
            self.progress.set_at_end(false);
        }
        self.note(begun, Position::default());
        Ok(begun)
    }

    /// Whether records after `at` may be gone. The message there is trimmed only when the schedule has gone on from it.
    const fn has_missed(at: Position, journal: &Usage) -> bool {
        at.sequence > 0 && at.sequence < journal.first
    }

    async fn apply(&mut self, to: Position, batch: &Batch) -> Result<Applied, SchedulerError> {
        let applied = self.schedule.apply(&self.holder, self.at, to, &batch.changes).await?;
        if applied == Applied::Done {
            self.metrics.applied(batch.changes.len());
        }
        self.note(applied, to);
        Ok(applied)
    }

    fn note(&mut self, applied: Applied, to: Position) {
        match applied {
            Applied::Done => {
                self.at = Some(to);
                self.progress.tell_change();
            }
            Applied::Elsewhere { at } => {
                self.move_to(at);
                self.renewed = None;
            }
            Applied::NotLeader => {
                self.renewed = None;
                self.progress.set_leading(false);
            }
        }
    }

    fn move_to(&mut self, at: Option<Position>) {
        if at != self.at {
            self.has_followed = false;
        }
        if at < self.at {
            self.progress.set_at_end(false);
            tracing::warn!(?at, was = ?self.at, "schedule has forgotten; the journal is read again from there");
        }
        self.at = at;
    }

    async fn leave_to_a_newer_process(&mut self, position: Position, format: u8) -> Next {
        let why = format!(
            "journal record {}:{} is of format {format}, which a newer version must read",
            position.sequence, position.index
        );
        tracing::error!(
            sequence = position.sequence,
            index = position.index,
            format,
            "journal record of a newer version"
        );
        self.progress.hold_up(Part::Applier, why);
        self.give_up().await;
        Next::Wait(LEFT_FOR)
    }

    async fn give_up(&mut self) {
        if !self.progress.is_leading() {
            return;
        }
        if let Err(error) = self.schedule.lead(&self.holder, NO_LONGER).await {
            tracing::debug!(%error, "right to apply runs out by itself");
        }
        self.renewed = None;
        self.progress.set_leading(false);
    }
}
