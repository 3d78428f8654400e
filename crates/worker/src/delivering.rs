//! One delivery's way from the queue to what is written about it.

mod attempting;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use fanfare_domain::delivery::{Delivery, FailureReason, Settlement, Turn};
use fanfare_domain::event::Event;
use fanfare_domain::journal::Parking;
use fanfare_domain::profile::Profiles;
use fanfare_domain::sealed::Keyring;
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::Webhook;
use fanfare_ports::catalogue::{Catalogue, Lookup};
use fanfare_ports::clock::SharedClock;
use fanfare_ports::metrics::Lookups;
use fanfare_ports::queue::{Leased, Queue, Room};
use fanfare_proto::records::decode_delivery;
use fanfare_spans::process_delivery;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::Span;

use crate::config::Config;
use crate::egress::Poster;
use crate::gates::{Admission, Gates, Pass};
use crate::metrics::{Metrics, PutOff, tell_in_flight};
use crate::payloads::{Payload, PayloadError, Payloads};
use crate::prepared::{PrepareError, Prepared, PreparedWebhooks};
use crate::recording::{Recorder, Task};
use crate::tokens::Tokens;

/// How long a delivery may wait in the process for its turn; then it is parked.
const LOCAL_WAIT: Duration = Duration::from_secs(1);
/// How long a delivery waits for which the process has no place.
const BUSY_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How long a delivery waits that cannot be decided about yet (its webhook, payload or key cannot be had).
const UNDECIDED_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// A delivery's deadline lies so long before its event may be trimmed.
const DEADLINE_MARGIN: Duration = Duration::from_secs(3600);
/// A secret that could not be decrypted is tried again sooner than this for as long as anything waits for it.
const KEY_LACKED_FOR: Duration = Duration::from_secs(15);
/// No webhook may have more than this part of all attempts in flight, whatever it says.
const LARGEST_SHARE: u32 = 4;
/// All attempts asked for by hand have at most this part of what is in flight: nothing lowers what hangs of them.
const SHARE_BY_HAND: usize = 8;
/// Attempts asked for by hand that one webhook may have in flight: each keeps its record open until it ends.
const BY_HAND_AT_ONCE: u32 = 8;
/// What was asked for by hand and is too much now is offered again after this.
const BY_HAND_AGAIN_AFTER: Duration = Duration::from_secs(2);
/// For so long after it was asked for.
const BY_HAND_TRIED_FOR: Duration = Duration::from_secs(60);

/// Everything that a delivery needs on its way.
pub(crate) struct Courier {
    config: Config,
    retention: Duration,
    catalogue: Arc<Catalogue>,
    clock: SharedClock,
    poster: Poster,
    gates: Arc<Gates>,
    by_hand: Arc<Gates>,
    /// Places of all attempts asked for by hand.
    air_by_hand: Semaphore,
    air: Arc<Semaphore>,
    /// In the journal.
    room: Arc<Room>,
    payloads: Payloads,
    prepared: PreparedWebhooks,
    recorder: Recorder,
    tokens: Tokens,
    /// Of payloads, which small ones bring along.
    lookups: Lookups,
    metrics: Arc<Metrics>,
    /// When a secret could not be decrypted last, in Unix milliseconds.
    key_lacked_at: AtomicI64,
}

/// What was found out about a delivery before it may be attempted.
enum Ready {
    /// It can be attempted.
    Go(Goal),
    /// It ends without an attempt.
    Settle(Settlement),
    /// Its tenant is gone: nothing is told.
    Drop,
    /// It cannot be decided yet.
    Undecided(String),
}

/// Where a delivery goes.
struct Goal {
    prepared: Arc<Prepared>,
    webhook: Arc<Webhook>,
}

/// What is posted, and where to.
struct Job {
    event: Event,
    prepared: Arc<Prepared>,
    webhook: Arc<Webhook>,
    /// Of the whole attempt.
    span: Span,
}

/// What became of waiting for a turn.
enum OwnTurn {
    /// It came, with a place among all attempts in flight.
    Came(Pass, OwnedSemaphorePermit),
    /// The webhook has as much in flight as it can take.
    WebhookIsBusy,
    /// The process has, over all webhooks.
    ProcessIsBusy,
}

impl Courier {
    #[expect(clippy::too_many_arguments, reason = "one argument for each port")]
    pub(crate) fn new(
        config: Config,
        retention: Duration,
        queue: Arc<dyn Queue>,
        room: Arc<Room>,
        catalogue: Arc<Catalogue>,
        profiles: Arc<Profiles>,
        keyring: Arc<Keyring>,
        clock: SharedClock,
        poster: Poster,
    ) -> Self {
        let metrics = Arc::new(Metrics::new());
        let air = Arc::new(Semaphore::new(config.in_flight.get()));
        tell_in_flight(&air, config.in_flight.get());
        Self {
            gates: Gates::new(config.waiting_per_webhook),
            by_hand: Gates::new(0),
            air_by_hand: Semaphore::new((config.in_flight.get() / SHARE_BY_HAND).max(1)),
            air,
            room,
            payloads: Payloads::of(Arc::clone(&queue)),
            prepared: PreparedWebhooks::new(profiles, keyring, poster.rules().clone()),
            recorder: Recorder::new(queue, Arc::clone(&clock), Arc::clone(&metrics)),
            tokens: Tokens::new(Arc::clone(&clock)),
            lookups: Lookups::of("payloads"),
            metrics,
            key_lacked_at: AtomicI64::new(i64::MIN),
            config,
            retention,
            catalogue,
            clock,
            poster,
        }
    }

    /// Takes a delivery all the way: what came of it is stored, and its record finished, handed back, or left to a taker
    /// who has it by now.
    pub(crate) async fn deliver(&self, leased: Leased, place: Option<OwnedSemaphorePermit>, stop: &CancellationToken) {
        if stop.is_cancelled() {
            return self.recorder.hand_back(&leased.lease, Duration::ZERO).await;
        }
        let now = self.clock.now();
        let delivery = match decode_delivery(&leased.record) {
            Ok(delivery) => delivery,
            Err(error) => return Box::pin(self.recorder.leave_unread(&leased, &error)).await,
        };
        let task = Task::new(delivery, leased.lease, leased.takers, now, place);
        // Up to a thousand of these futures wait at a time, and each is copied as it begins: what is rare or large has its room on
        // the heap.
        let goal = match self.look_up(&task).await {
            Ready::Go(goal) => goal,
            Ready::Settle(settlement) => return Box::pin(self.settle(task, settlement)).await,
            Ready::Drop => return Box::pin(self.recorder.finish(&task)).await,
            Ready::Undecided(why) => return Box::pin(self.wait_undecided(task, &why)).await,
        };
        let Some(number) = task.scheduled() else { return Box::pin(self.admit_by_hand(task, goal)).await };
        if let Some((task, pass)) = self.admit(task, number, &goal, stop).await {
            self.go(task, goal, Some(pass)).await;
        }
    }

    /// Writes down what comes of deliveries, until [`Self::close`] and everything is written.
    pub(crate) async fn record(&self) {
        self.recorder.run().await;
    }

    /// Nothing more comes of deliveries: all have ended.
    pub(crate) fn close(&self) {
        self.recorder.close();
    }

    /// Whether this process lately lacked the key to a secret that a delivery waits for.
    pub(crate) fn lacks_key(&self) -> bool {
        let lacked_at = Timestamp::from_millis(self.key_lacked_at.load(Ordering::Relaxed));
        self.clock.now().since(lacked_at) < KEY_LACKED_FOR
    }

    async fn settle(&self, mut task: Box<Task>, settlement: Settlement) {
        let event = match self.event(&mut task.delivery).await {
            Ok(Payload::Found(event)) => Some(event),
            Ok(Payload::Gone) | Err(_) => None,
        };
        self.recorder.settle(task, event.as_ref(), settlement);
    }

    async fn wait_undecided(&self, task: Box<Task>, why: &str) {
        tracing::warn!(delivery = %task.delivery.reference.id, why, "delivery waits");
        match task.scheduled() {
            Some(number) => self.recorder.postpone(task, number, UNDECIDED_AGAIN_AFTER, PutOff::Undecided).await,
            None => self.recorder.hand_back(&task.lease, UNDECIDED_AGAIN_AFTER).await,
        }
    }

    /// Finds the webhook, and whether the delivery still is to be attempted.
    async fn look_up(&self, task: &Task) -> Ready {
        let delivery = &task.delivery;
        let webhook = match self.catalogue.look_up_webhook(delivery.reference.webhook).await {
            Lookup::Found(webhook) if webhook.tenant == delivery.reference.tenant => webhook,
            Lookup::Found(_) => return Ready::Settle(Settlement::Cancelled),
            Lookup::Gone => return self.without_webhook(task).await,
            Lookup::Unknown => return Ready::Undecided("webhook cannot be looked up".to_owned()),
        };
        if !webhook.is_active {
            return Ready::Settle(Settlement::Failed(FailureReason::WebhookInactive));
        }
        if task.taken > self.deadline(delivery.reference.accepted()) {
            return Ready::Settle(Settlement::Failed(FailureReason::Expired));
        }
        match self.prepared.get(&webhook) {
            Ok(prepared) => Ready::Go(Goal { prepared, webhook }),
            Err(PrepareError::Target(error)) => {
                tracing::warn!(webhook = %webhook.id, %error, "webhook's URL is not allowed any more");
                Ready::Settle(Settlement::Failed(FailureReason::AddressNotAllowed))
            }
            Err(error) => {
                if matches!(error, PrepareError::Sealed(_)) {
                    self.key_lacked_at.store(task.taken.as_millis(), Ordering::Relaxed);
                }
                tracing::error!(webhook = %webhook.id, %error, "webhook cannot be posted to by this process");
                Ready::Undecided(error.to_string())
            }
        }
    }

    /// The webhook is gone; if its tenant is, too, nothing is told.
    async fn without_webhook(&self, task: &Task) -> Ready {
        match self.catalogue.look_up_tenant(task.delivery.reference.tenant).await {
            Lookup::Found(_) => Ready::Settle(Settlement::Cancelled),
            Lookup::Gone => Ready::Drop,
            Lookup::Unknown => Ready::Undecided("tenant cannot be looked up".to_owned()),
        }
    }

    /// When a delivery of an event that was accepted at `accepted` has to have ended.
    fn deadline(&self, accepted: Timestamp) -> Timestamp {
        accepted.plus(self.retention).minus(DEADLINE_MARGIN)
    }

    /// The event, which is taken out of the delivery if it came along.
    async fn event(&self, delivery: &mut Delivery) -> Result<Payload, PayloadError> {
        self.lookups.note(delivery.event.is_some());
        match delivery.event.take() {
            Some(event) => Ok(Payload::Found(event)),
            None => Box::pin(self.payloads.read(&delivery.reference)).await,
        }
    }

    /// Waits for the delivery's turn; one whose turn does not come is parked or handed back.
    async fn admit(
        &self,
        mut task: Box<Task>,
        number: u16,
        goal: &Goal,
        stop: &CancellationToken,
    ) -> Option<(Box<Task>, Pass)> {
        if let (Some(limit), false) = (goal.webhook.rate_limit, task.delivery.paced) {
            Box::pin(self.recorder.park(task, number, Parking::limited_to(limit))).await;
            return None;
        }
        let most = self.most_in_flight(goal);
        let (turn, now) = match self.turn_at_once(self.enter(&task, most, task.taken)) {
            Ok((pass, air)) => (Some(OwnTurn::Came(pass, air)), task.taken),
            Err(admission) => {
                let waiting = self.wait_for_room_and_turn(&task, most, admission);
                (Box::pin(stop.run_until_cancelled(waiting)).await, self.clock.now())
            }
        };
        match turn {
            None => Box::pin(self.recorder.hand_back(&task.lease, Duration::ZERO)).await,
            Some(OwnTurn::Came(pass, air)) => {
                // Another worker may have it by now, if its lease is not held.
                if task.lease.is_held(now) {
                    task.air = Some(air);
                    return Some((task, pass));
                }
            }
            Some(OwnTurn::WebhookIsBusy) => {
                let parking = self.parking(&goal.webhook, most);
                tracing::debug!(delivery = %task.delivery.reference.id, ?parking, "delivery is parked");
                Box::pin(self.recorder.park(task, number, parking)).await;
            }
            // That is no fault of the webhook's, so it is not held to a pace.
            Some(OwnTurn::ProcessIsBusy) => {
                Box::pin(self.recorder.postpone(task, number, BUSY_AGAIN_AFTER, PutOff::ProcessBusy)).await;
            }
        }
        None
    }

    /// What was asked for by hand does not queue behind what the webhook cannot take. Nor can it be parked: the schedule
    /// knows nothing of it. What is too much at once is tried again for a while, and then nothing comes of it.
    async fn admit_by_hand(&self, task: Box<Task>, goal: Goal) {
        let now = self.clock.now();
        let place = self.air_by_hand.try_acquire();
        match place.map(|place| (place, self.by_hand.enter(goal.webhook.id, BY_HAND_AT_ONCE, now))) {
            Ok((_place, Admission::Entered(_pass))) => self.go(task, goal, None).await,
            _ if now.since(task.delivery.due) < BY_HAND_TRIED_FOR => {
                self.recorder.hand_back(&task.lease, BY_HAND_AGAIN_AFTER).await;
            }
            _ => {
                tracing::warn!(delivery = %task.delivery.reference.id, "too many were asked for by hand: not attempted");
                self.recorder.finish(&task).await;
            }
        }
    }

    /// Attempts the delivery. Its payload is read only now, so that what waits takes no memory.
    async fn go(&self, mut task: Box<Task>, goal: Goal, pass: Option<Pass>) {
        let event = match self.event(&mut task.delivery).await {
            Ok(Payload::Found(event)) => event,
            Ok(Payload::Gone) => {
                tracing::error!(delivery = %task.delivery.reference.id, "payload is gone before its delivery ended");
                let settlement = Settlement::Failed(FailureReason::PayloadGone);
                return self.recorder.settle(task, None, settlement);
            }
            Err(error) => {
                let why = format!("payload cannot be read: {error}");
                return Box::pin(self.wait_undecided(task, &why)).await;
            }
        };
        let Goal { prepared, webhook } = goal;
        let span = process_delivery(&task.delivery, &event);
        Box::pin(self.attempt(task, Job { event, prepared, webhook, span }, pass)).await;
    }

    /// How many attempts the webhook may have in flight at once in this process.
    fn most_in_flight(&self, goal: &Goal) -> u32 {
        let largest = u32::try_from(self.config.in_flight.get()).unwrap_or(u32::MAX) / LARGEST_SHARE;
        goal.prepared.max_in_flight.unwrap_or(self.config.in_flight_per_webhook).get().min(largest.max(1))
    }

    fn enter(&self, task: &Task, most: u32, now: Timestamp) -> Admission {
        self.gates.enter(task.delivery.reference.webhook, most, now)
    }

    /// The turn of who was admitted, with a place among all attempts in flight, if nothing has to be waited for.
    fn turn_at_once(&self, admission: Admission) -> Result<(Pass, OwnedSemaphorePermit), Admission> {
        match admission {
            Admission::Entered(pass) if self.room.is_open() => self.place_at_once(pass).map_err(Admission::Entered),
            admission => Err(admission),
        }
    }

    /// The turn of who has passed the webhook's gate, if there is a place among all attempts in flight.
    fn place_at_once(&self, pass: Pass) -> Result<(Pass, OwnedSemaphorePermit), Pass> {
        match Arc::clone(&self.air).try_acquire_owned() {
            Ok(place) => Ok((pass, place)),
            Err(_) => Err(pass),
        }
    }

    /// Nothing is attempted or parked whose record the journal may have no room for: only what is in the air already has to
    /// go into its last part.
    async fn wait_for_room_and_turn(&self, task: &Task, most: u32, mut admission: Admission) -> OwnTurn {
        loop {
            let turn = self.wait_for_turn(admission).await;
            if self.room.is_open() {
                return turn;
            }
            drop(turn);
            self.room.until_open().await;
            admission = self.enter(task, most, self.clock.now());
        }
    }

    /// Waits, for a bounded time, for the webhook's turn and for a place among all attempts in flight.
    async fn wait_for_turn(&self, admission: Admission) -> OwnTurn {
        let until = self.clock.now().plus(LOCAL_WAIT);
        let pass = match admission {
            Admission::Entered(pass) => Some(pass),
            Admission::Full => None,
            Admission::Waiting(ticket) => tokio::select! {
                biased;
                pass = ticket.wait() => pass,
                () = self.clock.sleep_until(until) => None,
            },
        };
        let Some(pass) = pass else { return OwnTurn::WebhookIsBusy };
        let pass = match self.place_at_once(pass) {
            Ok((pass, place)) => return OwnTurn::Came(pass, place),
            Err(pass) => pass,
        };
        tokio::select! {
            biased;
            // The semaphore is never closed.
            place = Arc::clone(&self.air).acquire_owned() => place.map_or(OwnTurn::ProcessIsBusy, |place| OwnTurn::Came(pass, place)),
            () = self.clock.sleep_until(until) => OwnTurn::ProcessIsBusy,
        }
    }

    /// The webhook's own queue, at the pace of its limit, or of what it has been managing.
    fn parking(&self, webhook: &Webhook, most: u32) -> Parking {
        let measured = || Parking::measured(self.gates.pace(webhook.id, most, self.clock.now()));
        webhook.rate_limit.map_or_else(measured, Parking::limited_to)
    }
}

/// The attempt's number as it is logged.
const fn number_of(turn: Turn) -> u16 {
    match turn {
        Turn::Scheduled(number) | Turn::Manual { number, .. } => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The size of what a call gives, which is not made.
    fn size_of_result<A, F>(_: impl FnOnce(A) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_delivery_that_waits_takes_little_room() {
        type Call<'a> = (&'a Courier, Leased, Option<OwnedSemaphorePermit>, &'a CancellationToken);
        // Up to a thousand wait, and have to stay in the cache beside those that are in the air.
        assert!(
            size_of_result(|(courier, leased, place, stop): Call<'_>| courier.deliver(leased, place, stop)) <= 1024
        );
        type Attempt<'a> = (&'a Courier, Box<Task>, Job);
        assert!(size_of_result(|(courier, task, job): Attempt<'_>| courier.attempt(task, job, None)) <= 3072);
    }
}
