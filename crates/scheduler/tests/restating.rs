//! A journal that does not fill up with what deliveries wait for.

mod scene;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::{DeliveryRef, Lane, Position, Settlement};
use fanfare_domain::header_list::HeaderList;
use fanfare_domain::ids::{AttemptId, Run};
use fanfare_domain::journal::{Attempted, Follows, JournalRecord, PaceKind, Parked, Parking, QueuePace, Restated};
use fanfare_embedded::StreamLimits;
use fanfare_ports::queue::{Queue, Stream, Topic};
use fanfare_ports::schedule::{Applied, Change, Schedule};
use fanfare_proto::records::{decode_journal, encode_journal};

use self::scene::{START, Scene, attempted, delivery, waiting};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
/// Bytes of the journal.
const SMALL: u64 = 400_000;
const BODY: usize = 4096;
/// How many end at once, which takes an eighth of the journal.
const ENDING: u8 = 6;
/// What waits throughout.
const LONG: [u8; 3] = [1, 2, 3];
const TTL: Duration = Duration::from_secs(5);

async fn with_small_journal() -> Scene {
    Scene::with(StreamLimits { journal: SMALL, ..StreamLimits::default() }).await
}

/// Attempts whose records are long: one fails and is to be retried, and then ends.
async fn tell_much(scene: &Scene) {
    for number in 0..ENDING {
        let number = 100 + number;
        let delivery = delivery(number, Run::First);
        scene.tell(&with_answer(waiting(delivery, 30 * 24 * HOUR))).await;
        scene.tell(&with_answer(attempted(delivery, Follows::Settled(Settlement::Success)))).await;
    }
    scene.log_everything().await;
    scene.pass(3 * SECOND).await;
}

fn with_answer(record: JournalRecord) -> JournalRecord {
    let JournalRecord::Attempted(attempted) = record else { return record };
    let attempt = Attempt {
        id: AttemptId::derive(attempted.delivery.id, 1),
        number: 1,
        manual: false,
        started: START,
        duration: SECOND,
        status: Some(503),
        error: None,
        request_headers: HeaderList::default(),
        response_headers: HeaderList::default(),
        response_body: vec![b'x'; BODY].into(),
    };
    JournalRecord::Attempted(Box::new(Attempted { attempt: Some(attempt), ..*attempted }))
}

/// One waits for a day, two in their webhook's own queue.
async fn tell_what_waits_long(scene: &Scene) {
    tell_what_waits_unapplied(scene).await;
    scene.until_waiting(3).await;
}

async fn tell_what_waits_unapplied(scene: &Scene) {
    let due = START.plus(24 * HOUR);
    let parking = Parking::Webhook { per_second: 2.5, burst: 4, pace: PaceKind::Limit };
    let parked = |number| Parked { delivery: delivery(number, Run::First), attempt: 7, due, parking };
    scene.tell(&waiting(delivery(LONG[0], Run::First), 24 * HOUR)).await;
    scene.tell(&JournalRecord::Parked(parked(LONG[1]))).await;
    scene.tell(&JournalRecord::Parked(parked(LONG[2]))).await;
}

fn what_waits_long() -> HashMap<DeliveryRef, Restated> {
    let due = START.plus(24 * HOUR);
    let queue = Some(QueuePace { per_second: 2.5, burst: 4, kind: PaceKind::Limit });
    let entries = [(LONG[0], 2, None), (LONG[1], 7, queue), (LONG[2], 7, queue)];
    let entries = entries.map(|(number, attempt, queue)| {
        let delivery = delivery(number, Run::First);
        (delivery, Restated { delivery, attempt, due, queue })
    });
    entries.into_iter().collect()
}

async fn found(schedule: &dyn Schedule) -> HashMap<DeliveryRef, Restated> {
    let deliveries = LONG.map(|number| delivery(number, Run::First));
    let entries = schedule.look_up(&deliveries).await.expect("answers").entries;
    entries.into_iter().map(|entry| (entry.delivery, entry)).collect()
}

/// Fills the journal several times over.
async fn fill_the_journal(scene: &Scene) {
    const FILLED: u64 = 3;
    for round in 0..FILLED * SMALL / (2 * u64::from(ENDING) * BODY as u64) {
        tell_much(scene).await;
        let usage = scene.usage(Stream::Journal).await;
        assert!(usage.bytes < SMALL * 9 / 10, "round {round}: {usage:?}");
    }
    scene.until_waiting(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_long_leaves_room_and_outlives_the_schedule() {
    let mut scene = with_small_journal().await;
    let running = scene.run("one");
    tell_what_waits_long(&scene).await;
    fill_the_journal(&scene).await;
    assert_eq!(found(scene.schedule.as_ref()).await, what_waits_long());

    scene.empty_schedule().await;
    scene.until_waiting(3).await;
    assert_eq!(found(scene.schedule.as_ref()).await, what_waits_long());
    // What is restated is restated again.
    fill_the_journal(&scene).await;
    scene.empty_schedule().await;
    scene.until_waiting(3).await;
    assert_eq!(found(scene.schedule.as_ref()).await, what_waits_long());
    assert!(scene.next(Lane::Retry, 60 * SECOND).await.is_none(), "nothing that ended comes again");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_replica_lacks_is_not_taken_for_restated() {
    let mut scene = with_small_journal().await;
    let running = scene.run("one");
    tell_what_waits_long(&scene).await;
    scene.queue.lack(scene.usage(Stream::Journal).await.last);
    fill_the_journal(&scene).await;
    assert!(!scene.queue.still_lacks(), "what waits was to be restated");

    scene.empty_schedule().await;
    scene.until_waiting(3).await;
    assert_eq!(found(scene.schedule.as_ref()).await, what_waits_long());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_is_alive_passes_over_what_is_restated() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    let settled = delivery(1, Run::First);
    scene.tell(&waiting(settled, 600 * SECOND)).await;
    scene.until_waiting(1).await;
    scene.tell(&attempted(settled, Follows::Settled(Settlement::Success))).await;
    let entry = Restated { delivery: settled, attempt: 2, due: START, queue: None };
    scene.tell(&JournalRecord::Restated(entry)).await;
    scene.tell(&waiting(delivery(2, Run::First), 600 * SECOND)).await;
    let position = Some(Position { sequence: scene.usage(Stream::Journal).await.last, index: 0 });
    scene.until("all is applied", async || scene.schedule.position().await.is_ok_and(|at| at == position)).await;
    assert_eq!(scene.schedule.waiting().await.expect("answers"), 1);
    assert!(scene.next(Lane::Retry, 60 * SECOND).await.is_none());
    running.stop().await;
}

/// Applies what a schedule that begins anew reads first, and leaves the rest to others.
async fn begin_to_rebuild(scene: &Scene, schedule: &Arc<dyn Schedule>) {
    let usage = scene.usage(Stream::Journal).await;
    assert!(schedule.lead("zero", TTL).await.expect("answers").is_held());
    assert_eq!(schedule.begin_anew("zero", None, usage.last).await.expect("answers"), Applied::Done);
    let to = Position { sequence: usage.first, index: 0 };
    let begun = schedule.apply("zero", Some(Position::default()), to, &[]).await.expect("answers");
    assert_eq!(begun, Applied::Done);
    scene.clock.advance(TTL);
}

/// Waits until the journal begins behind everything that was written up to now, but for what is restated.
async fn trim(scene: &Scene) {
    let last = scene.usage(Stream::Journal).await.last;
    for _ in 0..50 {
        if scene.usage(Stream::Journal).await.first > last {
            return;
        }
        tell_much(scene).await;
    }
    panic!("it was not trimmed");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_goes_on_rebuilding() {
    let mut scene = with_small_journal().await;
    let running = scene.run("one");
    tell_what_waits_long(&scene).await;
    trim(&scene).await;
    running.stop().await;

    let emptied = scene.another_schedule().await;
    begin_to_rebuild(&scene, &emptied).await;
    scene.schedule.lead_to(emptied);
    let running = scene.run("two");
    scene.until_waiting(3).await;
    assert_eq!(found(scene.schedule.as_ref()).await, what_waits_long());
    running.stop().await;
}

/// A copy from when only the first record had been applied.
async fn old_copy(scene: &mut Scene) -> Arc<dyn Schedule> {
    let copy = scene.another_schedule().await;
    let (delivery, due) = (delivery(LONG[0], Run::First), START.plus(24 * HOUR));
    assert!(copy.lead("zero", TTL).await.expect("answers").is_held());
    let put = Change::Put { delivery, attempt: 2, due };
    let to = Position { sequence: 1, index: 0 };
    assert_eq!(copy.apply("zero", None, to, &[put]).await.expect("answers"), Applied::Done);
    scene.clock.advance(TTL);
    copy
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_was_put_back_to_before_the_journal_has_everything_again() {
    let mut scene = with_small_journal().await;
    let running = scene.run("one");
    tell_what_waits_long(&scene).await;
    trim(&scene).await;

    let copy = old_copy(&mut scene).await;
    scene.schedule.lead_to(copy);
    scene.until_waiting(3).await;
    assert_eq!(found(scene.schedule.as_ref()).await, what_waits_long());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_was_put_back_to_what_the_journal_has_passes_over_what_is_restated() {
    let mut scene = Scene::new().await;
    let running = scene.run("one");
    let settled = delivery(5, Run::First);
    scene.tell(&waiting(delivery(LONG[0], Run::First), 24 * HOUR)).await;
    scene.tell(&waiting(settled, 24 * HOUR)).await;
    scene.tell(&attempted(settled, Follows::Settled(Settlement::Success))).await;
    let entry = Restated { delivery: settled, attempt: 2, due: START, queue: None };
    scene.tell(&JournalRecord::Restated(entry)).await;
    scene.tell(&waiting(delivery(LONG[1], Run::First), 24 * HOUR)).await;
    scene.until_waiting(2).await;

    let copy = old_copy(&mut scene).await;
    scene.schedule.lead_to(copy);
    let last = scene.usage(Stream::Journal).await.last;
    let is_at_end = async || scene.schedule.position().await.is_ok_and(|at| at.is_some_and(|at| at.sequence == last));
    scene.until("all is applied", is_at_end).await;
    assert_eq!(scene.schedule.waiting().await.expect("answers"), 2);
    running.stop().await;
}

/// What is trimmed while a schedule is being read anew is found restated, though that came after it began.
#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_missed_something_while_it_was_read_anew_begins_once_more() {
    let mut scene = with_small_journal().await;
    let running = scene.run("one");
    tell_what_waits_long(&scene).await;
    let emptied = scene.another_schedule().await;
    begin_to_rebuild(&scene, &emptied).await;
    trim(&scene).await;
    running.stop().await;

    scene.schedule.lead_to(emptied);
    let running = scene.run("two");
    scene.until_waiting(3).await;
    assert_eq!(found(scene.schedule.as_ref()).await, what_waits_long());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_with_room_restates_nothing() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    tell_what_waits_long(&scene).await;
    tell_much(&scene).await;
    scene.clock.advance(HOUR);
    scene.pass(30 * SECOND).await;
    let queue = scene.embedded.queue();
    let records = queue.read_after(Topic::JournalSchedule, Position::default(), 1000).await.expect("read");
    assert_eq!(records.len(), LONG.len() + 2 * usize::from(ENDING), "everything is kept");
    let is_restated = |record| matches!(decode_journal(record), Ok(JournalRecord::Restated(_)));
    assert!(!records.iter().any(|(_, record)| is_restated(record)));
    running.stop().await;
}

/// A schedule that has lost what it had is not asked what waits: everything stays for it to be read again.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_trimmed_for_a_schedule_that_has_yet_to_read_it() {
    let mut scene = with_small_journal().await;
    let running = scene.run("one");
    tell_what_waits_long(&scene).await;
    for _ in 0..20 {
        scene.empty_schedule().await;
        tell_much(&scene).await;
    }
    scene.until_waiting(3).await;
    assert_eq!(found(scene.schedule.as_ref()).await, what_waits_long());
    running.stop().await;
}

/// Even where there is no room for a single record, what nobody waits for can go.
#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_full_makes_room_for_itself() {
    let scene = with_small_journal().await;
    let settled = attempted(delivery(100, Run::First), Follows::Settled(Settlement::Success));
    scene.tell(&with_answer(settled.clone())).await;
    tell_what_waits_unapplied(&scene).await;
    for record in [with_answer(settled.clone()), settled] {
        let record = encode_journal(record);
        let queue = scene.embedded.queue();
        while queue.publish(Topic::JournalSchedule, vec![record.clone()]).await.is_ok() {}
    }
    scene.log_everything().await;

    let running = scene.run("one");
    scene.until("there is room", async || scene.usage(Stream::Journal).await.bytes < SMALL / 4).await;
    assert_eq!(found(scene.schedule.as_ref()).await, what_waits_long());
    running.stop().await;
}
