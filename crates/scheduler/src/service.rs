//! The scheduler's life.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::{Queue, QueueError, Room, Stream};
use fanfare_ports::schedule::Schedule;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::catching_up::CatchingUp;
use crate::config::Config;

/// Why the scheduler stopped.
#[derive(Debug, thiserror::Error)]
pub enum SchedulerError {
    /// The queue is not as it must be; waiting does not help.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Follows what waits and brings up what is due. Any number of processes may run: one at a time applies the journal, all
/// dispatch.
pub struct Scheduler {
    pub(crate) config: Config,
    /// How long events are kept.
    pub(crate) retention: Duration,
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) schedule: Arc<dyn Schedule>,
    pub(crate) clock: SharedClock,
    /// Names this process and no other.
    pub(crate) holder: String,
    pub(crate) room: Arc<Room>,
    pub(crate) catching_up: CatchingUp,
    /// Wakes the dispatcher: something was put.
    pub(crate) applied: Notify,
    /// This process applies.
    pub(crate) leads: AtomicBool,
    /// What was due has been dispatched when last looked at.
    pub(crate) dispatches: AtomicBool,
    /// The journal has a record that this version cannot read.
    pub(crate) unreadable: AtomicBool,
}

impl Scheduler {
    /// A scheduler on these ports; events are kept for `retention`, and `holder` names this process and no other.
    #[must_use]
    pub fn new(
        config: Config,
        retention: Duration,
        queue: Arc<dyn Queue>,
        schedule: Arc<dyn Schedule>,
        clock: SharedClock,
        holder: String,
    ) -> Arc<Self> {
        Arc::new(Self {
            config,
            retention,
            queue,
            schedule,
            clock,
            holder,
            room: Room::in_stream(Stream::Deliveries),
            catching_up: CatchingUp::default(),
            applied: Notify::new(),
            leads: AtomicBool::new(false),
            dispatches: AtomicBool::new(false),
            unreadable: AtomicBool::new(false),
        })
    }

    /// What this process waits for before it can do its job; nothing means that it is ready.
    #[must_use]
    pub fn waits_for(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if !self.dispatches.load(Ordering::Relaxed) {
            reasons.push("schedule: not reached, or not caught up with the journal".to_owned());
        }
        if self.unreadable.load(Ordering::Relaxed) {
            reasons.push("journal: has a record of a newer version".to_owned());
        }
        reasons
    }

    /// Runs until `stop`, or until the queue turns out not to be set up.
    ///
    /// # Errors
    /// [`SchedulerError`] if the queue is not set up.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), SchedulerError> {
        if let Err(error @ QueueError::NotSetUp(_)) = self.queue.usage(Stream::Journal).await {
            return Err(error.into());
        }
        tokio::join!(
            self.apply(&stop),
            self.dispatch(&stop),
            self.trim(&stop),
            self.room.watch(&*self.queue, &self.clock, &stop)
        );
        Ok(())
    }

    pub(crate) fn note_dispatching(&self, works: bool) {
        self.dispatches.store(works, Ordering::Relaxed);
    }
}
