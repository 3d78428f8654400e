//! Packing: while one commit of a topic is under way, what arrives is the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_ports::queue::{Pack, PublishError, Topic};
use tokio::sync::{mpsc, oneshot};

use super::core::Core;
use super::messages::{self, NewMessage};
use crate::database::DatabaseError;

/// Bytes that may wait for a topic's packer; what would come on top is refused.
const WAITING_BYTES: usize = 128 * 1024 * 1024;
/// A commit takes no further publish once it has so many bytes.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;

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
    waiting: Arc<AtomicUsize>,
}

impl Packer {
    /// The packer, and what it runs on.
    pub(super) fn new(core: Arc<Core>, topic: Topic) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (publishes, waiting_publishes) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let packing = run(core, topic, waiting_publishes, Arc::clone(&waiting));
        (Self { publishes, waiting }, packing)
    }

    /// Stores records and tells where they are.
    pub(super) async fn publish(&self, records: Vec<Bytes>) -> Result<Vec<Position>, PublishError> {
        let closed = || PublishError::unavailable(DatabaseError::Closed);
        let (publisher, stored) = oneshot::channel();
        let publish = Publish { records, publisher };
        let size = size(&publish);
        let waiting = self.waiting.fetch_add(size, Ordering::Relaxed);
        if waiting > WAITING_BYTES {
            self.waiting.fetch_sub(size, Ordering::Relaxed);
            return Err(PublishError::unavailable(Overloaded(waiting)));
        }
        self.publishes.send(publish).map_err(|_| closed())?;
        stored.await.unwrap_or_else(|_| Err(closed()))
    }
}

/// Packs and stores what is published to `topic` until nobody can publish any more.
async fn run(
    core: Arc<Core>,
    topic: Topic,
    mut publishes: mpsc::UnboundedReceiver<Publish>,
    waiting: Arc<AtomicUsize>,
) {
    while let Some(first) = publishes.recv().await {
        let mut bytes = size(&first);
        let mut together = vec![first];
        while bytes < COMMIT_BYTES
            && let Ok(next) = publishes.try_recv()
        {
            bytes += size(&next);
            together.push(next);
        }
        store(&core, topic, together).await;
        waiting.fetch_sub(bytes, Ordering::Relaxed);
    }
}

fn size(publish: &Publish) -> usize {
    publish.records.iter().map(Bytes::len).sum()
}

async fn store(core: &Arc<Core>, topic: Topic, publishes: Vec<Publish>) {
    let mut records = Vec::with_capacity(publishes.iter().map(|publish| publish.records.len()).sum());
    let mut publishers = Vec::with_capacity(publishes.len());
    for publish in publishes {
        publishers.push((publish.records.len(), publish.publisher));
        records.extend(publish.records);
    }
    let messages = pack(topic, records);
    let counts: Vec<usize> = messages.iter().map(|message| message.pack.records.len()).collect();
    match commit(core, topic, messages).await {
        Ok(Some(first)) => {
            let mut positions = positions(first, &counts);
            for (count, publisher) in publishers {
                let _ = publisher.send(Ok(positions.by_ref().take(count).collect()));
            }
        }
        Ok(None) => publishers.into_iter().for_each(|(_, publisher)| {
            let _ = publisher.send(Err(PublishError::Full { stream: topic.stream(), stored: Vec::new() }));
        }),
        Err(error) => publishers.into_iter().for_each(|(_, publisher)| {
            let _ = publisher.send(Err(PublishError::unavailable(error.clone())));
        }),
    }
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
    use super::*;

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
