//! Reading by position, without taking anything from anybody.

use std::sync::Arc;

use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Consumer, QueueError, Stored, Stream, Topic};

use super::core::Core;
use super::messages::{self, Held, Loaded};
use super::taking::unavailable;

/// Messages that are read at once.
const READ_TOGETHER: u32 = 32;

/// Why a message did not yield its records.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error("message {0} of {1:?} cannot be read by this version")]
    Unreadable(u64, Stream),
    #[error("message {0} of {1:?} has not been stored yet")]
    Ahead(u64, Stream),
}

impl From<Unread> for QueueError {
    fn from(unread: Unread) -> Self {
        Self::Unavailable(unread.into())
    }
}

pub(super) async fn read(core: &Arc<Core>, stream: Stream, position: Position) -> Result<Stored, QueueError> {
    let Held { first, last, .. } = core.state().stream(stream).held;
    if position.sequence < first {
        return Ok(Stored::Gone);
    }
    if position.sequence > last {
        return Err(Unread::Ahead(position.sequence, stream).into());
    }
    match core.message(stream, position.sequence).await.map_err(unavailable)? {
        Loaded::Pack(pack) => {
            let record = pack.records.get(usize::from(position.index));
            Ok(record.map_or(Stored::Gone, |record| Stored::Found(record.clone())))
        }
        // It was trimmed between the two looks.
        Loaded::Gone => Ok(Stored::Gone),
        Loaded::Unreadable => Err(Unread::Unreadable(position.sequence, stream).into()),
    }
}

pub(super) async fn read_after(
    core: &Arc<Core>,
    topic: Topic,
    after: Position,
    limit: usize,
) -> Result<Vec<(Position, Bytes)>, QueueError> {
    let stream = topic.stream();
    let mut found = Vec::new();
    let mut from = after.sequence;
    while found.len() < limit {
        let newest = core.state().newest(topic);
        let sequences = match from.cmp(&newest) {
            std::cmp::Ordering::Greater => break,
            // The usual case of who has read everything: no need to ask the disk.
            std::cmp::Ordering::Equal => vec![from],
            std::cmp::Ordering::Less => {
                messages::sequences_from(core.database.read(), topic, from, READ_TOGETHER).await.map_err(unavailable)?
            }
        };
        let Some(&last) = sequences.last() else { break };
        let loaded = core.messages(stream, &sequences).await.map_err(unavailable)?;
        for sequence in sequences {
            if found.len() >= limit {
                return Ok(found);
            }
            match loaded.get(&sequence) {
                Some(Loaded::Pack(pack)) => found.extend(
                    (0..)
                        .map(|index| Position { sequence, index })
                        .zip(pack.records.iter().cloned())
                        .filter(|(position, _)| *position > after),
                ),
                Some(Loaded::Unreadable) if found.is_empty() => return Err(Unread::Unreadable(sequence, stream).into()),
                // What comes before it is told first.
                Some(Loaded::Unreadable) => return Ok(found),
                Some(Loaded::Gone) | None => {}
            }
        }
        from = last + 1;
    }
    Ok(found)
}

/// The first message that `consumer` has not finished is the oldest, since times rise with sequences.
pub(super) async fn oldest_unfinished(core: &Arc<Core>, consumer: Consumer) -> Result<Option<Timestamp>, QueueError> {
    let stream = consumer.stream();
    let (floor, last) = {
        let mut state = core.state();
        (state.backlog(consumer).floor, state.stream(stream).held.last)
    };
    if floor >= last {
        return Ok(None);
    }
    let next = messages::next(core.database.read(), None, stream, floor + 1).await.map_err(unavailable)?;
    Ok(next.map(|next| next.stored_at))
}

/// Times rise with sequences, and a stream has no holes, so halving finds it.
pub(super) async fn sequence_at(core: &Arc<Core>, stream: Stream, time: Timestamp) -> Result<u64, QueueError> {
    let Held { first, last, .. } = core.state().stream(stream).held;
    let (mut earliest, mut latest) = (first, last + 1);
    while earliest < latest {
        let middle = earliest + (latest - earliest) / 2;
        // A topic that was trimmed by itself leaves gaps: then the next message that is there tells the time.
        match messages::next(core.database.read(), None, stream, middle).await.map_err(unavailable)? {
            Some(next) if next.stored_at < time => earliest = next.sequence + 1,
            Some(_) | None => latest = middle,
        }
    }
    Ok(earliest)
}
