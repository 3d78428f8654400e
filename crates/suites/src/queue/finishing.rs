//! Each record is finished, or handed back, by itself.

use std::time::{Duration, Instant};

use bytes::Bytes;
use fanfare_domain::delivery::{Lane, Position};
use fanfare_ports::queue::{Consumer, DeadLetter, LEASE, TAKERS, Topic};

use super::{
    Fixture, PATIENCE, QUIET, assert_nothing_comes, bodies, eventually_floor, finish, leases, publish, read_all,
    record, records, take, take_one,
};

/// Not even when the taker dies and a lease has passed.
pub async fn what_is_finished_does_not_come_again(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let stored = publish(&*queue, Topic::Events, records(0..600)).await;
    let last = stored.last().expect("600 were stored").sequence;
    let taken = take(&*queue, Consumer::Router, 600).await;
    finish(&*queue, &taken).await;
    eventually_floor(&*queue, Consumer::Router, last).await;
    fixture.kill(queue).await;

    let queue = fixture.open().await;
    assert_nothing_comes(&*queue, Consumer::Router, LEASE + Duration::from_secs(1)).await;
    let backlog = queue.backlog(Consumer::Router).await.expect("the queue is there");
    assert_eq!((backlog.waiting, backlog.taken, backlog.floor), (0, 0, last));
}

/// Those that were finished may come again with those that were not; none is missing.
pub async fn a_pack_finished_in_part_comes_again_with_what_was_not(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    publish(&*queue, Topic::Events, records(0..10)).await;
    let taken = take(&*queue, Consumer::Router, 10).await;
    finish(&*queue, &taken[..6]).await;
    fixture.kill(queue).await;

    let queue = fixture.open().await;
    let again = take(&*queue, Consumer::Router, 4).await;
    for unfinished in records(6..10) {
        assert!(bodies(&again).contains(&unfinished), "{unfinished:?} comes again");
    }
    finish(&*queue, &again).await;
    assert_nothing_comes(&*queue, Consumer::Router, QUIET).await;
}

/// It is the same record at the same position, and counts one taker more.
pub async fn what_is_handed_back_comes_again_alone_after_its_delay(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let stored = publish(&*queue, Topic::Events, records(0..3)).await;
    let taken = take(&*queue, Consumer::Router, 3).await;
    let delay = Duration::from_millis(1200);
    let began = Instant::now();
    queue.hand_back(&leases(&taken[1..2]), delay).await.expect("the queue is there");
    finish(&*queue, &[taken[0].clone(), taken[2].clone()]).await;

    let again = take_one(&*queue, Consumer::Router).await;
    assert!(began.elapsed() >= delay, "not before its delay");
    assert_eq!((again.record.clone(), again.position, again.takers), (record(1), stored[1], 2));
    finish(&*queue, &[again]).await;
    assert_nothing_comes(&*queue, Consumer::Router, QUIET).await;
}

/// Whichever way a pack's records end, when all have ended the pack has.
pub async fn handing_back_and_finishing_neighbours_moves_the_floor(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let stored = publish(&*queue, Topic::Events, records(0..3)).await;
    let taken = take(&*queue, Consumer::Router, 3).await;
    queue.hand_back(&leases(&taken[0..2]), Duration::ZERO).await.expect("the queue is there");
    finish(&*queue, &taken[2..]).await;
    let mut again = take(&*queue, Consumer::Router, 2).await;
    again.sort_by_key(|one| one.position);
    assert_eq!(bodies(&again), records(0..2));
    finish(&*queue, &again).await;
    eventually_floor(&*queue, Consumer::Router, stored[2].sequence).await;
}

/// Handing back promises another try, whatever becomes of the process.
pub async fn what_was_handed_back_survives_its_taker(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    publish(&*queue, Topic::Events, records(0..2)).await;
    let taken = take(&*queue, Consumer::Router, 2).await;
    finish(&*queue, &taken[..1]).await;
    queue.hand_back(&leases(&taken[1..]), Duration::from_secs(1)).await.expect("the queue is there");
    fixture.kill(queue).await;

    let queue = fixture.open().await;
    let again = take(&*queue, Consumer::Router, 1).await;
    assert!(bodies(&again).contains(&record(1)), "{again:?}");
}

/// Five have had it and none has finished it: it goes where people look, with all that is known of it.
pub async fn the_sixth_taker_of_a_record_is_the_dead_letters(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let (topic, consumer) = (Topic::Deliveries(Lane::Retry), Consumer::Worker(Lane::Retry));
    let stored = publish(&*queue, topic, records(0..3)).await;
    let taken = take(&*queue, consumer, 3).await;
    finish(&*queue, &[taken[0].clone(), taken[2].clone()]).await;
    let mut one = taken[1].clone();
    for takers in 1..=TAKERS {
        assert_eq!((one.record.clone(), one.takers), (record(1), takers));
        queue.hand_back(&[one.lease.clone()], Duration::ZERO).await.expect("the queue is there");
        if takers < TAKERS {
            one = take_one(&*queue, consumer).await;
        }
    }
    assert_nothing_comes(&*queue, consumer, QUIET).await;
    eventually_floor(&*queue, consumer, stored[2].sequence).await;

    let letters = dead_letters(fixture, 1).await;
    let [letter] = letters.as_slice() else { panic!("one dead letter, not {letters:?}") };
    assert_eq!((letter.topic, letter.position, letter.takers), (topic, stored[1], TAKERS));
    assert_eq!(letter.record, record(1));
}

/// Reads dead letters until there are `count`.
pub(super) async fn dead_letters(fixture: &dyn Fixture, count: usize) -> Vec<DeadLetter> {
    let queue = fixture.open().await;
    let began = Instant::now();
    loop {
        let found = read_all(&*queue, Topic::DeadLetters, Position::default()).await;
        if found.len() >= count {
            return found.iter().map(|(_, letter)| decode(letter)).collect();
        }
        assert!(began.elapsed() < PATIENCE, "{} of {count} dead letters", found.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn decode(letter: &Bytes) -> DeadLetter {
    DeadLetter::decode(letter).expect("a dead letter tells what it was")
}

/// A lease that is over, or a record that is finished, is no error.
pub async fn finishing_twice_or_late_is_passed_over(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    publish(&*queue, Topic::Events, records(0..2)).await;
    let taken = take(&*queue, Consumer::Router, 2).await;
    finish(&*queue, &taken[..1]).await;
    finish(&*queue, &taken).await;
    finish(&*queue, &taken).await;
    queue.hand_back(&leases(&taken), Duration::ZERO).await.expect("the queue is there");
    assert_nothing_comes(&*queue, Consumer::Router, QUIET).await;
}
