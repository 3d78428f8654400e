//! The queue's suite against a private server.

mod fixture;

use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::{Lane, Position};
use fanfare_ports::queue::{Consumer, LEASE, Stream, Topic};
use fanfare_suites::queue::{Fixture, noise};
use fixture::Private;

fanfare_suites::queue_suite!(Private::start().await);

#[tokio::test(flavor = "multi_thread")]
async fn a_record_whose_leases_are_dropped_lapses_while_its_process_lives() {
    let fixture = Private::start().await;
    let queue = fixture.open().await;
    queue.publish(Topic::Events, vec!["one".into()]).await.expect("stored");
    let taken = queue.take(Consumer::Router, 1, LEASE).await.expect("taken");
    assert_eq!(taken.len(), 1);
    drop(taken);
    let again = queue.take(Consumer::Router, 1, LEASE * 2).await.expect("taken");
    assert_eq!(again.first().map(|one| one.takers), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_given_up_loses_nothing() {
    let fixture = Private::start().await;
    let queue = fixture.open().await;
    for number in 0..50 {
        let mut waiting = queue.take(Consumer::Router, 10, LEASE);
        let _ = futures::poll!(waiting.as_mut());
        queue.publish(Topic::Events, vec![number.to_string().into()]).await.expect("stored");
        let answer = futures::poll!(waiting.as_mut());
        drop(waiting);
        let taken = match answer {
            Poll::Ready(taken) => taken.expect("there"),
            Poll::Pending => queue.take(Consumer::Router, 10, LEASE / 2).await.expect("there"),
        };
        let leases: Vec<_> = taken.iter().map(|one| one.lease.clone()).collect();
        assert_eq!(
            taken.iter().map(|one| (one.record.clone(), one.takers)).collect::<Vec<_>>(),
            [(number.to_string().into(), 1)]
        );
        queue.finish(&leases).await.expect("finished");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_newer_version_wrote_is_left_to_it() {
    let fixture = Private::start().await;
    let queue = fixture.open().await;
    let client = async_nats::connect(fixture.url()).await.expect("the server is there");
    let context = async_nats::jetstream::new(client);
    let newer = context.publish("fanfare.journal.schedule", "\u{9}of a later version".into()).await.expect("sent");
    let sequence = newer.await.expect("stored").sequence;
    queue.publish(Topic::JournalSchedule, vec!["ours".into()]).await.expect("stored");

    let taken = queue.take(Consumer::Logs, 10, LEASE).await.expect("taken");
    assert_eq!(taken.iter().map(|one| one.record.clone()).collect::<Vec<_>>(), ["ours"]);
    assert!(
        queue.read_after(Topic::JournalSchedule, Position::default(), 10).await.is_err(),
        "it must not be passed over"
    );
    assert!(queue.read(Stream::Journal, Position { sequence, index: 0 }).await.is_err(), "it is there, and not gone");
    assert!(queue.read_after(Topic::DeadLetters, Position::default(), 10).await.expect("there").is_empty());

    // It waits in a message of its own, for which nobody counts who could not read it.
    let stream = context.get_stream("FANFARE_JOURNAL").await.expect("there");
    let last = stream.get_last_raw_message_by_subject("fanfare.journal.schedule").await.expect("there");
    let header = |name: &str| last.headers.get(name).map(|value| value.as_str().to_owned());
    assert_eq!(last.payload, "\u{9}of a later version");
    assert_eq!(header("Fanfare-Origin"), Some(sequence.to_string()));
    assert_eq!(header("Fanfare-Takers"), Some("0".to_owned()));
    assert_eq!(header("Fanfare-Delay"), Some("30000".to_owned()));
}

/// As a worker does when it stops.
#[tokio::test(flavor = "multi_thread")]
async fn records_handed_back_one_by_one_at_the_same_time_go_together() {
    let fixture = Private::start().await;
    let (queue, other) = (fixture.open().await, fixture.open().await);
    let records: Vec<Bytes> = (0..60).map(|number| number.to_string().into()).collect();
    queue.publish(Topic::Deliveries(Lane::Fresh), records.clone()).await.expect("stored");
    let taken = queue.take(Consumer::Worker(Lane::Fresh), 60, LEASE).await.expect("taken");
    let leases: Vec<_> = taken.into_iter().map(|one| one.lease).collect();
    let calls = leases.iter().map(|lease| queue.hand_back(std::slice::from_ref(lease), Duration::ZERO));
    let outcomes = futures::future::join_all(calls).await;
    assert!(outcomes.iter().all(Result::is_ok));

    let mut again = Vec::new();
    while again.len() < 60 {
        again.extend(other.take(Consumer::Worker(Lane::Fresh), 60, LEASE).await.expect("taken"));
    }
    assert_eq!(again.iter().map(|one| one.record.clone()).collect::<Vec<_>>(), records);
    assert!(again.iter().all(|one| one.takers == 1 && one.position.sequence == 1));
    let last = other.usage(Stream::Deliveries).await.expect("there").last;
    assert_eq!(last, 3, "all that came while the first was being stored went in one message");
}

/// What would be taken apart has no room for that, and only who takes it can make room.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_stream_is_worked_on_however_many_takers_have_died() {
    let fixture = Private::start().await;
    let queue = fixture.open_with_room_for(256 * 1024).await;
    queue.publish(Topic::Events, vec![noise(1, 120_000), noise(2, 120_000)]).await.expect("stored");
    for takers in 1..=5 {
        let taken = queue.take(Consumer::Router, 1, LEASE * 2).await.expect("there");
        assert_eq!(taken.iter().map(|one| one.takers).collect::<Vec<_>>(), [takers, takers]);
    }
}
