//! The worker's loops.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::delivery::Lane;
use fanfare_domain::profile::Profiles;
use fanfare_domain::sealed::Keyring;
use fanfare_ports::catalogue::Catalogue;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::{Consumer, PACK_DELIVERIES, Queue, QueueError, Room, Stream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Config, Egress};
use crate::delivering::Courier;
use crate::egress::{EgressError, Poster};

const TAKE_WAIT: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(100);
/// Deliveries that are taken, in the air or waiting for their turn, for each that may be in the air. Twice as many did not stay in
/// the cache.
const TAKEN_FOR_EACH_IN_FLIGHT: usize = 2;

/// Why the worker stopped.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The queue is not as it must be; waiting does not help.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Takes deliveries from the queue and attempts them. Any number of processes share the work.
pub struct Worker {
    queue: Arc<dyn Queue>,
    catalogue: Arc<Catalogue>,
    clock: SharedClock,
    room: Arc<Room>,
    places: Arc<Semaphore>,
    courier: Arc<Courier>,
}

impl Worker {
    /// A worker on these ports; `retention` is how long events stay stored, from which deliveries' deadlines follow.
    ///
    /// # Errors
    /// [`EgressError`] if no HTTP client can be made from `egress`.
    #[expect(clippy::too_many_arguments, reason = "one argument for each port")]
    pub fn new(
        config: Config,
        egress: Egress,
        retention: Duration,
        queue: Arc<dyn Queue>,
        catalogue: Arc<Catalogue>,
        profiles: Arc<Profiles>,
        keyring: Arc<Keyring>,
        clock: SharedClock,
    ) -> Result<Arc<Self>, EgressError> {
        let poster = Poster::new(&config, egress)?;
        let places = Arc::new(Semaphore::new(config.in_flight.get() * TAKEN_FOR_EACH_IN_FLIGHT));
        let room = Room::in_stream(Stream::Journal);
        let courier = Courier::new(
            config,
            retention,
            Arc::clone(&queue),
            Arc::clone(&room),
            Arc::clone(&catalogue),
            profiles,
            keyring,
            Arc::clone(&clock),
            poster,
        );
        Ok(Arc::new(Self { queue, catalogue, clock, room, places, courier: Arc::new(courier) }))
    }

    /// What this process waits for before it can do its job; nothing means that it is ready.
    #[must_use]
    pub fn waits_for(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if !self.catalogue.is_ready() {
            reasons.push("directory: not followed within the last 5 s".to_owned());
        }
        if !self.room.is_open() {
            reasons.push("queue: no room in the journal".to_owned());
        }
        if self.courier.lacks_key() {
            reasons.push("secrets: some cannot be decrypted with FANFARE_SECRETS_KEY".to_owned());
        }
        reasons
    }

    /// Delivers until `stop` or until the queue turns out not to be set up. Attempts in flight end first; what was not
    /// begun is handed back.
    ///
    /// # Errors
    /// [`WorkerError`] if the queue is not set up.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), WorkerError> {
        let attempts = TaskTracker::new();
        let done = stop.child_token();
        let lanes = Lane::ALL.map(|lane| self.take(lane, &attempts, &done));
        let taking = async {
            let outcome = futures::future::try_join_all(lanes).await;
            done.cancel();
            outcome
        };
        let working = async {
            let outcome = taking.await;
            attempts.close();
            attempts.wait().await;
            self.courier.close();
            outcome
        };
        let (outcome, (), ()) =
            tokio::join!(working, self.room.watch(&*self.queue, &self.clock, &done), self.courier.record());
        outcome.map(drop)
    }

    async fn take(&self, lane: Lane, attempts: &TaskTracker, stop: &CancellationToken) -> Result<(), WorkerError> {
        // Each clone of a token takes its lock.
        let stop = Arc::new(stop.clone());
        while !stop.is_cancelled() {
            if !self.room.is_open() || !self.catalogue.is_ready() {
                stop.run_until_cancelled(self.clock.sleep(PAUSE)).await;
                continue;
            }
            // Permits come in the order in which they were asked for, so lanes take in turn.
            let waiting = Arc::clone(&self.places).acquire_owned();
            let Some(Ok(first)) = stop.run_until_cancelled(waiting).await else { return Ok(()) };
            // Not cut short by `stop`: what the queue has handed out must come here.
            let taken = match self.queue.take(Consumer::Worker(lane), PACK_DELIVERIES, TAKE_WAIT).await {
                Ok(taken) => taken,
                Err(error @ QueueError::NotSetUp(_)) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, ?lane, "no deliveries taken");
                    stop.run_until_cancelled(self.clock.sleep(PAUSE)).await;
                    continue;
                }
            };
            let mut first = Some(first);
            for leased in taken {
                let places = Arc::clone(&self.places);
                let free = first.take().or_else(|| Arc::clone(&places).try_acquire_owned().ok());
                let courier = Arc::clone(&self.courier);
                let stop = Arc::clone(&stop);
                // Tasks are moved several times before they begin and when they end: boxed, it is not all of this that moves.
                attempts.spawn(Box::pin(async move {
                    // The semaphore is never closed; a pack's records may briefly be more than the places.
                    let place = match free {
                        Some(place) => Some(place),
                        None => places.acquire_owned().await.ok(),
                    };
                    courier.deliver(leased, place, &stop).await;
                }));
            }
        }
        Ok(())
    }
}
