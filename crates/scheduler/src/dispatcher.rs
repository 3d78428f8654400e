//! Moves what is due back to the workers.

mod releasing;

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::Room;
use tokio_util::sync::CancellationToken;

use self::releasing::Releasing;
use crate::config::Config;
use crate::freshness::Freshness;
use crate::metrics::{Due, Metrics, due_after, due_before};
use crate::progress::{Part, Progress};
use crate::service::{Ports, SchedulerError};

/// How long claimed entries are hidden: long enough to store them in the queue however busy it is.
const LEASE: Duration = Duration::from_secs(10);
/// Longest wait while nothing is due: of what this process puts it hears at once, and another that has put something and
/// died may not have dispatched it.
const LOOK_EVERY: Duration = Duration::from_millis(2500);
/// Shortest wait for what is due next.
const SHORTEST_WAIT: Duration = Duration::from_millis(5);
/// How long what falls due is gathered while there is always something, so that the moving of it costs less: each message is
/// synced, and workers write down together what they attempt together.
const GATHER_FOR: Duration = Duration::from_millis(10);
/// Until a lane, the stream or the schedule is looked at again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
const AFTER_ERROR: Duration = Duration::from_millis(500);

pub(crate) struct Dispatcher {
    ports: Ports,
    progress: Arc<Progress>,
    room: Arc<Room>,
    releasing: Releasing,
    batch: usize,
    freshness: Freshness,
    due: Due,
    /// Whether something was due when last asked, so that it matters whether the workers keep up.
    busy: bool,
}

/// What comes after a round.
enum Next {
    GoOn,
    /// There is little now, but will soon be more.
    Gather,
    Wait(Duration),
}

impl Dispatcher {
    pub(crate) fn new(
        ports: Ports,
        config: &Config,
        progress: Arc<Progress>,
        room: Arc<Room>,
        metrics: Arc<Metrics>,
        due: Due,
    ) -> Self {
        let releasing = Releasing::new(ports.clone(), config.released_messages.get(), metrics);
        let batch = config.dispatch_batch.get();
        Self { ports, progress, room, releasing, batch, freshness: Freshness::default(), due, busy: false }
    }

    /// Dispatches until `stop`; what has been claimed by then is still released.
    pub(crate) async fn run(mut self, stop: &CancellationToken) -> Result<(), SchedulerError> {
        while !stop.is_cancelled() {
            let wait = match self.round().await {
                Ok(Next::GoOn) => continue,
                Ok(Next::Gather) => {
                    stop.run_until_cancelled(self.ports.clock.sleep(GATHER_FOR)).await;
                    continue;
                }
                Ok(Next::Wait(wait)) => wait,
                Err(error) => {
                    self.progress.hold_up(Part::Dispatcher, error.bearable()?);
                    AFTER_ERROR
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.ports.clock.sleep(wait) => {}
                () = self.progress.changed() => {}
            }
        }
        Ok(())
    }

    async fn round(&mut self) -> Result<Next, SchedulerError> {
        if !self.room.is_open() {
            self.progress.hold_up(Part::Dispatcher, "room in the stream of deliveries");
            return Ok(Next::Wait(AGAIN_AFTER));
        }
        let now = self.ports.clock.now();
        if !self.is_fresh(now).await? {
            self.progress.hold_up(Part::Dispatcher, "the schedule, which is behind the journal");
            return Ok(Next::Wait(AGAIN_AFTER));
        }
        if self.busy && !self.releasing.workers_keep_up().await? {
            self.progress.go_on(Part::Dispatcher);
            return Ok(Next::Wait(AGAIN_AFTER));
        }
        let claimed = self.ports.schedule.claim(LEASE, self.batch).await?;
        if !self.freshness.observe(claimed.position) {
            tracing::warn!(claims = claimed.claims.len(), position = ?claimed.position, "schedule has forgotten; its claims are left alone");
            return Ok(Next::GoOn);
        }
        let answered = self.ports.clock.now();
        let due_next = due_after(&claimed, self.batch, answered);
        self.busy = !claimed.claims.is_empty();
        // A queue's pace may be let through one by one, so that gathering would slow it down.
        let is_urgent = claimed.claims.len() >= self.batch || claimed.claims.iter().any(|claim| claim.parked);
        // Where the schedule is has just been told, so it need not be asked for when that is next needed.
        if self.busy || self.freshness.is_ageing(now) {
            self.freshness.compare(self.ports.queue.as_ref(), now).await?;
        }
        if self.busy {
            self.due.set(due_before(&claimed, answered));
        }
        if self.busy
            && let Err(why) = self.releasing.release(claimed.claims).await?
        {
            self.progress.hold_up(Part::Dispatcher, why);
            return Ok(Next::Wait(AGAIN_AFTER));
        }
        self.due.set(due_next);
        self.progress.go_on(Part::Dispatcher);
        Ok(match (self.busy, is_urgent) {
            (true, true) => Next::GoOn,
            (true, false) => Next::Gather,
            (false, _) => {
                // What the round itself took since it was answered is over.
                let since = self.ports.clock.now().since(answered);
                Next::Wait(wait_for(claimed.next, claimed.now.plus(since)))
            }
        })
    }

    /// Whether the schedule has what the journal said; if that is not known any more, it is compared.
    async fn is_fresh(&mut self, now: Timestamp) -> Result<bool, SchedulerError> {
        if !self.freshness.is_fresh(now) {
            self.freshness.observe(self.ports.schedule.position().await?);
            self.freshness.compare(self.ports.queue.as_ref(), now).await?;
        }
        Ok(self.freshness.is_fresh(now))
    }
}

/// How long to wait at `now`, by the schedule's clock.
fn wait_for(next: Option<Timestamp>, now: Timestamp) -> Duration {
    next.map_or(LOOK_EVERY, |next| next.since(now).clamp(SHORTEST_WAIT, LOOK_EVERY))
}
