//! The queue's suite against a private server.

mod fixture;

use std::task::Poll;

use fanfare_domain::delivery::Position;
use fanfare_ports::queue::{Consumer, LEASE, Stream, Topic};
use fanfare_suites::queue::Fixture;
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
    let newer = context.publish("fanfare.journal.schedule", "\u{2}of the next version".into()).await.expect("sent");
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
}
