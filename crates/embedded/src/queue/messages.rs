//! Messages in the database.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Pack, Stream, Topic};
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{QueryBuilder, Sqlite};

use super::codes;
use crate::database::DatabaseError;

/// Rows in one statement: enough that the hand-over does not count, few enough that statements are kept prepared.
const ROWS_TOGETHER: usize = 32;
/// What a message takes on disk besides its pack, about.
const ROW_BYTES: u64 = 48;

/// A message to be stored.
pub(super) struct NewMessage {
    pub(super) encoded: Bytes,
    /// The same, as it is handed out.
    pub(super) pack: Arc<Pack>,
}

impl NewMessage {
    /// Encodes `pack`, whose publishers' own buffers are not held on to.
    pub(super) fn of(pack: Pack) -> Self {
        let (encoded, pack) = pack.encode_apart();
        Self { encoded, pack: Arc::new(pack) }
    }

    /// What it takes of its stream's limit.
    pub(super) fn size(&self) -> u64 {
        self.encoded.len() as u64 + ROW_BYTES
    }
}

/// Stores `messages` at the end of `topic`'s stream, unless that would pass `limit` bytes. The first sequence, or `None`.
pub(super) async fn append(
    connection: &mut SqliteConnection,
    topic: Topic,
    messages: &[NewMessage],
    limit: u64,
    stored_at: Timestamp,
) -> Result<Option<u64>, DatabaseError> {
    let bytes: u64 = messages.iter().map(NewMessage::size).sum();
    let last: Option<i64> = sqlx::query_scalar(
        "UPDATE streams SET last = last + ?1, bytes = bytes + ?2 WHERE stream = ?3 AND bytes + ?2 <= ?4 RETURNING last",
    )
    .bind(integer(messages.len() as u64))
    .bind(integer(bytes))
    .bind(codes::stream(topic.stream()))
    .bind(integer(limit))
    .fetch_optional(&mut *connection)
    .await?;
    let Some(last) = last else { return Ok(None) };
    let first = (last as u64 + 1).saturating_sub(messages.len() as u64);
    let mut sequence = first;
    for rows in messages.chunks(ROWS_TOGETHER) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO messages (place, topic, stored_at, pack) ");
        insert.push_values(rows, |mut row, message| {
            row.push_bind(codes::place(topic.stream(), sequence));
            row.push_bind(codes::topic(topic)).push_bind(stored_at.as_millis()).push_bind(message.encoded.to_vec());
            sequence += 1;
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(Some(first))
}

/// A message that was looked for.
#[derive(Clone, Debug)]
pub(super) enum Loaded {
    /// Here it is.
    Pack(Arc<Pack>),
    /// A newer version wrote it, or it is damaged.
    Unreadable,
    /// It is not there any more.
    Gone,
}

/// Loads messages of `stream`, one answer for each.
pub(super) async fn load(
    readers: &SqlitePool,
    stream: Stream,
    sequences: &[u64],
) -> Result<HashMap<u64, Loaded>, DatabaseError> {
    let places: Vec<i64> = sequences.iter().map(|sequence| codes::place(stream, *sequence)).collect();
    let rows: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT place, pack FROM messages WHERE place IN (SELECT value FROM json_each(?))")
            .bind(serde_json::json!(places).to_string())
            .fetch_all(readers)
            .await?;
    let mut all: HashMap<u64, Loaded> = sequences.iter().map(|sequence| (*sequence, Loaded::Gone)).collect();
    all.extend(rows.into_iter().map(|(place, bytes)| {
        let sequence = codes::sequence(place);
        let loaded = match Pack::decode(&Bytes::from(bytes)) {
            Ok(pack) => Loaded::Pack(Arc::new(pack)),
            Err(error) => {
                tracing::error!(?stream, sequence, %error, "message cannot be read");
                Loaded::Unreadable
            }
        };
        (sequence, loaded)
    }));
    Ok(all)
}

/// Sequences of `topic` from `from` on, in order.
pub(super) async fn sequences_from(
    readers: &SqlitePool,
    topic: Topic,
    from: u64,
    limit: u32,
) -> Result<Vec<u64>, DatabaseError> {
    let places: Vec<i64> =
        sqlx::query_scalar("SELECT place FROM messages WHERE topic = ? AND place >= ? ORDER BY place LIMIT ?")
            .bind(codes::topic(topic))
            .bind(codes::place(topic.stream(), from))
            .bind(limit)
            .fetch_all(readers)
            .await?;
    Ok(places.into_iter().map(codes::sequence).collect())
}

/// A message that is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Next {
    pub(super) sequence: u64,
    pub(super) stored_at: Timestamp,
}

/// The first message of `stream` from `sequence` on, of `topic` alone if that is given.
pub(super) async fn next(
    readers: &SqlitePool,
    topic: Option<Topic>,
    stream: Stream,
    sequence: u64,
) -> Result<Option<Next>, DatabaseError> {
    let (from, end) = (codes::place(stream, sequence), codes::place(stream, u64::MAX));
    let row: Option<(i64, i64)> = match topic {
        Some(topic) => {
            sqlx::query_as(
                "SELECT place, stored_at FROM messages WHERE topic = ? AND place >= ? ORDER BY place LIMIT 1",
            )
            .bind(codes::topic(topic))
            .bind(from)
            .fetch_optional(readers)
            .await?
        }
        None => {
            sqlx::query_as(
                "SELECT place, stored_at FROM messages WHERE place >= ? AND place <= ? ORDER BY place LIMIT 1",
            )
            .bind(from)
            .bind(end)
            .fetch_optional(readers)
            .await?
        }
    };
    Ok(row.map(|(place, stored_at)| Next {
        sequence: codes::sequence(place),
        stored_at: Timestamp::from_millis(stored_at),
    }))
}

/// Which topic the message was published to.
pub(super) async fn topic_of(
    readers: &SqlitePool,
    stream: Stream,
    sequence: u64,
) -> Result<Option<Topic>, DatabaseError> {
    let code: Option<i64> = sqlx::query_scalar("SELECT topic FROM messages WHERE place = ?")
        .bind(codes::place(stream, sequence))
        .fetch_optional(readers)
        .await?;
    Ok(code.and_then(|code| Topic::ALL.into_iter().find(|topic| codes::topic(*topic) == code)))
}

/// What a stream holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) bytes: u64,
    pub(super) messages: u64,
}

/// What is left of a stream after a removal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) bytes: u64,
    /// How many messages were removed.
    pub(super) removed: u64,
}

/// Removes the messages of one topic up to, not including, `end`; tells what the stream still holds.
pub(super) async fn remove_of_topic(
    connection: &mut SqliteConnection,
    topic: Topic,
    end: u64,
) -> Result<Left, DatabaseError> {
    let stream = topic.stream();
    let (beginning, end) = (codes::place(stream, 0), codes::place(stream, end));
    let bytes: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(length(pack) + ?4), 0) FROM messages WHERE topic = ?1 AND place >= ?2 AND place < ?3",
    )
    .bind(codes::topic(topic))
    .bind(beginning)
    .bind(end)
    .bind(integer(ROW_BYTES))
    .fetch_one(&mut *connection)
    .await?;
    let deleted = sqlx::query("DELETE FROM messages WHERE topic = ? AND place >= ? AND place < ?")
        .bind(codes::topic(topic))
        .bind(beginning)
        .bind(end)
        .execute(&mut *connection)
        .await?;
    let (first, last, bytes): (i64, i64, i64) =
        sqlx::query_as("UPDATE streams SET bytes = max(bytes - ?1, 0) WHERE stream = ?2 RETURNING first, last, bytes")
            .bind(bytes)
            .bind(codes::stream(stream))
            .fetch_one(&mut *connection)
            .await?;
    let removed = deleted.rows_affected();
    Ok(Left { first: first as u64, last: last as u64, bytes: bytes as u64, removed })
}

/// Removes the messages from the stream's first up to, not including, `end`; tells what is left.
pub(super) async fn remove_below(
    connection: &mut SqliteConnection,
    stream: Stream,
    end: u64,
) -> Result<Left, DatabaseError> {
    let (beginning, end_place) = (codes::place(stream, 0), codes::place(stream, end));
    let bytes: i64 =
        sqlx::query_scalar("SELECT coalesce(sum(length(pack) + ?3), 0) FROM messages WHERE place >= ?1 AND place < ?2")
            .bind(beginning)
            .bind(end_place)
            .bind(integer(ROW_BYTES))
            .fetch_one(&mut *connection)
            .await?;
    let deleted = sqlx::query("DELETE FROM messages WHERE place >= ? AND place < ?")
        .bind(beginning)
        .bind(end_place)
        .execute(&mut *connection)
        .await?;
    let (first, last, bytes): (i64, i64, i64) = sqlx::query_as(
        "UPDATE streams SET first = max(first, ?1), bytes = max(bytes - ?2, 0) WHERE stream = ?3 RETURNING first, last, bytes",
    )
    .bind(integer(end))
    .bind(bytes)
    .bind(codes::stream(stream))
    .fetch_one(&mut *connection)
    .await?;
    let removed = deleted.rows_affected();
    Ok(Left { first: first as u64, last: last as u64, bytes: bytes as u64, removed })
}

/// As SQLite keeps numbers.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
