//! What was stored outlives everything; what is under way goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fanfare_domain::delivery::Lane;
use fanfare_ports::queue::{Consumer, LEASE, PublishError, Queue, Stored, Stream, Topic};

use super::{
    Fixture, PATIENCE, assert_nothing_comes, bodies, eventually_floor, finish, publish, record, records, take,
};

/// Stored, finished, taken and trimmed: all is as it was.
pub async fn after_a_restart_everything_is_there(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let trimmed = publish(&*queue, Topic::Events, records(0..1)).await[0];
    let finished = publish(&*queue, Topic::Events, records(1..20)).await;
    let taken = take(&*queue, Consumer::Router, 20).await;
    finish(&*queue, &taken).await;
    eventually_floor(&*queue, Consumer::Router, finished[18].sequence).await;
    queue.trim(Stream::Events, finished[0].sequence).await.expect("the queue is there");
    let lost = publish(&*queue, Topic::Events, records(20..30)).await;
    take(&*queue, Consumer::Router, 10).await;
    let waiting = publish(&*queue, Topic::Deliveries(Lane::Bulk), records(30..1030)).await;
    fixture.restart(vec![queue]).await;

    let queue = fixture.open().await;
    let read = async |stream, position| queue.read(stream, position).await.expect("the queue is there");
    assert_eq!(read(Stream::Events, trimmed).await, Stored::Gone);
    assert_eq!(read(Stream::Events, finished[18]).await, Stored::Found(record(19)));
    assert_eq!(read(Stream::Deliveries, waiting[999]).await, Stored::Found(record(1029)));
    let mut again = BTreeMap::new();
    while !lost.iter().all(|position| again.contains_key(position)) {
        again.extend(take(&*queue, Consumer::Router, 1).await.into_iter().map(|one| (one.position, one.record)));
    }
    // What was finished just before the server died may come again.
    let all: BTreeMap<_, _> = finished.iter().chain(&lost).copied().zip(records(1..30)).collect();
    assert!(again.iter().all(|(position, record)| all.get(position) == Some(record)), "{again:?}");
    assert_eq!(bodies(&take(&*queue, Consumer::Worker(Lane::Bulk), 1000).await), records(30..1030));
    let next = publish(&*queue, Topic::Events, records(30..31)).await;
    assert!(next[0] > lost[9], "numbers go on");
}

/// Publishes the same bytes until they are stored, as services do.
async fn store(queue: &dyn Queue, number: usize) {
    let began = Instant::now();
    loop {
        match queue.publish(Topic::Events, vec![record(number)]).await {
            Ok(_) => return,
            Err(PublishError::Unavailable { .. }) => assert!(began.elapsed() < 2 * PATIENCE, "stored in the end"),
            Err(other) => panic!("{other}"),
        }
    }
}

/// What is published over the outage is stored in the end; nothing that was answered before is missing.
pub async fn a_server_that_goes_away_and_comes_back_loses_nothing(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    for number in 0..50 {
        store(&*queue, number).await;
    }
    let during = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move {
            for number in 50..150 {
                store(&*queue, number).await;
            }
        }
    });
    if !fixture.take_server_away().await {
        during.await.expect("publishing goes on");
        return;
    }
    assert!(queue.read(Stream::Events, Default::default()).await.is_err(), "nobody can know what is there");
    fixture.bring_server_back().await;
    during.await.expect("publishing goes on");

    let mut missing = records(0..150);
    let began = Instant::now();
    while !missing.is_empty() {
        assert!(began.elapsed() < PATIENCE, "{} are missing, first {:?}", missing.len(), missing.first());
        let taken = match queue.take(Consumer::Router, 100, Duration::from_secs(1)).await {
            Ok(taken) => taken,
            Err(_) => continue,
        };
        missing.retain(|one| !bodies(&taken).contains(one));
        finish(&*queue, &taken).await;
    }
}

/// A taker that waits over the outage gets what comes after it; leases that lapsed meanwhile are handed out again.
pub async fn takers_go_on_when_the_server_is_back(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    publish(&*queue, Topic::Events, records(0..2)).await;
    let taken = take(&*queue, Consumer::Router, 2).await;
    if !fixture.take_server_away().await {
        return;
    }
    let ended = Instant::now();
    // Nobody can say that the lease is kept while there is nobody to keep it.
    super::eventually("a lease over an outage ends", || async { !taken[0].lease.is_held(super::now()) }).await;
    assert!(ended.elapsed() <= LEASE + Duration::from_secs(1), "no later than it would have");
    fixture.bring_server_back().await;

    super::eventually("the server takes records again", || async {
        queue.publish(Topic::Events, records(2..3)).await.is_ok()
    })
    .await;
    let mut seen = Vec::new();
    let began = Instant::now();
    while !records(0..3).iter().all(|one| seen.contains(one)) {
        assert!(began.elapsed() < PATIENCE, "only {seen:?} came");
        let Ok(again) = queue.take(Consumer::Router, 10, Duration::from_secs(1)).await else { continue };
        seen.extend(bodies(&again));
        finish(&*queue, &again).await;
    }
    finish(&*queue, &taken).await;
    assert_nothing_comes(&*queue, Consumer::Router, LEASE + Duration::from_secs(1)).await;
}
