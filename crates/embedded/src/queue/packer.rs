//! Packing: while one commit of a topic is under way, what arrives is the next. What no delivery waits for is gathered for a
//! moment more: a commit costs a sync to disk, however much is in it.

use std::sync::Arc;

use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_ports::metrics::Publishing;
use fanfare_ports::queue::{InLine, Line, Pack, PublishError, Topic, apart};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::core::Core;
use super::messages::{self, NewMessage};
use crate::database::DatabaseError;

/// Bytes of messages that may wait for a topic's packer; what would come on top is refused.
const WAITING_BYTES: usize = 128 * 1024 * 1024;
/// A commit takes no further publish once it has so many bytes.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;

/// Records of one publish, and whom to tell where they are.
struct Publish {
    records: Vec<Bytes>,
    publisher: oneshot::Sender<Result<Vec<Position>, PublishError>>,
    _in_line: InLine,
}

/// More is published than the disk takes.
#[derive(Debug, thiserror::Error)]
#[error("{0} bytes wait to be stored")]
struct Overloaded(usize);

/// Where publishes to a topic go. They are in line as soon as they are called: waiting for room in a bounded channel could
/// change their order.
pub(super) struct Packer {
    publishes: mpsc::UnboundedSender<Publish>,
    line: Arc<Line>,
}

impl Packer {
    /// The packer, and what it runs on.
    pub(super) fn new(core: Arc<Core>, topic: Topic) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (publishes, waiting) = mpsc::unbounded_channel();
        let line = Line::of(topic);
        let packing = run(core, topic, waiting, Arc::clone(&line));
        (Self { publishes, line }, packing)
    }

    /// Stores records and tells where they are.
    pub(super) async fn publish(&self, records: Vec<Bytes>) -> Result<Vec<Position>, PublishError> {
        let closed = || PublishError::unavailable(DatabaseError::Closed);
        let waiting = self.line.length();
        if waiting > WAITING_BYTES {
            return Err(PublishError::unavailable(Overloaded(waiting)));
        }
        let (publisher, stored) = oneshot::channel();
        let in_line = Line::join(&self.line, &records);
        self.publishes.send(Publish { records, publisher, _in_line: in_line }).map_err(|_| closed())?;
        stored.await.unwrap_or_else(|_| Err(closed()))
    }
}

/// Packs and stores what is published to `topic` until nobody can publish any more.
async fn run(core: Arc<Core>, topic: Topic, mut publishes: mpsc::UnboundedReceiver<Publish>, line: Arc<Line>) {
    let metrics = Publishing::to(topic);
    let mut next = Instant::now();
    while let Some(first) = publishes.recv().await {
        if Instant::now() < next {
            line.gather(tokio::time::sleep_until(next)).await;
        }
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
            for Publish { records, publisher, .. } in publishes {
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
