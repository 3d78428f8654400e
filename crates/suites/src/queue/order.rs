//! What is published comes, in order, to those it is for.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fanfare_domain::delivery::{Lane, Position};
use fanfare_ports::queue::{Consumer, LARGEST_RECORD, PACK_RECORDS, PublishError, Stream, Topic};
use futures::future::{join_all, maybe_done};

use super::{
    Fixture, QUIET, assert_nothing_comes, bodies, finish, positions, publish, record, records, take, take_one,
};

/// Positions rise, and those that publishing told are those that takers see.
pub async fn records_are_taken_in_the_order_and_at_the_positions_of_their_publishing(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let mut stored = Vec::new();
    for numbers in [0..1, 1..2, 2..30, 30..31] {
        stored.extend(publish(&*queue, Topic::Events, records(numbers)).await);
    }
    assert!(stored.is_sorted_by(|a, b| a < b), "positions rise");

    let taken = take(&*queue, Consumer::Router, 31).await;
    assert_eq!(bodies(&taken), records(0..31));
    assert_eq!(positions(&taken), stored);
    assert!(taken.iter().all(|one| one.takers == 1 && one.lease.consumer == Consumer::Router));
}

/// An empty call is no error.
pub async fn publishing_nothing_stores_nothing(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    assert_eq!(publish(&*queue, Topic::Events, Vec::new()).await, []);
    assert_eq!(queue.usage(Stream::Events).await.expect("the queue is there").last, 0);
}

/// A call with more records than a pack holds.
pub async fn a_thousand_records_at_once_come_whole_and_in_order(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let lane = Lane::Fresh;
    let stored = publish(&*queue, Topic::Deliveries(lane), records(0..1000)).await;
    let taken = take(&*queue, Consumer::Worker(lane), 1000).await;
    assert_eq!(bodies(&taken), records(0..1000));
    assert_eq!(positions(&taken), stored);
    finish(&*queue, &taken).await;
    assert_nothing_comes(&*queue, Consumer::Worker(lane), QUIET).await;
}

/// Calls that begin one after the other are stored in that order, though none waits for the one before.
pub async fn many_publishes_in_flight_keep_their_order(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let mut calls = Vec::new();
    for number in 0..500 {
        let mut call = maybe_done(queue.publish(Topic::JournalLog, records(number * 3..number * 3 + 3)));
        let _ = futures::poll!(&mut call);
        calls.push(call);
    }
    join_all(&mut calls).await;
    let stored: Vec<Position> = calls
        .iter_mut()
        .flat_map(|call| std::pin::Pin::new(call).take_output().expect("done").expect("the records are stored"))
        .collect();
    assert!(stored.is_sorted_by(|a, b| a < b), "positions rise");

    let taken = take(&*queue, Consumer::Logs, 1500).await;
    assert_eq!(bodies(&taken), records(0..1500));
    assert_eq!(positions(&taken), stored);
}

/// The largest payload that a publisher may send, and some in a row.
pub async fn payloads_of_256_kib_pass_unchanged(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let large = |number: u8| Bytes::from((0..256 * 1024).map(|at| (at as u8) ^ number).collect::<Vec<u8>>());
    let all: Vec<Bytes> = (0..6).map(large).collect();
    let stored = publish(&*queue, Topic::Events, all.clone()).await;
    let largest = Bytes::from(vec![7; LARGEST_RECORD]);
    let last = publish(&*queue, Topic::Events, vec![largest.clone()]).await;

    let taken = take(&*queue, Consumer::Router, 7).await;
    assert!(bodies(&taken).iter().eq(all.iter().chain([&largest])), "the bytes are the same");
    assert_eq!(positions(&taken), [stored, last].concat());
}

/// One record that is too large refuses the whole call.
pub async fn a_record_over_the_limit_is_refused_and_nothing_stored(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let outcome = queue.publish(Topic::Events, vec![record(0), Bytes::from(vec![0; LARGEST_RECORD + 1])]).await;
    assert!(matches!(outcome, Err(PublishError::TooLarge { size }) if size == LARGEST_RECORD + 1), "{outcome:?}");
    assert_nothing_comes(&*queue, Consumer::Router, QUIET).await;
    assert_eq!(queue.usage(Stream::Events).await.expect("the queue is there").last, 0);
}

/// Lanes are apart; the journal's consumer gets both of its topics.
pub async fn lanes_and_topics_reach_their_own_consumers(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    for (number, lane) in Lane::ALL.into_iter().enumerate() {
        publish(&*queue, Topic::Deliveries(lane), vec![record(number)]).await;
    }
    for (number, lane) in Lane::ALL.into_iter().enumerate() {
        let one = take_one(&*queue, Consumer::Worker(lane)).await;
        assert_eq!((one.record, one.lease.consumer), (record(number), Consumer::Worker(lane)));
    }
    publish(&*queue, Topic::JournalLog, vec![record(7)]).await;
    publish(&*queue, Topic::JournalSchedule, vec![record(8)]).await;
    publish(&*queue, Topic::JournalLog, vec![record(9)]).await;
    assert_eq!(bodies(&take(&*queue, Consumer::Logs, 3).await), records(7..10));
    assert_nothing_comes(&*queue, Consumer::Router, QUIET).await;
}

/// Not earlier, and not much later.
pub async fn a_take_of_nothing_returns_after_its_wait(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let began = Instant::now();
    assert_nothing_comes(&*queue, Consumer::Router, Duration::from_millis(700)).await;
    let waited = began.elapsed();
    assert!(waited >= Duration::from_millis(500) && waited < Duration::from_secs(3), "{waited:?}");
}

/// A waiting taker does not wait for more than there is, nor for its time to end.
pub async fn a_take_returns_as_soon_as_records_come(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    for number in 0..5 {
        let waiting = queue.take(Consumer::Router, 100, Duration::from_secs(20));
        let publishing = async {
            // The taker shall be waiting by then; the case holds if it is not.
            tokio::time::sleep(Duration::from_millis(50)).await;
            publish(&*queue, Topic::Events, vec![record(number)]).await;
            Instant::now()
        };
        let ((taken, at), stored) = tokio::join!(async { (waiting.await, Instant::now()) }, publishing);
        let taken = taken.expect("the queue is there");
        assert_eq!(bodies(&taken), [record(number)]);
        assert!(at.saturating_duration_since(stored) < Duration::from_secs(1), "at once");
        finish(&*queue, &taken).await;
    }
}

/// Two processes of one service get each record once, all told.
pub async fn two_takers_share_without_overlap(fixture: &dyn Fixture) {
    let (one, other) = (fixture.open().await, fixture.open().await);
    for batch in 0..40 {
        publish(&*one, Topic::Events, records(batch * 50..(batch + 1) * 50)).await;
    }
    let mut seen = Vec::new();
    while seen.len() < 2000 {
        let before = seen.len();
        for queue in [&one, &other] {
            let taken = queue.take(Consumer::Router, 60, Duration::from_secs(2)).await.expect("the queue is there");
            assert!(taken.len() < 60 + PACK_RECORDS, "no more than was asked for and a pack");
            assert!(taken.iter().all(|one| one.takers == 1), "no lease lapsed: {taken:?}");
            finish(&**queue, &taken).await;
            seen.extend(bodies(&taken));
        }
        assert!(seen.len() > before, "only {before} of 2,000 came");
    }
    assert_eq!(seen.len(), 2000);
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), records(0..2000).into_iter().collect());
}
