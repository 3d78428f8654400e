//! Telling the journal, and letting go of what was taken.

mod batching;

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::{Delivery, Settlement, Turn};
use fanfare_domain::event::{Event, Purpose};
use fanfare_domain::ids::Run;
use fanfare_domain::journal::{Attempted, Follows, JournalRecord, Parked, Parking};
use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::{Lease, Leased, Queue, Topic, keep_storing};
use fanfare_proto::records::{RecordError, encode_journal};
use tokio::sync::OwnedSemaphorePermit;

use self::batching::{Batches, Entry};
use crate::metrics::{Metrics, PutOff};

/// The first attempt's number.
const FIRST: u16 = 1;
/// How long a record of a newer format is left for a newer process.
const NEWER_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// A delivery that was taken and is not finished, and whether another entry already answers for it.
pub(crate) struct Task {
    pub(crate) delivery: Delivery,
    pub(crate) lease: Lease,
    /// When it was taken, by this process.
    pub(crate) taken: Timestamp,
    /// Its record in the queue is finished: an entry in the schedule outlives this process instead.
    guarded: bool,
    /// Its place among what this process has taken.
    place: Option<OwnedSemaphorePermit>,
    /// Its place among what would be repeated if this process died: attempts that are in the air or not on record yet.
    pub(crate) air: Option<OwnedSemaphorePermit>,
}

impl Task {
    pub(crate) fn new(
        mut delivery: Delivery,
        lease: Lease,
        takers: u32,
        taken: Timestamp,
        place: Option<OwnedSemaphorePermit>,
    ) -> Box<Self> {
        // A taker before this one may have told the schedule of it and died before finishing it.
        delivery.waited |= takers > 1;
        Box::new(Self { delivery, lease, taken, guarded: false, place, air: None })
    }

    /// The number of the attempt that the schedule waits for; `None` for a manual one, which it knows nothing of.
    pub(crate) const fn scheduled(&self) -> Option<u16> {
        match self.delivery.turn {
            Turn::Scheduled(number) => Some(number),
            Turn::Manual { .. } => None,
        }
    }

    /// Whether its event was published for it, and nobody asked for the attempt or for sending it once more.
    pub(crate) fn is_of_first_run(&self) -> bool {
        self.scheduled().is_some() && self.delivery.reference.run == Run::First
    }

    /// Whether that is so, and nothing was attempted before.
    pub(crate) fn is_first_attempt(&self) -> bool {
        self.scheduled() == Some(FIRST) && self.is_of_first_run()
    }
}

/// Writes what came of deliveries, however long that takes, and then finishes them.
pub(crate) struct Recorder {
    queue: Arc<dyn Queue>,
    clock: SharedClock,
    /// Attempts that were made.
    batches: Batches,
    metrics: Arc<Metrics>,
}

impl Recorder {
    pub(crate) fn new(queue: Arc<dyn Queue>, clock: SharedClock, metrics: Arc<Metrics>) -> Self {
        let batches = Batches::new(Arc::clone(&queue), Arc::clone(&clock));
        Self { queue, clock, batches, metrics }
    }

    /// Writes what [`Self::attempted`] and [`Self::settle`] were told, until [`Self::close`] and all is written.
    pub(crate) async fn run(&self) {
        self.batches.write().await;
    }

    /// Nothing more will be told.
    pub(crate) fn close(&self) {
        self.batches.close();
    }

    /// The delivery ends without an attempt. A manual one changes nothing then.
    pub(crate) fn settle(&self, task: Box<Task>, event: Option<&Event>, settlement: Settlement) {
        let follows = match task.delivery.turn {
            Turn::Scheduled(_) => Follows::Settled(settlement),
            Turn::Manual { .. } => Follows::Unchanged,
        };
        self.attempted(task, event, None, follows);
    }

    /// An attempt was made. It is written in a batch with others, and the delivery finished and its place free after that.
    pub(crate) fn attempted(&self, task: Box<Task>, event: Option<&Event>, attempt: Option<Attempt>, follows: Follows) {
        let late = self.has_lapsed(&task);
        // Else another has the delivery, and decides what follows.
        if !late {
            self.metrics.follows(follows);
        }
        let attempted = Attempted {
            delivery: task.delivery.reference,
            event: event.map(|event| event.id.clone()),
            event_type: event.map(|event| event.event_type.clone()),
            attempt,
            follows,
            waited: task.delivery.waited || task.guarded || task.scheduled().is_none_or(|number| number > FIRST),
            late,
            counts_for_health: event.is_some_and(|event| event.purpose == Purpose::Published),
        };
        let record = JournalRecord::Attempted(Box::new(attempted));
        let Task { lease, guarded, place, air, .. } = *task;
        let topic = topic_of(&record);
        let entry = Entry { record: encode_journal(record), lease: (!guarded).then_some(lease), _places: [place, air] };
        self.batches.add(topic, entry);
    }

    /// The attempt goes on in the air for longer than a record may stay unfinished: an entry that comes due when its time
    /// is surely over takes the record's place.
    pub(crate) async fn guard(&self, task: &mut Task, number: u16, due: Timestamp) {
        if self.has_lapsed(task) {
            return;
        }
        self.store_parked(task, number, due, Parking::InFlight, PutOff::InTheAir).await;
        self.finish(task).await;
        task.guarded = true;
    }

    /// The delivery waits for another time, without using up an attempt.
    pub(crate) async fn postpone(&self, task: Box<Task>, number: u16, delay: Duration, why: PutOff) {
        if self.has_lapsed(&task) {
            return;
        }
        let due = self.clock.now().plus(delay);
        self.store_parked(&task, number, due, Parking::InFlight, why).await;
        self.finish(&task).await;
    }

    /// The delivery waits in its webhook's own queue, in the place that it has by when it fell due.
    pub(crate) async fn park(&self, task: Box<Task>, number: u16, parking: Parking) {
        if self.has_lapsed(&task) {
            return;
        }
        let due = task.delivery.due;
        self.store_parked(&task, number, due, parking, PutOff::WebhookBusy).await;
        self.finish(&task).await;
    }

    /// Whether another may have the delivery by now, who decides what follows.
    fn has_lapsed(&self, task: &Task) -> bool {
        let lapsed = !task.guarded && !task.lease.is_held(self.clock.now());
        if lapsed {
            tracing::warn!(delivery = %task.delivery.reference.id, "lease lapsed: whoever has the delivery now decides");
        }
        lapsed
    }

    async fn store_parked(&self, task: &Task, attempt: u16, due: Timestamp, parking: Parking, why: PutOff) {
        self.metrics.put_off(why);
        let delivery = task.delivery.reference;
        let record = JournalRecord::Parked(Parked { delivery, attempt, due, parking });
        let topic = topic_of(&record);
        if let Err(error) = keep_storing(&*self.queue, &self.clock, topic, vec![encode_journal(record)]).await {
            // It is small.
            tracing::error!(%error, "journal record cannot be stored");
        }
    }

    /// Lets go of a delivery about which there is nothing to tell.
    pub(crate) async fn finish(&self, task: &Task) {
        if task.guarded {
            return;
        }
        if let Err(error) = self.queue.finish(std::slice::from_ref(&task.lease)).await {
            tracing::warn!(%error, delivery = %task.delivery.reference.id, "delivery was not finished and will be repeated");
        }
    }

    /// What cannot be read here is left to a newer process, if that may be able to; else it is a dead letter.
    pub(crate) async fn leave_unread(&self, leased: &Leased, error: &RecordError) {
        tracing::error!(%error, position = ?leased.position, "delivery cannot be read here");
        match error {
            RecordError::UnknownFormat(_) => self.hand_back(&leased.lease, NEWER_AGAIN_AFTER).await,
            RecordError::Damaged(_) => {
                if let Err(error) = self.queue.bury(std::slice::from_ref(leased), &error.to_string()).await {
                    tracing::warn!(%error, "delivery is no dead letter yet; its lease will lapse");
                }
            }
        }
    }

    /// Gives a record back untouched.
    pub(crate) async fn hand_back(&self, lease: &Lease, delay: Duration) {
        if let Err(error) = self.queue.hand_back(std::slice::from_ref(lease), delay).await {
            tracing::warn!(%error, "delivery was not handed back; its lease will lapse");
        }
    }
}

fn topic_of(record: &JournalRecord) -> Topic {
    if record.concerns_schedule() { Topic::JournalSchedule } else { Topic::JournalLog }
}
