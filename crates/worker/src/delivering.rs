//! One delivery's way from the queue to what is written about it.

mod attempting;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fanfare_domain::delivery::{FailureReason, Settlement, Turn};
use fanfare_domain::event::Event;
use fanfare_domain::profile::Profiles;
use fanfare_domain::sealed::Keyring;
use fanfare_domain::webhook::{RateLimit, Webhook};
use fanfare_ports::catalogue::{Catalogue, Lookup};
use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::{Leased, Queue};
use fanfare_proto::records::decode_delivery;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::egress::Poster;
use crate::gates::{Admission, Gates, Pass};
use crate::payloads::{Payload, Payloads};
use crate::prepared::{PrepareError, Prepared, PreparedWebhooks};
use crate::recording::{Recorder, Task};
use crate::tokens::Tokens;

/// How long a delivery may wait in the process for its turn; then it is parked.
const LOCAL_WAIT: Duration = Duration::from_secs(1);
/// How long a delivery waits that cannot be decided about yet (its webhook, payload or key cannot be had).
const UNDECIDED_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// How long a record that cannot be read here is left for a newer process.
const UNREADABLE_AGAIN_AFTER: Duration = Duration::from_secs(2);
/// A delivery's deadline lies so long before its event may be trimmed.
const DEADLINE_MARGIN: Duration = Duration::from_secs(3600);

/// Everything that a delivery needs on its way.
pub(crate) struct Courier {
    config: Config,
    retention: Duration,
    catalogue: Arc<Catalogue>,
    clock: SharedClock,
    poster: Poster,
    gates: Arc<Gates>,
    air: Semaphore,
    payloads: Payloads,
    prepared: PreparedWebhooks,
    recorder: Recorder,
    tokens: Tokens,
    /// A secret could not be decrypted: this process lacks a key.
    pub(crate) lacks_key: AtomicBool,
}

/// What was found out about a delivery before it may be attempted.
enum Ready {
    /// It can be attempted.
    Go(Job),
    /// It ends without an attempt; the event, if it is known.
    Settle(Option<Arc<Event>>, Settlement),
    /// Its tenant is gone: nothing is told.
    Drop,
    /// It cannot be decided yet.
    Undecided(String),
}

/// A delivery's event and webhook.
struct Job {
    event: Arc<Event>,
    prepared: Arc<Prepared>,
    webhook: Arc<Webhook>,
}

impl Courier {
    #[expect(clippy::too_many_arguments, reason = "one argument for each port")]
    pub(crate) fn new(
        config: Config,
        retention: Duration,
        queue: Arc<dyn Queue>,
        catalogue: Arc<Catalogue>,
        profiles: Arc<Profiles>,
        keyring: Arc<Keyring>,
        clock: SharedClock,
        poster: Poster,
    ) -> Self {
        Self {
            gates: Gates::new(config.waiting_per_webhook),
            air: Semaphore::new(config.in_flight.get()),
            payloads: Payloads::of(Arc::clone(&queue), config.payload_cache_bytes),
            prepared: PreparedWebhooks::new(profiles, keyring, poster.rules().clone()),
            recorder: Recorder::new(queue, Arc::clone(&clock)),
            tokens: Tokens::new(Arc::clone(&clock)),
            lacks_key: AtomicBool::new(false),
            config,
            retention,
            catalogue,
            clock,
            poster,
        }
    }

    /// Takes a delivery all the way: what came of it is stored, and its record finished, handed back, or left to a taker
    /// who has it by now.
    pub(crate) async fn deliver(&self, leased: Leased, stop: &CancellationToken) {
        let now = self.clock.now();
        let delivery = match decode_delivery(&leased.record) {
            Ok(delivery) => delivery,
            Err(error) => {
                tracing::error!(%error, position = ?leased.position, "delivery cannot be read here");
                return self.recorder.hand_back(&leased.lease, UNREADABLE_AGAIN_AFTER).await;
            }
        };
        let task = Task::new(delivery, leased.lease, now);
        match self.look_up(&task).await {
            Ready::Go(job) => self.admit(task, job, stop).await,
            Ready::Settle(event, settlement) => self.recorder.settle(task, event.as_deref(), settlement).await,
            Ready::Drop => self.recorder.finish(&task).await,
            Ready::Undecided(why) => {
                tracing::warn!(delivery = %task.delivery.reference.id, why, "delivery waits");
                self.wait_undecided(task).await;
            }
        }
    }

    async fn wait_undecided(&self, task: Task) {
        match task.scheduled() {
            Some(number) => self.recorder.postpone(task, number, UNDECIDED_AGAIN_AFTER).await,
            None => self.recorder.hand_back(&task.lease, UNDECIDED_AGAIN_AFTER).await,
        }
    }

    /// Finds webhook and event, and whether the delivery still is to be attempted.
    async fn look_up(&self, task: &Task) -> Ready {
        let delivery = &task.delivery;
        let webhook = match self.catalogue.look_up_webhook(delivery.reference.webhook).await {
            Lookup::Found(webhook) if webhook.tenant == delivery.reference.tenant => webhook,
            Lookup::Found(_) => return Ready::Settle(None, Settlement::Cancelled),
            Lookup::Gone => return self.without_webhook(task).await,
            Lookup::Unknown => return Ready::Undecided("webhook cannot be looked up".to_owned()),
        };
        let event = match &delivery.event {
            Some(event) => Arc::new(event.clone()),
            None => match self.payloads.read(&delivery.reference).await {
                Ok(Payload::Found(event)) => event,
                Ok(Payload::Gone) => {
                    tracing::error!(delivery = %delivery.reference.id, "payload is gone before its delivery ended");
                    return Ready::Settle(None, Settlement::Failed(FailureReason::PayloadGone));
                }
                Err(error) => return Ready::Undecided(format!("payload cannot be read: {error}")),
            },
        };
        if !webhook.is_active {
            return Ready::Settle(Some(event), Settlement::Failed(FailureReason::WebhookInactive));
        }
        if self.clock.now() > event.accepted.plus(self.retention).minus(DEADLINE_MARGIN) {
            return Ready::Settle(Some(event), Settlement::Failed(FailureReason::Expired));
        }
        match self.prepared.get(&webhook) {
            Ok(prepared) => {
                self.lacks_key.store(false, Ordering::Relaxed);
                Ready::Go(Job { event, prepared, webhook })
            }
            Err(PrepareError::Target(error)) => {
                tracing::warn!(webhook = %webhook.id, %error, "webhook's URL is not allowed any more");
                Ready::Settle(Some(event), Settlement::Failed(FailureReason::AddressNotAllowed))
            }
            Err(error) => {
                self.lacks_key.store(matches!(error, PrepareError::Sealed(_)), Ordering::Relaxed);
                tracing::error!(webhook = %webhook.id, %error, "webhook cannot be posted to by this process");
                Ready::Undecided(error.to_string())
            }
        }
    }

    /// The webhook is gone; if its tenant is, too, nothing is told.
    async fn without_webhook(&self, task: &Task) -> Ready {
        match self.catalogue.look_up_tenant(task.delivery.reference.tenant).await {
            Lookup::Found(_) => Ready::Settle(None, Settlement::Cancelled),
            Lookup::Gone => Ready::Drop,
            Lookup::Unknown => Ready::Undecided("tenant cannot be looked up".to_owned()),
        }
    }

    /// Waits for the delivery's turn and attempts it, or parks it.
    async fn admit(&self, task: Task, job: Job, stop: &CancellationToken) {
        let Some(number) = task.scheduled() else {
            // Asked for by hand: it does not queue behind what the webhook cannot take.
            return self.attempt(task, &job, None).await;
        };
        if let (Some(limit), false) = (job.webhook.rate_limit, task.delivery.paced) {
            return self.recorder.park(task, number, limit.per_second, burst(limit)).await;
        }
        let most = job.prepared.max_in_flight.unwrap_or(self.config.in_flight_per_webhook).get();
        let turn = stop.run_until_cancelled(tokio::time::timeout(LOCAL_WAIT, self.wait_for_turn(&task, most))).await;
        match turn {
            None => self.recorder.hand_back(&task.lease, Duration::ZERO).await,
            Some(Ok(Some((mut pass, _in_air)))) => {
                // Another worker may have it by now, if its lease is not held.
                if task.lease.is_held(self.clock.now()) {
                    self.attempt(task, &job, Some(&mut pass)).await;
                }
            }
            Some(Ok(None) | Err(_)) => {
                let pace = self.pace(&job.webhook);
                tracing::debug!(delivery = %task.delivery.reference.id, pace.per_second, "delivery is parked");
                self.recorder.park(task, number, pace.per_second, burst(pace)).await;
            }
        }
    }

    /// The webhook's turn, and a place among all attempts in flight; `None` if too many wait for the webhook already.
    async fn wait_for_turn(&self, task: &Task, most: u32) -> Option<(Pass, SemaphorePermit<'_>)> {
        let pass = match self.gates.enter(task.delivery.reference.webhook, most) {
            Admission::Entered(pass) => pass,
            Admission::Full => return None,
            Admission::Waiting(ticket) => ticket.wait().await?,
        };
        // The semaphore is never closed.
        let in_air = self.air.acquire().await.ok()?;
        Some((pass, in_air))
    }

    /// How fast the webhook's own queue lets deliveries through: its limit, or what it has been managing.
    fn pace(&self, webhook: &Webhook) -> RateLimit {
        let managed = RateLimit { per_second: self.gates.pace(webhook.id, self.clock.now()), burst: None };
        webhook.rate_limit.unwrap_or(managed)
    }
}

/// As many as a second has, and at least one, unless the limit says; the cast stops at `u32::MAX`.
fn burst(limit: RateLimit) -> u32 {
    limit.burst.map_or(limit.per_second.ceil() as u32, Into::into).max(1)
}

/// The attempt's number as it is logged.
const fn number_of(turn: Turn) -> u16 {
    match turn {
        Turn::Scheduled(number) | Turn::Manual { number, .. } => number,
    }
}
