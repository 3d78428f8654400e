//! Applies the journal to the schedule, from the schedule's own position on.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::delivery::Position;
use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::{Queue, Stream, Topic};
use fanfare_ports::schedule::{Applied, Schedule};
use tokio_util::sync::CancellationToken;

use crate::changes::Batch;
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
    /// When the right to apply was last renewed.
    renewed: Option<Timestamp>,
    /// Where the schedule is, as far as is known here.
    at: Option<Position>,
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
    ) -> Self {
        Self { queue, schedule, clock, progress, holder, batch, renewed: None, at: None }
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
        let records = self.queue.read_after(Topic::JournalSchedule, self.at.unwrap_or_default(), self.batch).await?;
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
        let leads = self.schedule.lead(&self.holder, TTL).await?;
        self.progress.set_leading(leads);
        if leads {
            self.renewed = Some(now);
            let at = self.schedule.position().await?;
            self.move_to(at);
            self.begin_again_if_ahead().await?;
        }
        Ok(leads)
    }

    /// A schedule that is further than the journal has followed another one, or one that lost its end: it is sent back to the
    /// beginning, since what is written from now on would be passed over otherwise.
    async fn begin_again_if_ahead(&mut self) -> Result<(), SchedulerError> {
        let last = self.queue.usage(Stream::Journal).await?.last;
        if let Some(at) = self.at
            && at.sequence > last
        {
            tracing::error!(
                sequence = at.sequence,
                last,
                "schedule is ahead of the journal, which is read from its beginning"
            );
            self.apply(Position::default(), &Batch::default()).await?;
        }
        Ok(())
    }

    async fn apply(&mut self, to: Position, batch: &Batch) -> Result<Applied, SchedulerError> {
        let applied = self.schedule.apply(&self.holder, self.at, to, &batch.changes).await?;
        match applied {
            Applied::Done => {
                self.at = Some(to);
                self.progress.tell_change();
            }
            Applied::Elsewhere { at } => self.move_to(at),
            Applied::NotLeader => {
                self.renewed = None;
                self.progress.set_leading(false);
            }
        }
        Ok(applied)
    }

    fn move_to(&mut self, at: Option<Position>) {
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
