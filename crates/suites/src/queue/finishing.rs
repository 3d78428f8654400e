//! Each record is finished, or handed back, by itself.

use std::time::{Duration, Instant};

use bytes::Bytes;
use fanfare_domain::delivery::{Lane, Position};
use fanfare_ports::queue::{Consumer, DeadLetter, LEASE, TAKERS, Topic};

use super::{
    Fixture, PATIENCE, QUIET, assert_nothing_comes, bodies, eventually_floor, finish, leases, noise, positions,
    publish, read_all, record, records, take, take_one,
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

/// It is the same record at the same position, and whoever handed it back does not count.
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
    assert_eq!((again.record.clone(), again.position, again.takers), (record(1), stored[1], 1));
    finish(&*queue, &[again]).await;
    assert_nothing_comes(&*queue, Consumer::Router, QUIET).await;
}

/// However often: handing back is no failure, and never ends among the dead letters.
pub async fn what_is_handed_back_again_and_again_still_comes(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let (topic, consumer) = (Topic::Deliveries(Lane::Retry), Consumer::Worker(Lane::Retry));
    let stored = publish(&*queue, topic, records(0..3)).await;
    let mut waiting = take(&*queue, consumer, 3).await;
    for round in 0..3 * TAKERS {
        // Now with a delay and now without, now one of them and now all.
        let (delay, count) = (Duration::from_millis(u64::from(round % 2) * 50), 1 + round as usize % 3);
        queue.hand_back(&leases(&waiting[..count]), delay).await.expect("the queue is there");
        let again = take(&*queue, consumer, count).await;
        waiting.splice(..count, again);
        waiting.sort_by_key(|one| one.position);
        assert_eq!((positions(&waiting), bodies(&waiting)), (stored.clone(), records(0..3)));
        assert!(waiting.iter().all(|one| one.takers == 1), "{waiting:?}");
    }
    finish(&*queue, &waiting).await;
    let last = queue.usage(topic.stream()).await.expect("the queue is there").last;
    eventually_floor(&*queue, consumer, last).await;
    assert_eq!(read_all(&*queue, Topic::DeadLetters, Position::default()).await, []);
}

/// What one process cannot work on another may be able to.
pub async fn what_one_process_hands_back_another_takes(fixture: &dyn Fixture) {
    let (one, other) = (fixture.open().await, fixture.open().await);
    let stored = publish(&*one, Topic::Events, records(0..3)).await;
    let taken = take(&*one, Consumer::Router, 3).await;
    for delay in [Duration::ZERO, Duration::from_millis(300)] {
        let held = if delay.is_zero() { &taken[1..2] } else { &taken[2..] };
        one.hand_back(&leases(held), delay).await.expect("the queue is there");
        let again = take_one(&*other, Consumer::Router).await;
        assert_eq!((again.record.clone(), again.position, again.takers), (held[0].record.clone(), held[0].position, 1));
        finish(&*other, &[again]).await;
    }
    finish(&*one, &taken[..1]).await;
    assert_nothing_comes(&*other, Consumer::Router, LEASE + Duration::from_secs(1)).await;
    eventually_floor(&*one, Consumer::Router, stored[2].sequence).await;
}

/// Who reads on has read the record already, where it was first stored.
pub async fn what_is_handed_back_is_not_read_twice(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let stored = publish(&*queue, Topic::JournalSchedule, records(0..3)).await;
    let taken = take(&*queue, Consumer::Logs, 3).await;
    queue.hand_back(&leases(&taken[1..]), Duration::ZERO).await.expect("the queue is there");
    let more = publish(&*queue, Topic::JournalSchedule, records(3..4)).await;
    let read = read_all(&*queue, Topic::JournalSchedule, Position::default()).await;
    assert_eq!(read, [stored, more].concat().into_iter().zip(records(0..4)).collect::<Vec<_>>());
}

/// Who hands back needs no room to be rid of a record for a while.
pub async fn in_a_full_stream_records_are_handed_back_all_the_same(fixture: &dyn Fixture) {
    let queue = fixture.open_with_room_for(2 * 1024 * 1024).await;
    let pack = vec![record(0), noise(1, 100 * 1024)];
    let mut stored = Vec::new();
    while let Ok(positions) = queue.publish(Topic::Events, pack.clone()).await {
        stored.extend(positions);
    }
    let mut taken = take(&*queue, Consumer::Router, stored.len()).await;
    assert_eq!(positions(&taken), stored);
    for _ in 0..2 * TAKERS {
        let large = taken.remove(1);
        queue.hand_back(std::slice::from_ref(&large.lease), Duration::ZERO).await.expect("the queue is there");
        let again = take_one(&*queue, Consumer::Router).await;
        assert_eq!((again.position, again.takers), (stored[1], 1));
        taken.insert(1, again);
    }
    finish(&*queue, &taken).await;
    eventually_floor(&*queue, Consumer::Router, stored[stored.len() - 1].sequence).await;
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

/// Handing back promises another try, whatever becomes of the process; and that it ended counts for nothing.
pub async fn what_was_handed_back_survives_its_taker(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    publish(&*queue, Topic::Events, records(0..2)).await;
    let taken = take(&*queue, Consumer::Router, 2).await;
    finish(&*queue, &taken[..1]).await;
    queue.hand_back(&leases(&taken[1..]), Duration::from_secs(1)).await.expect("the queue is there");
    fixture.kill(queue).await;

    let queue = fixture.open().await;
    let again = take_one(&*queue, Consumer::Router).await;
    assert_eq!((again.record.clone(), again.takers), (record(1), 1));
    finish(&*queue, &[again]).await;
    assert_nothing_comes(&*queue, Consumer::Router, LEASE + Duration::from_secs(1)).await;
}

/// What nobody can work on goes where people look, with all that is known of it; its neighbours go on.
pub async fn what_is_buried_is_a_dead_letter_and_finished(fixture: &dyn Fixture) {
    let queue = fixture.open().await;
    let (topic, consumer) = (Topic::Deliveries(Lane::Retry), Consumer::Worker(Lane::Retry));
    let stored = publish(&*queue, topic, records(0..3)).await;
    let taken = take(&*queue, consumer, 3).await;
    queue.bury(&taken[1..2], "cannot be read").await.expect("the queue is there");
    queue.bury(&taken[1..2], "once more").await.expect("what is finished is passed over");
    finish(&*queue, &[taken[0].clone(), taken[2].clone()]).await;
    assert_nothing_comes(&*queue, consumer, QUIET).await;
    eventually_floor(&*queue, consumer, stored[2].sequence).await;

    let letters = dead_letters(fixture, 1).await;
    let [letter] = letters.as_slice() else { panic!("one dead letter, not {letters:?}") };
    assert_eq!((letter.topic, letter.position, letter.takers), (topic, stored[1], 1));
    assert_eq!((&letter.record, letter.reason.as_str()), (&record(1), "cannot be read"));
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
