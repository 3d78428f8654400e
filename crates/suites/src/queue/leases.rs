//! Leases end with their takers, and not before.

use std::collections::HashSet;
use std::time::Duration;

use fanfare_ports::queue::{Consumer, LEASE, TAKERS, Topic};

use super::finishing::dead_letters;
use super::{Fixture, assert_nothing_comes, bodies, finish, now, publish, record, records, take, take_one};

/// When another has the record, the dead taker's lease says so.
pub async fn a_dead_takers_records_are_handed_out_again_and_its_lease_is_over(fixture: &dyn Fixture) {
    let dying = fixture.open().await;
    let stored = publish(&*dying, Topic::Events, records(0..1)).await;
    let first = take_one(&*dying, Consumer::Router).await;
    assert!(first.lease.is_held(now()), "held while it lives");
    let killed = now();
    fixture.kill(dying).await;

    let queue = fixture.open().await;
    let again = take_one(&*queue, Consumer::Router).await;
    let waited = now().since(killed);
    assert!(waited < LEASE * 2, "within about a lease, not {waited:?}");
    assert!(!first.lease.is_held(now()), "two never hold a record at once");
    assert!(again.lease.is_held(now()));
    assert_eq!((again.record.clone(), again.position), (record(0), stored[0]));
    assert!(again.takers >= 2, "{again:?}");
    finish(&*queue, &[again]).await;
}

/// However long the work takes.
pub async fn a_lease_is_kept_alive_as_long_as_its_taker_lives(fixture: &dyn Fixture) {
    let (working, idle) = (fixture.open().await, fixture.open().await);
    publish(&*working, Topic::Events, records(0..3)).await;
    let taken = take(&*working, Consumer::Router, 3).await;
    finish(&*working, &taken[..1]).await;
    assert_nothing_comes(&*idle, Consumer::Router, LEASE + Duration::from_secs(3)).await;
    assert!(taken[1].lease.is_held(now()), "kept alive");
    finish(&*working, &taken[1..]).await;
    assert_nothing_comes(&*idle, Consumer::Router, LEASE + Duration::from_secs(1)).await;
}

/// A record that kills whoever takes it is out of the way in the end; whoever handed it back before does not count.
pub async fn records_whose_takers_keep_dying_end_as_dead_letters(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let stored = publish(&*queue, Topic::Events, records(0..2)).await;
    let taken = take(&*queue, Consumer::Router, 2).await;
    for (one, delay) in taken.iter().zip([Duration::ZERO, Duration::from_millis(100)]) {
        queue.hand_back(std::slice::from_ref(&one.lease), delay).await.expect("the queue is there");
    }
    fixture.kill(queue).await;

    let mut deaths = 0;
    loop {
        let queue = fixture.open().await;
        let taken = queue.take(Consumer::Router, 10, LEASE + Duration::from_secs(2)).await.expect("the queue is there");
        fixture.kill(queue).await;
        if taken.is_empty() {
            break;
        }
        assert!(taken.iter().all(|one| one.takers <= TAKERS), "{taken:?}");
        assert!(bodies(&taken).iter().all(|body| records(0..2).contains(body)), "{taken:?}");
        deaths += 1;
        assert!(deaths <= 2 * TAKERS, "not for ever");
    }
    assert!(deaths >= TAKERS, "{deaths} takers were given a chance");
    let letters = dead_letters(fixture, 2).await;
    assert!(letters.iter().all(|letter| letter.takers == TAKERS), "{letters:?}");
    let letters: HashSet<_> = letters.into_iter().map(|letter| (letter.position, letter.record)).collect();
    assert_eq!(letters, stored.into_iter().zip(records(0..2)).collect());
}
