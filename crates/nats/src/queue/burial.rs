//! Records that nobody finishes: packs whose takers keep dying are taken apart, so that only the record that kills them goes
//! to the dead letters.

use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_ports::queue::{DeadLetter, LARGEST_RECORD, Pack, Topic};
use futures::future::try_join_all;

use super::bookkeeping::Arrival;
use super::moving::{Story, store_again};
use crate::connection::Link;
use crate::names::{stream_name, subject};
use crate::storing::{NotStored, Outgoing};

/// Stores a dead letter. The same one is stored once, if the second try comes soon.
pub(super) async fn bury(link: &Link, letter: DeadLetter) -> Result<(), NotStored> {
    let (topic, position) = (letter.topic.name(), letter.position);
    tracing::error!(
        topic,
        sequence = position.sequence,
        index = position.index,
        takers = letter.takers,
        reason = letter.reason,
        "record moved to the dead letters"
    );
    let mut headers = HeaderMap::new();
    headers.insert(NATS_MESSAGE_ID, format!("dead.{topic}.{}.{}", position.sequence, position.index));
    let outgoing = Outgoing {
        stream: stream_name(Topic::DeadLetters.stream()),
        subject: subject(Topic::DeadLetters),
        headers,
        payload: Pack::of(vec![letter.encode()]).encode(),
    };
    link.store(&outgoing).await.map(drop)
}

/// Buries the only record of a pack whose takers died.
pub(super) async fn bury_alone(link: &Link, arrival: &Arrival) -> Result<(), NotStored> {
    let record = arrival.pack.records.first().cloned().unwrap_or_default();
    let letter = DeadLetter {
        topic: arrival.topic,
        position: arrival.story.origin.position(0),
        takers: arrival.takers - 1,
        reason: "every taker ended before it was finished".to_owned(),
        record,
    };
    bury(link, letter).await
}

/// Buries a message that cannot be read.
pub(super) async fn bury_damaged(
    link: &Link,
    topic: Topic,
    sequence: u64,
    takers: u32,
    message: Bytes,
) -> Result<(), NotStored> {
    let position = Position { sequence, index: 0 };
    let record = message.slice(..message.len().min(LARGEST_RECORD));
    bury(link, DeadLetter { topic, position, takers, reason: "message is damaged".to_owned(), record }).await
}

/// Stores each record of a pack in a message of its own.
pub(super) async fn take_apart(link: &Link, arrival: &Arrival) -> Result<(), NotStored> {
    tracing::warn!(
        topic = arrival.topic.name(),
        sequence = arrival.sequence,
        takers = arrival.takers,
        "pack is taken apart"
    );
    let each = (0..).zip(&arrival.pack.records).map(|(index, record)| {
        let story = Story { origin: arrival.story.origin.of([index]), takers: arrival.takers - 1, delay: None };
        let id = format!("apart.{}.{}.{index}", arrival.topic.name(), arrival.sequence);
        let payload = Pack::of(vec![record.clone()]).encode();
        async move { store_again(link, arrival.topic, id, &story, payload).await }
    });
    try_join_all(each).await.map(drop)
}
