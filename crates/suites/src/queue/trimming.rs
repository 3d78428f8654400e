//! Streams forget what they are told to, and never what somebody still needs; a full one refuses.

use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::{Lane, Position};
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Backlog, Consumer, PublishError, Queue, Stored, Stream, Topic};

use super::{Fixture, bodies, eventually_floor, finish, noise, now, publish, record, records, take, take_one};

async fn trim(queue: &dyn Queue, stream: Stream, sequence: u64) -> u64 {
    queue.trim(stream, sequence).await.expect("the queue is there")
}

/// Stores each record in a message of its own.
async fn publish_apart(queue: &dyn Queue, topic: Topic, numbers: std::ops::Range<usize>) -> Vec<Position> {
    let mut stored = Vec::new();
    for number in numbers {
        stored.extend(publish(queue, topic, vec![record(number)]).await);
    }
    stored
}

/// What is not taken, and what is taken and not finished, stays, however far one asks.
pub async fn trimming_stops_at_the_floor_of_a_consumer(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let stored = publish_apart(&*queue, Topic::Events, 0..4).await;
    assert_eq!(trim(&*queue, Stream::Events, u64::MAX).await, stored[0].sequence, "nothing is taken yet");

    let mut taken = take(&*queue, Consumer::Router, 4).await;
    let third = taken.remove(2);
    finish(&*queue, &taken).await;
    eventually_floor(&*queue, Consumer::Router, stored[1].sequence).await;
    assert_eq!(
        trim(&*queue, Stream::Events, u64::MAX).await,
        stored[2].sequence,
        "the third is taken and not finished"
    );
    let read = async |position| queue.read(Stream::Events, position).await.expect("the queue is there");
    assert_eq!(read(stored[1]).await, Stored::Gone);
    assert_eq!(read(stored[2]).await, Stored::Found(record(2)));

    finish(&*queue, &[third]).await;
    eventually_floor(&*queue, Consumer::Router, stored[3].sequence).await;
    assert_eq!(trim(&*queue, Stream::Events, u64::MAX).await, stored[3].sequence + 1, "all are finished");
}

/// One topic of a stream is forgotten, up to what is not finished, and the others keep what they have.
pub async fn a_topic_is_trimmed_by_itself(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let (mut kept, mut forgotten) = (Vec::new(), Vec::new());
    for number in 0..4 {
        kept.extend(publish_apart(&*queue, Topic::JournalSchedule, number..number + 1).await);
        forgotten.extend(publish_apart(&*queue, Topic::JournalLog, number..number + 1).await);
    }
    let mut taken = take(&*queue, Consumer::Logs, 8).await;
    taken.sort_by_key(|leased| leased.position);
    let last = taken.pop().expect("all were taken");
    assert_eq!(last.position, forgotten[3]);
    finish(&*queue, &taken).await;
    eventually_floor(&*queue, Consumer::Logs, kept[3].sequence).await;

    queue.trim_topic(Topic::JournalLog, u64::MAX).await.expect("the queue is there");
    super::eventually("the other topic's four and the last are left", || async {
        queue.usage(Stream::Journal).await.expect("the queue is there").messages == 5
    })
    .await;
    let left = async |topic| {
        let records = queue.read_after(topic, Position::default(), 100).await.expect("the queue is there");
        records.into_iter().map(|(position, _)| position).collect::<Vec<_>>()
    };
    assert_eq!(left(Topic::JournalSchedule).await, kept);
    assert_eq!(left(Topic::JournalLog).await, [forgotten[3]], "the last is not finished");
    let beginning = queue.sequence_at(Stream::Journal, Timestamp::from_millis(0)).await.expect("the queue is there");
    assert_eq!(beginning, kept[0].sequence);
    let end = queue.sequence_at(Stream::Journal, Timestamp::MAX).await.expect("the queue is there");
    assert_eq!(end, forgotten[3].sequence + 1);

    finish(&*queue, &[last]).await;
    eventually_floor(&*queue, Consumer::Logs, forgotten[3].sequence).await;
    assert_eq!(trim(&*queue, Stream::Journal, u64::MAX).await, forgotten[3].sequence + 1, "gaps are no hindrance");
}

/// A lane in which nothing waits holds nothing.
pub async fn trimming_is_not_held_up_by_a_consumer_with_nothing_to_do(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let fresh = publish_apart(&*queue, Topic::Deliveries(Lane::Fresh), 0..3).await;
    let taken = take(&*queue, Consumer::Worker(Lane::Fresh), 3).await;
    finish(&*queue, &taken).await;
    eventually_floor(&*queue, Consumer::Worker(Lane::Fresh), fresh[2].sequence).await;
    assert_eq!(trim(&*queue, Stream::Deliveries, u64::MAX).await, fresh[2].sequence + 1);

    // Nor does one in which something waits hold what comes before that.
    let fresh = publish_apart(&*queue, Topic::Deliveries(Lane::Fresh), 3..6).await;
    let bulk = publish_apart(&*queue, Topic::Deliveries(Lane::Bulk), 6..7).await;
    let taken = take(&*queue, Consumer::Worker(Lane::Fresh), 3).await;
    finish(&*queue, &taken).await;
    eventually_floor(&*queue, Consumer::Worker(Lane::Fresh), fresh[2].sequence).await;
    assert_eq!(trim(&*queue, Stream::Deliveries, u64::MAX).await, bulk[0].sequence);
    assert_eq!(take_one(&*queue, Consumer::Worker(Lane::Bulk)).await.record, record(6));
}

/// All below the sequence that is named; and what was trimmed before is no error.
pub async fn trimming_goes_no_further_than_asked(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let stored = publish_apart(&*queue, Topic::DeadLetters, 0..5).await;
    assert_eq!(trim(&*queue, Stream::DeadLetters, 0).await, stored[0].sequence);
    assert_eq!(trim(&*queue, Stream::DeadLetters, stored[0].sequence).await, stored[0].sequence);
    assert_eq!(trim(&*queue, Stream::DeadLetters, stored[3].sequence).await, stored[3].sequence);
    assert_eq!(trim(&*queue, Stream::DeadLetters, stored[1].sequence).await, stored[3].sequence);
    assert_eq!(trim(&*queue, Stream::DeadLetters, u64::MAX).await, stored[4].sequence + 1);
    assert_eq!(
        publish_apart(&*queue, Topic::DeadLetters, 5..6).await[0].sequence,
        stored[4].sequence + 1,
        "numbers go on"
    );
}

/// Other streams have room of their own; what was stored before stays; after trimming it takes again.
pub async fn a_full_stream_refuses_until_it_is_trimmed(fixture: &dyn Fixture) {
    const ROOM: u64 = 2 * 1024 * 1024;
    let queue = fixture.open_with_room_for(ROOM).await;
    let body = noise(1, 60 * 1024);
    let mut stored = Vec::new();
    let refusal = loop {
        match queue.publish(Topic::Events, vec![body.clone()]).await {
            Ok(positions) => stored.extend(positions),
            Err(refusal) => break refusal,
        }
        assert!(stored.len() < 100, "100 x 60 KiB do not go into 2 MiB");
    };
    assert!(matches!(refusal, PublishError::Full { stream: Stream::Events, .. }), "{refusal:?}");
    let usage = queue.usage(Stream::Events).await.expect("the queue is there");
    assert!(usage.bytes <= usage.limit && usage.bytes * 10 > usage.limit * 9, "{usage:?}");
    assert!(matches!(queue.publish(Topic::Events, vec![body.clone()]).await, Err(PublishError::Full { .. })), "still");
    publish(&*queue, Topic::JournalLog, vec![record(1)]).await;

    let taken = take(&*queue, Consumer::Router, stored.len()).await;
    assert_eq!(taken.iter().map(|one| one.position).collect::<Vec<_>>(), stored, "all that was accepted, and no more");
    finish(&*queue, &taken).await;
    let last = stored.last().expect("some were stored").sequence;
    eventually_floor(&*queue, Consumer::Router, last).await;
    assert_eq!(trim(&*queue, Stream::Events, last + 1).await, last + 1);
    let again = publish(&*queue, Topic::Events, vec![body.clone(), record(2)]).await;
    assert_eq!(bodies(&take(&*queue, Consumer::Router, 2).await), [body, record(2)]);
    assert!(again[0] > stored[stored.len() - 1]);
}

/// Whoever publishes more than fits learns how much of it is stored: exactly the first records of the call.
pub async fn a_publish_that_does_not_fit_tells_what_is_stored(fixture: &dyn Fixture) {
    const ROOM: u64 = 2 * 1024 * 1024;
    let queue = fixture.open_with_room_for(ROOM).await;
    let bodies_of_all: Vec<Bytes> = (0..60_u8).map(|number| noise(number, 60 * 1024)).collect();
    let refusal = queue.publish(Topic::Events, bodies_of_all.clone()).await.expect_err("60 x 60 KiB go not into 2 MiB");
    assert!(matches!(refusal, PublishError::Full { stream: Stream::Events, .. }), "{refusal:?}");
    let stored = refusal.stored();

    let taken = take(&*queue, Consumer::Router, stored.len()).await;
    assert_eq!(taken.iter().map(|one| one.position).collect::<Vec<_>>(), stored);
    assert_eq!(bodies(&taken), bodies_of_all[..stored.len()]);
    finish(&*queue, &taken).await;
    assert_eq!(queue.usage(Stream::Events).await.expect("the queue is there").last, last_of(stored));
}

/// Many who publish at once get as much room as there is, although all of them together have none.
pub async fn many_who_publish_at_once_fill_a_stream(fixture: &dyn Fixture) {
    const ROOM: u64 = 2 * 1024 * 1024;
    let queue = fixture.open_with_room_for(ROOM).await;
    let publishing = (0..60_u8).map(|number| queue.publish(Topic::Events, vec![noise(number, 60 * 1024)]));
    let outcomes = futures::future::join_all(publishing).await;
    let stored = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(_) | Err(PublishError::Full { .. }))), "{outcomes:?}");
    assert!((30..60).contains(&stored), "{stored} x 60 KiB were stored in 2 MiB");
    assert_eq!(take(&*queue, Consumer::Router, stored).await.len(), stored);
}

fn last_of(stored: &[fanfare_domain::delivery::Position]) -> u64 {
    stored.last().map_or(0, |last| last.sequence)
}

/// Bytes rise with what is stored and fall with trimming; first and last are those of positions.
pub async fn usage_tells_what_is_stored(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let usage = async |what: &str, holds: &dyn Fn(fanfare_ports::queue::Usage) -> bool| {
        super::eventually(what, || async {
            holds(queue.usage(Stream::DeadLetters).await.expect("the queue is there"))
        })
        .await;
    };
    usage("an empty stream", &|now| (now.messages, now.first, now.last) == (0, 1, 0) && now.limit > 0).await;
    let stored = publish_apart(&*queue, Topic::DeadLetters, 0..3).await;
    let body = noise(1, 100_000);
    publish(&*queue, Topic::DeadLetters, vec![body]).await;
    usage("three and a large one", &|now| {
        now.bytes >= 100_000 && (now.messages, now.first, now.last) == (4, stored[0].sequence, stored[2].sequence + 1)
    })
    .await;
    trim(&*queue, Stream::DeadLetters, stored[2].sequence).await;
    usage("two are gone", &|now| now.bytes >= 100_000 && (now.messages, now.first) == (2, stored[2].sequence)).await;
    trim(&*queue, Stream::DeadLetters, u64::MAX).await;
    usage("all are gone", &|now| {
        now.bytes < 100_000 && (now.messages, now.first) == (0, now.last + 1) && now.last == stored[2].sequence + 1
    })
    .await;
}

/// Whoever compares a position with the end would otherwise take it for one that never was.
pub async fn usage_knows_what_was_stored_just_before(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    for number in 0..20 {
        let position = publish(&*queue, Topic::JournalSchedule, vec![record(number)]).await[0];
        let last = queue.usage(Stream::Journal).await.expect("the queue is there").last;
        assert_eq!(last, position.sequence);
    }
}

/// In messages, and the floor below which all is finished.
pub async fn a_backlog_tells_what_waits_and_what_is_taken(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let is = async |waiting, taken, floor| {
        let expected = Backlog { waiting, taken, floor };
        super::eventually(&format!("{expected:?}"), || async {
            queue.backlog(Consumer::Router).await.expect("the queue is there") == expected
        })
        .await;
    };
    is(0, 0, 0).await;
    let stored: Vec<u64> =
        publish_apart(&*queue, Topic::Events, 0..3).await.into_iter().map(|one| one.sequence).collect();
    is(3, 0, 0).await;
    let first = take_one(&*queue, Consumer::Router).await;
    is(2, 1, 0).await;
    finish(&*queue, &[first]).await;
    is(2, 0, stored[0]).await;
    let rest = take(&*queue, Consumer::Router, 2).await;
    finish(&*queue, &rest[1..]).await;
    is(0, 1, stored[0]).await;
    finish(&*queue, &rest[..1]).await;
    is(0, 0, stored[2]).await;
    assert_eq!(bodies(&rest), records(1..3));
}

/// The age of what nobody has worked on yet is what says that a service is behind.
pub async fn the_oldest_unfinished_message_is_told_by_its_time(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let oldest = async |consumer| queue.oldest_unfinished(consumer).await.expect("the queue is there");
    assert_eq!(oldest(Consumer::Router).await, None, "there is nothing");
    let before = now();
    let first = publish_apart(&*queue, Topic::Events, 0..1).await[0].sequence;
    // Times are in milliseconds, so that messages must lie some apart to be told apart.
    tokio::time::sleep(Duration::from_millis(10)).await;
    let between = now();
    let second = publish_apart(&*queue, Topic::Events, 1..2).await[0].sequence;
    // A topic beside it in the same stream belongs to another consumer.
    publish_apart(&*queue, Topic::Deliveries(Lane::Bulk), 2..3).await;
    let is_first = |time: Option<Timestamp>| time.is_some_and(|time| (before..between).contains(&time));
    assert!(is_first(oldest(Consumer::Router).await));
    assert_eq!(oldest(Consumer::Worker(Lane::Fresh)).await, None);
    assert!(oldest(Consumer::Worker(Lane::Bulk)).await.is_some_and(|time| time >= between));

    let taken = take(&*queue, Consumer::Router, 2).await;
    assert!(is_first(oldest(Consumer::Router).await), "what is taken is not finished");
    finish(&*queue, &taken[..1]).await;
    eventually_floor(&*queue, Consumer::Router, first).await;
    assert!(oldest(Consumer::Router).await.is_some_and(|time| time >= between), "the second is the oldest now");
    finish(&*queue, &taken[1..]).await;
    eventually_floor(&*queue, Consumer::Router, second).await;
    assert_eq!(oldest(Consumer::Router).await, None);
}
