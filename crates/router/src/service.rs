//! The router's loop.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::{DeliveryRef, Lane};
use fanfare_domain::event::{Event, TraceContext};
use fanfare_domain::ids::Run;
use fanfare_domain::tenant::Tenant;
use fanfare_domain::time::Timestamp;
use fanfare_ports::catalogue::{Catalogue, Lookup};
use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::{Consumer, Leased, PublishError, Queue, QueueError, Room, Stream, Topic, keep_storing};
use fanfare_proto::records::{RecordError, decode_event};
use fanfare_spans::{FEW, carried, fanned_out, process_event};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Span;

use crate::config::Config;
use crate::matching::matching;
use crate::metrics::Metrics;
use crate::plan::{Step, lane, routed, step};
use crate::share::Shares;

const TAKE_WAIT: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(100);
/// How long a record of a newer format is left for a newer process.
const NEWER_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// A fan-out is stored in parts of so many records or bytes, so that a large one takes no more memory than a small one.
const PART_RECORDS: usize = 1_024;
const PART_BYTES: usize = 2 * 1024 * 1024;

/// Why the router stopped.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// The queue is not as it must be; waiting does not help.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Takes events from the queue and stores their deliveries. Any number of processes share the work.
pub struct Router {
    config: Config,
    queue: Arc<dyn Queue>,
    catalogue: Arc<Catalogue>,
    clock: SharedClock,
    room: [Arc<Room>; 2],
    shares: Mutex<Shares>,
    metrics: Metrics,
}

/// Records that wait to be stored, by topic.
#[derive(Default)]
struct Part {
    records: HashMap<Topic, Vec<Bytes>>,
    number: usize,
    bytes: usize,
}

impl Part {
    fn add(&mut self, topic: Topic, record: Bytes) {
        self.number += 1;
        self.bytes += record.len();
        self.records.entry(topic).or_default().push(record);
    }

    const fn is_full(&self) -> bool {
        self.number >= PART_RECORDS || self.bytes >= PART_BYTES
    }
}

impl Router {
    /// A router on these ports. Somebody else lets `catalogue` follow the directory.
    #[must_use]
    pub fn new(config: Config, queue: Arc<dyn Queue>, catalogue: Arc<Catalogue>, clock: SharedClock) -> Arc<Self> {
        let room = [Stream::Deliveries, Stream::Journal].map(Room::in_stream);
        let (shares, metrics) = (Mutex::default(), Metrics::new());
        Arc::new(Self { config, queue, catalogue, clock, room, shares, metrics })
    }

    /// What this process waits for before it can do its job; nothing means that it is ready.
    #[must_use]
    pub fn waits_for(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if !self.catalogue.is_ready() {
            reasons.push("directory: not followed within the last 5 s".to_owned());
        }
        if !self.has_room() {
            reasons.push("queue: no room for deliveries or journal".to_owned());
        }
        reasons
    }

    fn has_room(&self) -> bool {
        self.room.iter().all(|room| room.is_open())
    }

    /// Routes until `stop` or until the queue turns out not to be set up; finishes what it has taken.
    ///
    /// # Errors
    /// [`RouterError`] if the queue is not set up.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), RouterError> {
        let batches = TaskTracker::new();
        let done = stop.child_token();
        let looking =
            futures::future::join_all(self.room.iter().map(|room| room.watch(&*self.queue, &self.clock, &done)));
        let taking = async {
            let outcome = self.take(&batches, &done).await;
            done.cancel();
            outcome
        };
        let (outcome, _) = tokio::join!(taking, looking);
        batches.close();
        batches.wait().await;
        outcome
    }

    async fn take(self: &Arc<Self>, batches: &TaskTracker, stop: &CancellationToken) -> Result<(), RouterError> {
        let places = Arc::new(tokio::sync::Semaphore::new(self.config.in_flight.get()));
        while !stop.is_cancelled() {
            if !self.has_room() || !self.catalogue.is_ready() {
                stop.run_until_cancelled(self.clock.sleep(PAUSE)).await;
                continue;
            }
            // The semaphore is never closed, so a permit always comes.
            let place = stop.run_until_cancelled(Arc::clone(&places).acquire_owned()).await;
            let Some(Ok(first)) = place else { return Ok(()) };
            // Not cut short by `stop`: what the queue has handed out must come here, or it waits for its lease to lapse.
            let free = places.available_permits() + 1;
            let taken = match self.queue.take(Consumer::Router, free, TAKE_WAIT).await {
                Ok(taken) if taken.is_empty() => continue,
                Ok(taken) => taken,
                Err(error @ QueueError::NotSetUp(_)) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, "no events taken");
                    stop.run_until_cancelled(self.clock.sleep(PAUSE)).await;
                    continue;
                }
            };
            let more = u32::try_from(taken.len().min(free) - 1).unwrap_or(u32::MAX);
            let rest = Arc::clone(&places).acquire_many_owned(more).await;
            let router = Arc::clone(self);
            batches.spawn(async move {
                router.route(taken).await;
                drop((first, rest));
            });
        }
        Ok(())
    }

    /// Routes a batch and finishes it. It is not given up: what is half routed is stored however long that takes.
    async fn route(&self, taken: Vec<Leased>) {
        let events = self.decode(taken).await;
        if events.is_empty() {
            return;
        }
        let newest = events.iter().map(|(event, _)| event.accepted).max().unwrap_or_default();
        self.include(newest).await;
        let mut part = Part::default();
        // Their ends tell when everything was stored.
        let mut spans = Vec::with_capacity(events.len());
        for (event, leased) in &events {
            let span = process_event(event);
            self.plan(event, leased, &span, &mut part).await;
            spans.push(span);
        }
        self.store(&mut part).await;
        drop(spans);
        self.metrics.routed(events.len());
        let leases: Vec<_> = events.into_iter().map(|(_, leased)| leased.lease).collect();
        if let Err(error) = self.queue.finish(&leases).await {
            tracing::warn!(%error, events = leases.len(), "routed events were not finished and will be routed again");
        }
    }

    /// Reads events. Those of a newer format are left to a newer process; what nobody can read is a dead letter.
    async fn decode(&self, taken: Vec<Leased>) -> Vec<(Event, Leased)> {
        let mut newer = Vec::new();
        let mut events = Vec::with_capacity(taken.len());
        for leased in taken {
            match decode_event(&leased.record) {
                Ok(event) => events.push((event, leased)),
                Err(error) => {
                    tracing::error!(%error, position = ?leased.position, "event cannot be read here");
                    match error {
                        RecordError::UnknownFormat(_) => newer.push(leased.lease),
                        RecordError::Damaged(_) => self.bury(&leased, &error).await,
                    }
                }
            }
        }
        if !newer.is_empty()
            && let Err(error) = self.queue.hand_back(&newer, NEWER_AGAIN_AFTER).await
        {
            tracing::warn!(%error, "events were not handed back");
        }
        events
    }

    async fn bury(&self, leased: &Leased, reason: &RecordError) {
        if let Err(error) = self.queue.bury(std::slice::from_ref(leased), &reason.to_string()).await {
            tracing::warn!(%error, "event is no dead letter yet");
        }
    }

    /// Waits until changes that are in force for events accepted at `accepted` are known here.
    async fn include(&self, accepted: Timestamp) {
        while let Err(error) = self.catalogue.include(accepted).await {
            tracing::warn!(%error, "events wait for the directory");
            self.clock.sleep(PAUSE).await;
        }
    }

    async fn plan(&self, event: &Event, leased: &Leased, span: &Span, part: &mut Part) {
        if self.tenant_of(event).await.is_none() {
            tracing::debug!(tenant = event.tenant.get(), event = %event.id, "event of a deleted tenant dropped");
            return;
        }
        let webhooks = self.catalogue.webhooks(event.tenant);
        let aliases = self.catalogue.aliases(event.tenant);
        let matching = matching(event, &webhooks, &aliases);
        let deliveries = Topic::Deliveries(self.lane_of(event, matching.len()));
        let inline = event.data.len() <= self.config.inline_bytes;
        fanned_out(span, matching.len());
        let trace = if matching.len() <= FEW { carried(span).unwrap_or_default() } else { TraceContext::default() };
        let mut named = Vec::with_capacity(matching.len());
        for webhook in &matching {
            let reference = DeliveryRef::new(event, leased.position, webhook.id, Run::First);
            named.push((webhook.id, reference.id));
            match step(event, reference, webhook.rate_limit, inline, &trace) {
                Step::Deliver(record) => part.add(deliveries, record),
                Step::Park(record) => part.add(Topic::JournalSchedule, record),
            }
            if part.is_full() {
                self.store(part).await;
            }
        }
        for record in routed(event, leased.position, named) {
            part.add(Topic::JournalLog, record);
        }
    }

    async fn tenant_of(&self, event: &Event) -> Option<Arc<Tenant>> {
        loop {
            match self.catalogue.look_up_tenant(event.tenant).await {
                Lookup::Found(tenant) => return Some(tenant),
                Lookup::Gone => return None,
                Lookup::Unknown => self.clock.sleep(PAUSE).await,
            }
        }
    }

    fn lane_of(&self, event: &Event, deliveries: usize) -> Lane {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let number = u32::try_from(deliveries).unwrap_or(u32::MAX);
        lane(shares.is_above(event.tenant, number, self.clock.now(), self.config.share_per_second.get()))
    }

    async fn store(&self, part: &mut Part) {
        let Part { records, .. } = std::mem::take(part);
        let storing = records.into_iter().map(|(topic, records)| async move {
            match keep_storing(&*self.queue, &self.clock, topic, records).await {
                Ok(stored) => self.metrics.stored(topic, stored.len()),
                // Accepted events fit, and what is made of one is hardly larger.
                Err(
                    error @ (PublishError::TooLarge { .. }
                    | PublishError::Full { .. }
                    | PublishError::Unavailable { .. }),
                ) => {
                    tracing::error!(?topic, %error, "records cannot be stored");
                }
            }
        });
        futures::future::join_all(storing).await;
    }
}
