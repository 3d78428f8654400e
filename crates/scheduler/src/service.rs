//! The scheduler as a service.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use fanfare_ports::clock::SharedClock;
use fanfare_ports::directory::{Directory, DirectoryError};
use fanfare_ports::queue::{Queue, QueueError, Room, Stream};
use fanfare_ports::schedule::{Schedule, ScheduleError};
use tokio_util::sync::CancellationToken;

use crate::applier::Applier;
use crate::config::Config;
use crate::dispatcher::Dispatcher;
use crate::follower::Follower;
use crate::metrics::{Due, Metrics};
use crate::observer::Observer;
use crate::progress::Progress;
use crate::trimmer::{Kept, Trimmer};

/// Why the scheduler stopped.
#[derive(Debug, thiserror::Error)]
pub enum SchedulerError {
    /// The queue is not as it must be; waiting does not help.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The schedule is not as it must be; waiting does not help.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The directory is not as it must be; waiting does not help.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

impl SchedulerError {
    /// What is waited for, if waiting helps; else the error again.
    pub(crate) fn bearable(self) -> Result<String, Self> {
        match &self {
            Self::Queue(error @ QueueError::Unavailable(cause)) => Ok(describe(error, cause.as_ref())),
            Self::Schedule(error @ ScheduleError::Unavailable(cause)) => Ok(describe(error, cause.as_ref())),
            Self::Directory(error @ DirectoryError::Unavailable(cause)) => Ok(describe(error, cause.as_ref())),
            Self::Queue(QueueError::NotSetUp(_))
            | Self::Schedule(ScheduleError::Unsafe(_))
            | Self::Directory(DirectoryError::NotSetUp(_)) => Err(self),
        }
    }
}

fn describe(error: &dyn Error, cause: &dyn Error) -> String {
    format!("{error}: {cause}")
}

/// What the scheduler works with.
#[derive(Clone)]
pub struct Ports {
    /// The streams.
    pub queue: Arc<dyn Queue>,
    /// What waits.
    pub schedule: Arc<dyn Schedule>,
    /// Tells which webhooks and tenants are no longer there.
    pub directory: Arc<dyn Directory>,
    /// The time.
    pub clock: SharedClock,
}

/// Applies the journal to the schedule, dispatches what is due, and trims the streams.
pub struct Scheduler {
    config: Config,
    ports: Ports,
    retention: Duration,
    holder: String,
    progress: Arc<Progress>,
    room: Arc<Room>,
}

impl Scheduler {
    /// A scheduler on these ports. Events are kept for `retention`. `holder` tells this process from all others that run
    /// now or ran lately, such as a random text.
    #[must_use]
    pub fn new(config: Config, ports: Ports, retention: Duration, holder: String) -> Arc<Self> {
        let room = Room::in_stream(Stream::Deliveries);
        Arc::new(Self { config, ports, retention, holder, progress: Arc::default(), room })
    }

    /// What this process waits for before it can do its job; nothing means that it is ready.
    #[must_use]
    pub fn waits_for(&self) -> Vec<String> {
        self.progress.waits_for()
    }

    /// Runs until `stop`, whatever becomes of the servers meanwhile. What has been claimed by then is still dispatched.
    ///
    /// # Errors
    /// [`SchedulerError`] if a port is not set up as it must be.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), SchedulerError> {
        let Ports { queue, schedule, directory, clock } = self.ports.clone();
        let metrics = Arc::new(Metrics::new());
        let applier = Applier::new(
            queue.clone(),
            schedule.clone(),
            clock.clone(),
            self.progress.clone(),
            self.holder.clone(),
            self.config.apply_batch.get(),
            metrics.clone(),
        );
        let due = Due::told(clock.clone());
        let dispatcher =
            Dispatcher::new(self.ports.clone(), &self.config, self.progress.clone(), self.room.clone(), metrics, due);
        let observer = Observer::new(queue.clone(), clock.clone());
        let kept = Kept { events: self.retention, journal: self.config.journal_kept };
        let trimmer = Trimmer::new(queue.clone(), schedule.clone(), clock.clone(), self.progress.clone(), kept);
        let follower = Follower::new(directory, schedule, clock.clone(), self.progress.clone());
        let watching = async {
            self.room.watch(queue.as_ref(), &clock, &stop).await;
            Ok(())
        };
        tokio::try_join!(
            applier.run(&stop),
            dispatcher.run(&stop),
            trimmer.run(&stop),
            follower.run(&stop),
            observer.run(&stop),
            watching
        )?;
        Ok(())
    }
}
