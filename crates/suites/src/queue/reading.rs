//! Stored records are read by position, and on from a position, whoever has finished them.

use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_ports::queue::{Consumer, Queue, Stored, Stream, Topic};

use super::{Fixture, eventually_floor, finish, now, publish, read_all, record, records, take};

async fn read(queue: &dyn Queue, stream: Stream, position: Position) -> Stored {
    queue.read(stream, position).await.expect("the queue is there")
}

/// Before it is taken, while it is, and after it is finished.
pub async fn a_stored_record_is_read_by_its_position_whoever_finished_it(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let stored = publish(&*queue, Topic::Events, records(0..600)).await;
    assert_eq!(read(&*queue, Stream::Events, stored[599]).await, Stored::Found(record(599)));
    let taken = take(&*queue, Consumer::Router, 600).await;
    assert_eq!(read(&*queue, Stream::Events, stored[0]).await, Stored::Found(record(0)));
    finish(&*queue, &taken).await;
    eventually_floor(&*queue, Consumer::Router, stored[599].sequence).await;
    for number in (0..600).step_by(37) {
        assert_eq!(read(&*queue, Stream::Events, stored[number]).await, Stored::Found(record(number)));
    }
}

/// And its neighbours are not.
pub async fn a_position_that_is_trimmed_is_gone(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let mut stored = Vec::new();
    for number in 0..3 {
        stored.extend(publish(&*queue, Topic::Events, vec![record(number)]).await);
    }
    let taken = take(&*queue, Consumer::Router, 3).await;
    finish(&*queue, &taken).await;
    eventually_floor(&*queue, Consumer::Router, stored[2].sequence).await;
    let first = queue.trim(Stream::Events, stored[2].sequence).await.expect("the queue is there");
    assert_eq!(first, stored[2].sequence);
    for position in &stored[..2] {
        assert_eq!(read(&*queue, Stream::Events, *position).await, Stored::Gone);
    }
    assert_eq!(read(&*queue, Stream::Events, stored[2]).await, Stored::Found(record(2)));
    assert_eq!(read(&*queue, Stream::Events, Position::default()).await, Stored::Gone, "there is no sequence 0");

    // Also when nothing is left at all; who has read it before may remember it.
    let first = queue.trim(Stream::Events, stored[2].sequence + 1).await.expect("the queue is there");
    assert_eq!(first, stored[2].sequence + 1);
    let another = fixture.open().await;
    assert_eq!(read(&*another, Stream::Events, stored[2]).await, Stored::Gone);
}

/// The message is there, and will never have it.
pub async fn a_record_that_its_pack_never_had_is_gone(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let stored = publish(&*queue, Topic::Events, records(0..2)).await;
    let last = stored[1];
    let beyond = Position { index: last.index + 1, ..last };
    assert_eq!(read(&*queue, Stream::Events, beyond).await, Stored::Gone);
    assert_eq!(read(&*queue, Stream::Events, last).await, Stored::Found(record(1)));
}

/// Whoever asks is ahead of the leader that answers, and must ask again: "gone" would drop a delivery.
pub async fn a_position_not_yet_given_out_is_not_gone(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    for published in 0..2 {
        let ahead = Position { sequence: published + 100, index: 0 };
        let answer = tokio::time::timeout(Duration::from_secs(3), queue.read(Stream::Events, ahead)).await;
        assert!(!matches!(answer, Ok(Ok(_))), "not an answer to go by: {answer:?}");
        publish(&*queue, Topic::Events, vec![record(0)]).await;
    }
}

/// Two topics of one stream; each is told apart from the other, with the positions of publishing.
pub async fn reading_on_tells_one_topics_records_in_order(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let mut schedule = Vec::new();
    let mut log = Vec::new();
    for batch in 0..10 {
        let numbers = batch * 10..(batch + 1) * 10;
        log.extend(
            publish(&*queue, Topic::JournalLog, records(numbers.clone()))
                .await
                .into_iter()
                .zip(records(numbers.clone())),
        );
        let waiting: Vec<Bytes> = numbers.map(|number| record(1000 + number)).collect();
        schedule.extend(publish(&*queue, Topic::JournalSchedule, waiting.clone()).await.into_iter().zip(waiting));
    }
    assert_eq!(read_all(&*queue, Topic::JournalSchedule, Position::default()).await, schedule);
    assert_eq!(read_all(&*queue, Topic::JournalLog, Position::default()).await, log);
    let taken = take(&*queue, Consumer::Logs, 200).await;
    assert_eq!(taken.len(), 200, "reading takes nothing from a consumer");
    assert_eq!(read_all(&*queue, Topic::JournalSchedule, schedule[57].0).await, schedule[58..]);
}

/// The rest of the pack comes first, without what was read before.
pub async fn reading_on_starts_inside_a_pack_where_it_is_told_to(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let stored = publish(&*queue, Topic::JournalSchedule, records(0..400)).await;
    let all: Vec<_> = stored.into_iter().zip(records(0..400)).collect();
    for after in [0, 1, 254, 255, 256, 300, 398] {
        assert_eq!(read_all(&*queue, Topic::JournalSchedule, all[after].0).await, all[after + 1..], "after {after}");
    }
    assert_eq!(read_all(&*queue, Topic::JournalSchedule, all[399].0).await, []);
}

/// The end of what there is is not the end for good, wherever the last page ended.
pub async fn reading_on_follows_what_is_published_meanwhile(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let mut after = Position::default();
    for round in 0..30 {
        assert_eq!(read_all(&*queue, Topic::JournalSchedule, after).await, []);
        publish(&*queue, Topic::JournalLog, vec![record(0)]).await;
        let numbers = round * 7..(round + 1) * 7;
        let stored = publish(&*queue, Topic::JournalSchedule, records(numbers.clone())).await;
        let found = read_all(&*queue, Topic::JournalSchedule, after).await;
        assert_eq!(found, stored.into_iter().zip(records(numbers)).collect::<Vec<_>>());
        after = found.last().expect("seven were read").0;
    }
}

/// What is gone is passed over without a word; positions go on rising.
pub async fn reading_on_passes_over_what_is_trimmed(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let mut stored = Vec::new();
    for number in 0..6 {
        stored.extend(publish(&*queue, Topic::JournalLog, vec![record(number)]).await);
    }
    let begun = queue.read_after(Topic::JournalLog, Position::default(), 2).await.expect("the queue is there");
    assert_eq!(begun, [(stored[0], record(0)), (stored[1], record(1))]);
    let taken = take(&*queue, Consumer::Logs, 6).await;
    finish(&*queue, &taken).await;
    eventually_floor(&*queue, Consumer::Logs, stored[5].sequence).await;
    queue.trim(Stream::Journal, stored[4].sequence).await.expect("the queue is there");
    let left = [(stored[4], record(4)), (stored[5], record(5))];
    assert_eq!(read_all(&*queue, Topic::JournalLog, Position::default()).await, left);
    // A page may have been fetched ahead of the trimming; what counts is that nothing that is left is missing.
    let on = read_all(&*queue, Topic::JournalLog, begun[1].0).await;
    assert!(on.ends_with(&left) && on.is_sorted_by(|a, b| a.0 < b.0), "{on:?}");
}

/// A rebuild reads on from the beginning.
pub async fn many_records_are_read_page_by_page_none_missing(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let mut all = Vec::new();
    for batch in 0..20 {
        let numbers = batch * 1000..(batch + 1) * 1000;
        let stored = publish(&*queue, Topic::JournalSchedule, records(numbers.clone())).await;
        all.extend(stored.into_iter().zip(records(numbers)));
    }
    let found = read_all(&*queue, Topic::JournalSchedule, Position::default()).await;
    assert_eq!(found.len(), all.len());
    assert!(found == all, "the same records at the same positions");
}

/// At the time itself or the next one after it.
pub async fn a_sequence_is_found_by_its_time(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let at = async |time| queue.sequence_at(Stream::Journal, time).await.expect("the queue is there");
    let before = now();
    assert_eq!(at(before).await, 1, "the next one, in an empty stream");
    let mut stored = Vec::new();
    for number in 0..20 {
        let topic = if number % 3 == 0 { Topic::JournalSchedule } else { Topic::JournalLog };
        // Times are in milliseconds, so that messages must lie some apart to be told apart.
        tokio::time::sleep(Duration::from_millis(10)).await;
        let began = now();
        let position = publish(&*queue, topic, vec![record(number)]).await[0];
        tokio::time::sleep(Duration::from_millis(10)).await;
        stored.push((began, position.sequence));
    }
    assert_eq!(at(before).await, stored[0].1);
    for (time, sequence) in &stored {
        assert_eq!(at(*time).await, *sequence);
    }
    assert_eq!(at(now().plus(Duration::from_secs(1))).await, stored[19].1 + 1);

    let taken = take(&*queue, Consumer::Logs, 20).await;
    finish(&*queue, &taken).await;
    eventually_floor(&*queue, Consumer::Logs, stored[19].1).await;
    queue.trim(Stream::Journal, stored[10].1).await.expect("the queue is there");
    assert_eq!(at(before).await, stored[10].1, "the first that is left");
    queue.trim(Stream::Journal, stored[19].1 + 1).await.expect("the queue is there");
    assert_eq!(at(before).await, stored[19].1 + 1, "none is left");
}
