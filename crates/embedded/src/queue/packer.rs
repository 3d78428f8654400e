//! Packing: while one commit of a topic is under way, what arrives is the next. What no delivery waits for is gathered for a
//! moment more: a commit costs a sync to disk, however much is in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_ports::metrics::Publishing;
use fanfare_ports::queue::{PACK_BYTES, Pack, PublishError, Topic};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

use super::core::Core;
use super::messages::{self, NewMessage};
use crate::database::DatabaseError;

/// Bytes that may wait for a topic's packer; what would come on top is refused.
const WAITING_BYTES: usize = 128 * 1024 * 1024;
/// A commit takes no further publish once it has so many bytes.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;

/// From one commit of what happened to the next: nobody waits for it but its own lease.
const BETWEEN_LOGS: Duration = Duration::from_millis(10);
/// From one commit of what changes the schedule to the next: far less than any delay in it.
const BETWEEN_CHANGES: Duration = Duration::from_millis(5);
/// So many bytes are not gathered any longer.
const GATHERED_BYTES: usize = PACK_BYTES;

/// Records of one publish, and whom to tell where they are.
struct Publish {
    records: Vec<Bytes>,
    publisher: oneshot::Sender<Result<Vec<Position>, PublishError>>,
}

/// More is published than the disk takes.
#[derive(Debug, thiserror::Error)]
#[error("{0} bytes wait to be stored")]
struct Overloaded(usize);

/// Where publishes to a topic go. They are in line as soon as they are called: waiting for room in a bounded channel could
/// change their order.
pub(super) struct Packer {
    publishes: mpsc::UnboundedSender<Publish>,
    waiting: Arc<Waiting>,
}

/// What waits for a topic's packer, or is being stored.
#[derive(Debug, Default)]
struct Waiting {
    bytes: AtomicUsize,
    enough: Notify,
}

impl Waiting {
    /// Adds `size` bytes; tells how many there were.
    fn add(&self, size: usize) -> usize {
        let before = self.bytes.fetch_add(size, Ordering::AcqRel);
        if before < GATHERED_BYTES && before + size >= GATHERED_BYTES {
            self.enough.notify_one();
        }
        before
    }

    fn sub(&self, size: usize) {
        self.bytes.fetch_sub(size, Ordering::AcqRel);
    }

    /// Returns at `until`, or as soon as so much waits that a commit is well used. Only the publish that makes it enough wakes the
    /// packer.
    async fn gather(&self, until: Instant) {
        while self.bytes.load(Ordering::Acquire) < GATHERED_BYTES && Instant::now() < until {
            tokio::select! {
                () = self.enough.notified() => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }
}

/// How far apart the commits of `topic` are at least, unless they have enough.
const fn apart(topic: Topic) -> Duration {
    match topic {
        Topic::JournalLog => BETWEEN_LOGS,
        Topic::JournalSchedule => BETWEEN_CHANGES,
        Topic::Events | Topic::Deliveries(_) | Topic::DeadLetters => Duration::ZERO,
    }
}

impl Packer {
    /// The packer, and what it runs on.
    pub(super) fn new(core: Arc<Core>, topic: Topic) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (publishes, waiting_publishes) = mpsc::unbounded_channel();
        let waiting = Arc::new(Waiting::default());
        let packing = run(core, topic, waiting_publishes, Arc::clone(&waiting));
        (Self { publishes, waiting }, packing)
    }

    /// Stores records and tells where they are.
    pub(super) async fn publish(&self, records: Vec<Bytes>) -> Result<Vec<Position>, PublishError> {
        let closed = || PublishError::unavailable(DatabaseError::Closed);
        let (publisher, stored) = oneshot::channel();
        let publish = Publish { records, publisher };
        let size = size(&publish);
        let waiting = self.waiting.add(size);
        if waiting > WAITING_BYTES {
            self.waiting.sub(size);
            return Err(PublishError::unavailable(Overloaded(waiting)));
        }
        self.publishes.send(publish).map_err(|_| closed())?;
        stored.await.unwrap_or_else(|_| Err(closed()))
    }
}

/// Packs and stores what is published to `topic` until nobody can publish any more.
async fn run(core: Arc<Core>, topic: Topic, mut publishes: mpsc::UnboundedReceiver<Publish>, waiting: Arc<Waiting>) {
    let metrics = Publishing::to(topic);
    let mut next = Instant::now();
    while let Some(first) = publishes.recv().await {
        waiting.gather(next).await;
        next = Instant::now() + apart(topic);
        let mut bytes = size(&first);
        let mut together = vec![first];
        while bytes < COMMIT_BYTES
            && let Ok(next) = publishes.try_recv()
        {
            bytes += size(&next);
            together.push(next);
        }
        store(&core, topic, together, &metrics).await;
        waiting.sub(bytes);
    }
}

fn size(publish: &Publish) -> usize {
    publish.records.iter().map(Bytes::len).sum()
}

/// Stores what was published, together if there is room for all of it. Else what has room is stored all the same: those who are
/// refused try again, and together again, so that nothing might ever be.
async fn store(core: &Arc<Core>, topic: Topic, publishes: Vec<Publish>, metrics: &Publishing) {
    let Some(together) = store_together(core, topic, publishes, metrics).await else { return };
    let is_alone = together.len() == 1;
    let mut rest = together.into_iter();
    let mut refused = Vec::new();
    while !is_alone
        && refused.is_empty()
        && let Some(next) = rest.next()
    {
        refused = store_together(core, topic, vec![next], metrics).await.unwrap_or_default();
    }
    for Publish { publisher, .. } in refused.into_iter().chain(rest) {
        let _ = publisher.send(Err(PublishError::Full { stream: topic.stream(), stored: Vec::new() }));
    }
}

/// Stores what was published in one commit and tells the publishers, but where there is no room for it: then it is given back.
async fn store_together(
    core: &Arc<Core>,
    topic: Topic,
    publishes: Vec<Publish>,
    metrics: &Publishing,
) -> Option<Vec<Publish>> {
    let messages = pack(topic, publishes.iter().flat_map(|publish| publish.records.iter().cloned()).collect());
    let counts: Vec<usize> = messages.iter().map(|message| message.pack.records.len()).collect();
    let began = Instant::now();
    let outcome = commit(core, topic, messages).await;
    metrics.answered(began.elapsed());
    match outcome {
        Ok(Some(first)) => {
            counts.iter().for_each(|records| metrics.packed(*records));
            let mut positions = positions(first, &counts);
            for Publish { records, publisher } in publishes {
                let _ = publisher.send(Ok(positions.by_ref().take(records.len()).collect()));
            }
        }
        Ok(None) => return Some(publishes),
        Err(error) => publishes.into_iter().for_each(|Publish { publisher, .. }| {
            let _ = publisher.send(Err(PublishError::unavailable(error.clone())));
        }),
    }
    None
}

fn pack(topic: Topic, records: Vec<Bytes>) -> Vec<NewMessage> {
    let mut messages = Vec::new();
    let mut rest = records.as_slice();
    loop {
        let (fitting, later) = rest.split_at(Pack::fitting(topic, rest.iter().map(Bytes::len)));
        if fitting.is_empty() {
            return messages;
        }
        messages.push(NewMessage::of(Pack::of(fitting.to_vec())));
        rest = later;
    }
}

fn positions(first: u64, counts: &[usize]) -> impl Iterator<Item = Position> {
    (first..)
        .zip(counts)
        .flat_map(|(sequence, count)| (0..*count as u16).map(move |index| Position { sequence, index }))
}

async fn commit(core: &Arc<Core>, topic: Topic, messages: Vec<NewMessage>) -> Result<Option<u64>, DatabaseError> {
    let limit = core.state().stream(topic.stream()).limit;
    let messages: Arc<[NewMessage]> = messages.into();
    let (storing, stored) = (Arc::clone(core), Arc::clone(core));
    let appended = Arc::clone(&messages);
    core.database
        .write_in_order(
            move |connection| {
                Box::pin(async move {
                    let stored_at = storing.state().storing_at(topic.stream(), storing.clock.now());
                    messages::append(connection, topic, &appended, limit, stored_at).await
                })
            },
            move |first| {
                if let Some(first) = *first {
                    stored.state().stored(topic, first, &messages);
                    stored.wake_takers(topic);
                }
            },
        )
        .await
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use fanfare_domain::delivery::Lane;
    use futures::poll;

    use super::*;

    #[tokio::test]
    async fn what_is_gathered_is_stored_once_it_is_enough_or_at_its_time() {
        let waiting = Waiting::default();
        let hour = Duration::from_secs(3600);
        let mut gathering = pin!(waiting.gather(Instant::now() + hour));
        waiting.add(GATHERED_BYTES - 1);
        assert!(poll!(gathering.as_mut()).is_pending());
        waiting.add(1);
        gathering.await;
        waiting.sub(GATHERED_BYTES);
        let mut gathering = pin!(waiting.gather(Instant::now() + hour));
        assert!(poll!(gathering.as_mut()).is_pending(), "that it was enough once does not count");
        let until = Instant::now() + Duration::from_millis(2);
        waiting.gather(until).await;
        assert!(Instant::now() >= until);
    }

    #[test]
    fn nothing_that_a_delivery_waits_for_is_gathered() {
        assert!(apart(Topic::Events).is_zero());
        assert!(Lane::ALL.into_iter().all(|lane| apart(Topic::Deliveries(lane)).is_zero()));
    }

    #[test]
    fn publishes_are_packed_across_their_borders_and_told_their_positions() {
        let records = vec![Bytes::from_static(b"x"); 300];
        let counts: Vec<usize> =
            pack(Topic::Events, records).iter().map(|message| message.pack.records.len()).collect();
        assert_eq!(counts, [256, 44]);
        let positions: Vec<Position> = positions(7, &counts).collect();
        assert_eq!(positions[255], Position { sequence: 7, index: 255 });
        assert_eq!(positions[299], Position { sequence: 8, index: 43 });
    }
}
