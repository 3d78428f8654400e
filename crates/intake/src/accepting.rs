//! Accepting events.

use std::sync::Arc;

use fanfare_domain::ids::EventId;
use fanfare_ports::catalogue::Catalogue;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::idempotency::Idempotency;
use fanfare_ports::queue::{Queue, Room, Stream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::caller::Caller;
use crate::config::Config;
use crate::draft::Draft;
use crate::error::{IntakeError, Unavailability};
use crate::key::OperatorKey;
use crate::metrics::Metrics;
use crate::quota::Quotas;
use crate::schema::Schemas;
use crate::storing;

/// The way in. One for a process; everybody who publishes shares it.
pub struct Intake {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) idempotency: Arc<dyn Idempotency>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: SharedClock,
    pub(crate) config: Config,
    pub(crate) operator: OperatorKey,
    pub(crate) quotas: Quotas,
    pub(crate) schemas: Schemas,
    pub(crate) metrics: Metrics,
    room: Arc<Room>,
    storing: TaskTracker,
}

/// An event that was accepted, now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its id.
    pub id: EventId,
    /// Whether this id had been accepted before; nothing was added then.
    pub duplicate: bool,
}

impl Intake {
    /// The way in to `queue`. Somebody must follow the directory with `catalogue`, and [`Self::watch`].
    #[must_use]
    pub fn new(
        queue: Arc<dyn Queue>,
        idempotency: Arc<dyn Idempotency>,
        catalogue: Arc<Catalogue>,
        clock: SharedClock,
        config: Config,
        operator: OperatorKey,
    ) -> Arc<Self> {
        Arc::new(Self {
            queue,
            idempotency,
            catalogue,
            clock,
            config,
            operator,
            quotas: Quotas::default(),
            schemas: Schemas::default(),
            metrics: Metrics::new(),
            room: Room::in_stream(Stream::Events),
            storing: TaskTracker::new(),
        })
    }

    /// Watches until `stop` whether there is room for events.
    pub async fn watch(&self, stop: &CancellationToken) {
        self.room.watch(&*self.queue, &self.clock, stop).await;
    }

    /// Returns once everything that is being stored has its outcome. Call it when nobody publishes any more.
    pub async fn drain(&self) {
        self.storing.close();
        self.storing.wait().await;
    }

    /// The clock that it goes by.
    #[must_use]
    pub fn clock(&self) -> &SharedClock {
        &self.clock
    }

    /// Largest `data`, in bytes as published.
    #[must_use]
    pub fn max_payload(&self) -> usize {
        self.config.max_payload.get()
    }

    /// What events cannot be accepted without, and is missing now; nothing if all is well.
    #[must_use]
    pub fn waits_for(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if !self.catalogue.is_ready() {
            missing.push("directory: not followed within the last 5 s".to_owned());
        }
        if !self.room.is_open() {
            missing.push("stream of events: no room, or the queue does not answer".to_owned());
        }
        missing
    }

    /// Accepts events: one answer for each, in order. An accepted event is synced to the queue's disk.
    ///
    /// Storing goes on to its end even if the caller goes away, so that ids are remembered as what they became. Of equal
    /// ids the first counts, and the others are its duplicates.
    pub async fn accept(self: &Arc<Self>, caller: &Caller, drafts: Vec<Draft>) -> Vec<Result<Accepted, IntakeError>> {
        let answers = self.answer(caller, drafts).await;
        self.metrics.answered(&answers);
        answers
    }

    async fn answer(self: &Arc<Self>, caller: &Caller, drafts: Vec<Draft>) -> Vec<Result<Accepted, IntakeError>> {
        if let Err(reason) = self.be_able().await {
            return vec![Err(IntakeError::Unavailable(reason)); drafts.len()];
        }
        let now = self.clock.now();
        let mut candidates = Vec::with_capacity(drafts.len());
        let mut places = Vec::with_capacity(drafts.len());
        let mut answers: Vec<_> = drafts
            .into_iter()
            .enumerate()
            .map(|(place, draft)| {
                candidates.push(self.check(caller, draft, now)?);
                places.push(place);
                // What stands if the queue does not answer in time.
                Err(IntakeError::Unavailable(Unavailability::Queue))
            })
            .collect();
        if candidates.is_empty() {
            return answers;
        }
        let storing = self.storing.spawn(storing::store(Arc::clone(self), candidates));
        let outcomes = tokio::select! {
            outcomes = storing => outcomes.unwrap_or_default(),
            () = self.clock.sleep(self.config.answer_within) => Vec::new(),
        };
        for (place, outcome) in places.into_iter().zip(outcomes) {
            if let Some(answer) = answers.get_mut(place) {
                *answer = outcome;
            }
        }
        answers
    }

    /// Sees to it that there is room, and that what is in force now is known here.
    pub(crate) async fn be_able(&self) -> Result<(), Unavailability> {
        if !self.room.is_open() {
            return Err(Unavailability::Full);
        }
        self.be_current().await
    }

    /// Sees to it that tenants, keys and event types that are in force now are known here.
    pub(crate) async fn be_current(&self) -> Result<(), Unavailability> {
        if !self.catalogue.is_ready() {
            return Err(Unavailability::Directory);
        }
        tokio::select! {
            included = self.catalogue.include(self.clock.now()) => included.map_err(|error| {
                tracing::warn!(%error, "directory did not tell what is in force");
                Unavailability::Directory
            }),
            () = self.clock.sleep(self.config.answer_within) => Err(Unavailability::Directory),
        }
    }
}
