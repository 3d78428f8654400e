//! The queue's memory, made anew out of the database.

use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Consumer, Stream, Topic};
use futures::TryStreamExt;

use super::consumer::{ConsumerState, Saved};
use super::messages::Held;
use super::recent::RecentPacks;
use super::state::{State, StreamState};
use super::{StreamLimits, codes};
use crate::database::{Database, OpenError};

/// What the last process left.
pub(super) async fn state(database: &Database, limits: StreamLimits) -> Result<State, OpenError> {
    let mut streams = Vec::with_capacity(codes::STREAMS);
    for stream in Stream::ALL {
        let held = held(database, stream).await.map_err(OpenError::Unreadable)?;
        let newest = newest(database, stream, held.last).await.map_err(OpenError::Unreadable)?;
        streams.push(StreamState { held, limit: limits.of(stream), newest });
    }
    let mut consumers = Vec::with_capacity(codes::CONSUMERS);
    for consumer in Consumer::ALL {
        let stream = streams.get(codes::slot(codes::stream(consumer.stream())));
        let held = stream.map_or(Held { first: 1, last: 0, bytes: 0, messages: 0 }, |stream| stream.held);
        consumers.push(self::consumer(database, consumer, held).await?);
    }
    let mut newest = [0; codes::TOPICS];
    for (topic, newest) in Topic::ALL.into_iter().zip(&mut newest) {
        let place: Option<i64> = sqlx::query_scalar("SELECT max(place) FROM messages WHERE topic = ?")
            .bind(codes::topic(topic))
            .fetch_one(database.read())
            .await
            .map_err(OpenError::Unreadable)?;
        *newest = place.map_or(0, codes::sequence);
    }
    let missing = |_| OpenError::Damaged("the queue's streams and consumers are not complete".to_owned());
    Ok(State {
        streams: streams.try_into().map_err(missing)?,
        consumers: consumers.try_into().map_err(|_: Vec<ConsumerState>| missing(Vec::new()))?,
        newest,
        recent: RecentPacks::default(),
        holders: 0,
    })
}

async fn held(database: &Database, stream: Stream) -> Result<Held, sqlx::Error> {
    let (first, last, bytes): (i64, i64, i64) =
        sqlx::query_as("SELECT first, last, bytes FROM streams WHERE stream = ?")
            .bind(codes::stream(stream))
            .fetch_one(database.read())
            .await?;
    // By topic, for which an index is enough.
    let topics: Vec<i64> = Topic::ALL.into_iter().filter(|topic| topic.stream() == stream).map(codes::topic).collect();
    let messages: i64 =
        sqlx::query_scalar("SELECT count(*) FROM messages WHERE topic IN (SELECT value FROM json_each(?))")
            .bind(serde_json::json!(topics).to_string())
            .fetch_one(database.read())
            .await?;
    Ok(Held { first: first as u64, last: last as u64, bytes: bytes as u64, messages: messages as u64 })
}

async fn newest(database: &Database, stream: Stream, last: u64) -> Result<Timestamp, sqlx::Error> {
    let stored_at: Option<i64> = sqlx::query_scalar("SELECT stored_at FROM messages WHERE place = ?")
        .bind(codes::place(stream, last))
        .fetch_optional(database.read())
        .await?;
    Ok(stored_at.map_or(Timestamp::MIN, Timestamp::from_millis))
}

async fn consumer(database: &Database, consumer: Consumer, held: Held) -> Result<ConsumerState, OpenError> {
    let row: Option<(i64, Vec<u8>)> = sqlx::query_as("SELECT cursor, open FROM consumers WHERE consumer = ?")
        .bind(codes::consumer(consumer))
        .fetch_optional(database.read())
        .await
        .map_err(OpenError::Unreadable)?;
    let saved = match row {
        None => Saved::default(),
        Some((cursor, open)) => Saved::from_bytes(cursor as u64, &open).ok_or_else(|| {
            OpenError::Damaged(format!("progress of {consumer:?} is damaged, or a newer version wrote it"))
        })?,
    };
    let cursor = saved.cursor;
    let mut state = ConsumerState::new(consumer, saved, held.first, held.last);
    let topics: Vec<i64> =
        Topic::ALL.into_iter().filter(|topic| codes::taker(*topic) == Some(consumer)).map(codes::topic).collect();
    let mut untaken = sqlx::query_scalar::<_, i64>(
        "SELECT place FROM messages WHERE topic IN (SELECT value FROM json_each(?)) AND place > ? ORDER BY place",
    )
    .bind(serde_json::json!(topics).to_string())
    .bind(codes::place(consumer.stream(), cursor))
    .fetch(database.read());
    while let Some(place) = untaken.try_next().await.map_err(OpenError::Unreadable)? {
        state.stored(codes::sequence(place));
    }
    Ok(state)
}
