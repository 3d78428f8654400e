//! Reading stored records, whoever has finished them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Pack, PackError, QueueError, Stored, Stream, Topic};

use super::recent::{RecentPacks, apart};
use super::scanning::{self, Scanned};
use crate::api::{self, ApiError, Which};
use crate::connection::Link;
use crate::names::stream_name;

/// Why there is no pack.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error("no message lies there")]
    Nothing,
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Pack(#[from] PackError),
}

/// Reads one record. Any replica may have it; that there is none is told by the stream's leader.
pub(super) async fn read(
    link: &Link,
    recent: &RecentPacks,
    stream: Stream,
    position: Position,
) -> Result<Stored, QueueError> {
    let name = stream_name(stream);
    match recent.get((stream, position.sequence), read_pack(link, name, position.sequence)).await {
        Ok(pack) => {
            let record = pack.records.get(usize::from(position.index)).cloned();
            return Ok(record.map_or(Stored::Gone, Stored::Found));
        }
        Err(unread) if matches!(*unread, Unread::Nothing) => {}
        Err(unread) => {
            return Err(match &*unread {
                Unread::Api(ApiError::Missing(what)) => QueueError::NotSetUp(what.clone()),
                _ => QueueError::Unavailable(unread.into()),
            });
        }
    }
    let state = api::stream_info(&link.context, name).await?.state;
    if position.sequence < state.first() {
        return Ok(Stored::Gone);
    }
    Err(QueueError::Unavailable(format!("{name} has no message {} yet", position.sequence).into()))
}

async fn read_pack(link: &Link, stream: &str, sequence: u64) -> Result<Arc<Pack>, Unread> {
    // The server has no sequence 0 and refuses to look for it.
    if sequence == 0 {
        return Err(Unread::Nothing);
    }
    let message = match api::message_of_any_replica(&link.context, stream, sequence).await? {
        Some(message) => message,
        None => api::message(&link.context, stream, Which::At(sequence)).await?.ok_or(Unread::Nothing)?,
    };
    Ok(Arc::new(Pack::decode(&apart(&message.payload))?))
}

/// The first message stored at or after `time`, found by halving what lies between the first and the last.
pub(super) async fn sequence_at(link: &Link, stream: Stream, time: Timestamp) -> Result<u64, QueueError> {
    let name = stream_name(stream);
    let state = api::stream_info(&link.context, name).await?.state;
    let nanoseconds = i128::from(time.as_millis()) * 1_000_000;
    // All below `low` are earlier or gone; all from `high` on are not earlier, or gone.
    let (mut low, mut high) = (state.first(), state.last_seq + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        // A topic that was trimmed by itself leaves gaps: then the next message that is there tells the time.
        let next = Which::NextOn { subject: ">", from: middle };
        match api::message(&link.context, name, next).await? {
            Some(message) if message.time.unix_timestamp_nanos() < nanoseconds => low = message.sequence + 1,
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}

/// Messages that were read further than they were asked for, by topic: whoever reads on mostly asks for them next.
#[derive(Debug, Default)]
pub(super) struct ReadAhead {
    by_topic: Mutex<HashMap<Topic, Ahead>>,
}

#[derive(Debug)]
struct Ahead {
    /// What was handed out last.
    after: Position,
    /// What follows it, as far as it was read.
    messages: VecDeque<Scanned>,
    /// Where reading goes on behind `messages`.
    next: u64,
}

impl Ahead {
    fn of(after: Position) -> Self {
        // A position's own message may hold records behind it.
        Self { after, messages: VecDeque::new(), next: after.sequence.max(1) }
    }
}

impl ReadAhead {
    /// Reads on after a position.
    pub(super) async fn read_after(
        &self,
        link: &Link,
        topic: Topic,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Bytes)>, QueueError> {
        let mut ahead = self.continue_from(topic, after);
        let mut found = Vec::new();
        while found.len() < limit {
            if ahead.messages.is_empty() {
                match scanning::scan(link, topic, ahead.next).await {
                    Ok(messages) => ahead.messages.extend(messages),
                    Err(error) if found.is_empty() => return Err(error),
                    // What was found is whole; the next call meets the error.
                    Err(_) => break,
                }
                match ahead.messages.back() {
                    Some(last) => ahead.next = last.sequence + 1,
                    None => break,
                }
            }
            if let Some(message) = ahead.messages.pop_front() {
                found.extend(message.records_after(ahead.after)?);
            }
        }
        if let Some((last, _)) = found.last() {
            ahead.after = *last;
        }
        self.put_back(topic, ahead);
        Ok(found)
    }

    fn continue_from(&self, topic: Topic, after: Position) -> Ahead {
        let ahead = self.by_topic().remove(&topic);
        ahead.filter(|ahead| ahead.after == after).unwrap_or_else(|| Ahead::of(after))
    }

    fn put_back(&self, topic: Topic, ahead: Ahead) {
        self.by_topic().insert(topic, ahead);
    }

    fn by_topic(&self) -> MutexGuard<'_, HashMap<Topic, Ahead>> {
        // No code that holds the lock can leave it half done.
        self.by_topic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
