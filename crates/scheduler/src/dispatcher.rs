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
use crate::progress::{Part, Progress};
use crate::service::{Ports, SchedulerError};

/// How long claimed entries are hidden: long enough to store them in the queue however busy it is.
const LEASE: Duration = Duration::from_secs(10);
/// Longest wait while nothing is due: another process may have put something, and of what this one puts it hears at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Shortest wait, where the schedule's clock and ours differ.
const SHORTEST_WAIT: Duration = Duration::from_millis(5);
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
    /// Whether something was due when last asked, so that it matters whether the workers keep up.
    busy: bool,
}

/// What comes after a round.
enum Next {
    GoOn,
    Wait(Duration),
}

impl Dispatcher {
    pub(crate) fn new(ports: Ports, config: &Config, progress: Arc<Progress>, room: Arc<Room>) -> Self {
        let releasing = Releasing::new(ports.clone(), config.released_messages.get());
        let batch = config.dispatch_batch.get();
        Self { ports, progress, room, releasing, batch, freshness: Freshness::default(), busy: false }
    }

    /// Dispatches until `stop`; what has been claimed by then is still released.
    pub(crate) async fn run(mut self, stop: &CancellationToken) -> Result<(), SchedulerError> {
        while !stop.is_cancelled() {
            let wait = match self.round().await {
                Ok(Next::GoOn) => continue,
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
        self.busy = !claimed.claims.is_empty();
        if self.busy {
            self.freshness.compare(self.ports.queue.as_ref(), now).await?;
            if let Err(why) = self.releasing.release(claimed.claims).await? {
                self.progress.hold_up(Part::Dispatcher, why);
                return Ok(Next::Wait(AGAIN_AFTER));
            }
        }
        self.progress.go_on(Part::Dispatcher);
        // By the time of now: what the round itself took is over.
        Ok(if self.busy { Next::GoOn } else { Next::Wait(wait_for(claimed.next, self.ports.clock.now())) })
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

fn wait_for(next: Option<Timestamp>, now: Timestamp) -> Duration {
    next.map_or(LOOK_EVERY, |next| next.since(now).clamp(SHORTEST_WAIT, LOOK_EVERY))
}
