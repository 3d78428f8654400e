//! Webhooks' own queues: each has a gate that opens at the pace of the queue.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::delivery::DeliveryRef;
use fanfare_domain::time::Timestamp;
use fanfare_ports::schedule::{Change, Schedule};

use super::Fixture;
use super::scene::{LEASE, Scheduler, claim_all, claim_deliveries, delivery_to, park, put, webhook};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn of(queue: u8, number: u64) -> DeliveryRef {
    delivery_to(webhook(queue), number)
}

/// Parks deliveries of these numbers in a queue, all due at `due`.
fn parked(queue: u8, numbers: std::ops::Range<u64>, due: Timestamp, per_second: f64, burst: u32) -> Vec<Change> {
    numbers.map(|number| park(of(queue, number), due, per_second, burst)).collect()
}

/// How many can be claimed now; they are finished too.
async fn let_through(schedule: &Arc<dyn Schedule>) -> usize {
    let claims = claim_all(schedule).await;
    schedule.finish(&claims).await.expect("answers");
    claims.len()
}

/// As many as the burst at first, then one after the other.
pub async fn a_queue_lets_through_what_its_pace_allows(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&parked(1, 0..20, fixture.now(), 4.0, 3)).await;
    assert_eq!(let_through(&scheduler.schedule).await, 3);

    for _ in 0..3 {
        fixture.advance(Duration::from_millis(249));
        assert_eq!(let_through(&scheduler.schedule).await, 0);
        fixture.advance(MILLISECOND);
        assert_eq!(let_through(&scheduler.schedule).await, 1);
    }
    fixture.advance(Duration::from_millis(500));
    assert_eq!(let_through(&scheduler.schedule).await, 2);
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 12);
}

/// A webhook that was idle for long does not get more at once than its burst.
pub async fn a_pause_saves_up_one_burst_and_no_more(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&parked(1, 0..3, fixture.now(), 2.0, 3)).await;
    assert_eq!(let_through(&scheduler.schedule).await, 3);

    fixture.advance(1000 * SECOND);
    assert_eq!(let_through(&scheduler.schedule).await, 0);
    scheduler.apply(&parked(1, 3..20, fixture.now(), 2.0, 3)).await;
    assert_eq!(let_through(&scheduler.schedule).await, 3);
    fixture.advance(SECOND);
    assert_eq!(let_through(&scheduler.schedule).await, 2);
}

/// Deliveries that come one at a time are held to the pace all the same.
pub async fn a_queue_that_was_empty_keeps_its_pace(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&parked(1, 0..1, fixture.now(), 1.0, 1)).await;
    assert_eq!(let_through(&scheduler.schedule).await, 1);
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 0);

    fixture.advance(Duration::from_millis(400));
    scheduler.apply(&parked(1, 1..2, fixture.now(), 1.0, 1)).await;
    assert_eq!(let_through(&scheduler.schedule).await, 0);
    fixture.advance(Duration::from_millis(599));
    assert_eq!(let_through(&scheduler.schedule).await, 0);
    fixture.advance(MILLISECOND);
    assert_eq!(let_through(&scheduler.schedule).await, 1);
}

/// The order in a queue is that of the due times, not that of parking.
pub async fn a_queue_keeps_the_order_of_due_times(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let start = fixture.now().minus(10 * SECOND);
    let due = |number: u64| start.plus(Duration::from_millis(number));
    scheduler.apply(&[4, 2, 5, 1, 3].map(|number| park(of(1, number), due(number), 1.0, 1))).await;

    for number in 1..=5 {
        let claims = claim_all(&scheduler.schedule).await;
        let seen: Vec<_> =
            claims.iter().map(|claim| (claim.delivery, claim.attempt, claim.due, claim.parked, claim.until)).collect();
        assert_eq!(seen, [(of(1, number), 1, due(number), true, fixture.now().plus(LEASE))]);
        scheduler.schedule.finish(&claims).await.expect("answers");
        fixture.advance(SECOND);
    }
}

/// The pace lets nothing through before its time.
pub async fn a_queued_entry_waits_for_its_time(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let due = fixture.now().plus(SECOND);
    scheduler.apply(&[park(of(1, 1), due, 100.0, 100)]).await;
    assert_eq!(scheduler.schedule.claim(LEASE, 10).await.expect("answers").next, Some(due));

    fixture.advance(SECOND - MILLISECOND);
    assert_eq!(let_through(&scheduler.schedule).await, 0);
    fixture.advance(MILLISECOND);
    assert_eq!(let_through(&scheduler.schedule).await, 1);
}

/// Each queue has its own pace, and a slow one is nothing to the others.
pub async fn queues_do_not_hold_each_other_up(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let early = fixture.now().minus(10 * SECOND);
    scheduler.apply(&parked(1, 0..100, early, 1.0, 1)).await;
    scheduler.apply(&parked(2, 0..100, fixture.now(), 10.0, 5)).await;
    scheduler.apply(&parked(3, 0..100, fixture.now(), 1000.0, 50)).await;

    let taken = async || {
        let claims = claim_all(&scheduler.schedule).await;
        scheduler.schedule.finish(&claims).await.expect("answers");
        [1, 2, 3].map(|queue| claims.iter().filter(|claim| claim.delivery.webhook == webhook(queue)).count())
    };
    assert_eq!(taken().await, [1, 5, 50]);
    fixture.advance(Duration::from_millis(100));
    assert_eq!(taken().await, [0, 1, 50]);
    fixture.advance(Duration::from_millis(900));
    assert_eq!(taken().await, [1, 5, 0]);
}

/// However much is due, neither kind keeps the other away.
pub async fn queues_and_due_entries_share_a_claim(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let early = fixture.now().minus(10 * SECOND);
    scheduler.apply(&(0..100).map(|number| put(of(1, number), early)).collect::<Vec<_>>()).await;
    scheduler.apply(&parked(2, 100..200, early, 1000.0, 1000)).await;
    scheduler.apply(&parked(3, 200..300, early.plus(SECOND), 1000.0, 1000)).await;

    let claims = scheduler.schedule.claim(LEASE, 40).await.expect("answers").claims;
    assert!(claims.len() <= 40, "the limit is for all together");
    let first: HashSet<_> = claims.iter().map(|claim| claim.parked).collect();
    assert_eq!(first, HashSet::from([true, false]));

    let second = scheduler.schedule.claim(LEASE, 40).await.expect("answers").claims;
    assert!(
        claims.iter().chain(&second).any(|claim| claim.delivery.webhook == webhook(3)),
        "a queue that holds much does not keep the next one away"
    );
}

/// The last record of a queue says what its pace is, from then on.
pub async fn a_later_park_changes_the_pace(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&parked(1, 0..50, fixture.now(), 1.0, 1)).await;
    assert_eq!(let_through(&scheduler.schedule).await, 1);

    scheduler.apply(&parked(1, 50..51, fixture.now(), 100.0, 1)).await;
    fixture.advance(Duration::from_millis(10));
    assert_eq!(let_through(&scheduler.schedule).await, 1);
    fixture.advance(Duration::from_millis(10));
    assert_eq!(let_through(&scheduler.schedule).await, 1);

    scheduler.apply(&parked(1, 51..52, fixture.now(), 0.5, 1)).await;
    fixture.advance(Duration::from_millis(1999));
    assert_eq!(let_through(&scheduler.schedule).await, 0);
    fixture.advance(MILLISECOND);
    assert_eq!(let_through(&scheduler.schedule).await, 1);
}

/// Whoever claims learns when a gate opens.
pub async fn next_tells_when_a_gate_opens(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let start = fixture.now();
    scheduler.apply(&parked(1, 0..2, start, 2.0, 1)).await;
    scheduler.apply(&[put(of(2, 9), start.plus(SECOND))]).await;
    let claimed = scheduler.schedule.claim(LEASE, 10).await.expect("answers");
    assert_eq!(claimed.claims.len(), 1);
    let next = scheduler.schedule.claim(LEASE, 10).await.expect("answers").next;
    assert_eq!(next, Some(start.plus(Duration::from_millis(500))));

    scheduler.schedule.finish(&claimed.claims).await.expect("answers");
    fixture.advance(Duration::from_millis(500));
    assert_eq!(let_through(&scheduler.schedule).await, 1);
    let next = scheduler.schedule.claim(LEASE, 10).await.expect("answers").next;
    assert_eq!(next, Some(start.plus(SECOND)), "the queue is empty, the other entry waits");
}

/// A claim of a queue's entry keeps others away for its lease, and no longer.
pub async fn a_claimed_entry_of_a_queue_is_hidden_until_its_lease_ends(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&parked(1, 0..1, fixture.now(), 100.0, 10)).await;
    let lost = claim_all(&scheduler.schedule).await;
    assert_eq!(lost.len(), 1);

    let other = fixture.open().await;
    fixture.advance(LEASE - MILLISECOND);
    assert_eq!(claim_all(&other).await, []);
    fixture.advance(MILLISECOND);
    let held = claim_all(&other).await;
    assert_eq!(held.iter().map(|claim| (claim.delivery, claim.attempt)).collect::<Vec<_>>(), [(of(1, 0), 1)]);

    scheduler.schedule.finish(&lost).await.expect("answers");
    assert_eq!(other.waiting().await.expect("answers"), 1, "it is another's by now");
    other.finish(&held).await.expect("answers");
    assert_eq!(other.waiting().await.expect("answers"), 0);
}

/// Finishing is the end of a queue's entry too, and leaves what was put since.
pub async fn a_finished_entry_of_a_queue_is_gone(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&parked(1, 0..3, fixture.now(), 100.0, 10)).await;
    assert_eq!(scheduler.schedule.earliest().await.expect("answers").due, Some(fixture.now()));
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 3);
    let claims = claim_all(&scheduler.schedule).await;
    let until = fixture.now().plus(LEASE);
    scheduler.apply(&[put(of(1, 1), until), park(of(1, 2), until, 100.0, 10)]).await;

    scheduler.schedule.finish(&claims).await.expect("answers");
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 2);
    assert_eq!(scheduler.schedule.earliest().await.expect("answers").due, Some(until));
    fixture.advance(LEASE);
    let left: HashSet<_> = claim_deliveries(&scheduler.schedule).await.into_iter().collect();
    assert_eq!(left, HashSet::from([of(1, 1), of(1, 2)]));
}

/// A delivery waits in one place: for its time now.
pub async fn a_put_takes_a_delivery_out_of_its_queue(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let due = fixture.now().plus(SECOND);
    scheduler.apply(&parked(1, 0..1, fixture.now(), 1.0, 1)).await;
    scheduler.apply(&[put(of(1, 0), due)]).await;
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 1);
    let claimed = scheduler.schedule.claim(LEASE, 10).await.expect("answers");
    assert_eq!((claimed.claims, claimed.next), (vec![], Some(due)));

    fixture.advance(SECOND);
    let claims = claim_all(&scheduler.schedule).await;
    assert_eq!(claims.iter().map(|claim| (claim.delivery, claim.parked)).collect::<Vec<_>>(), [(of(1, 0), false)]);
}

/// A delivery waits in one place: in its queue now.
pub async fn a_park_takes_a_delivery_from_those_that_wait_for_a_time(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&[put(of(1, 0), fixture.now()), put(of(1, 1), fixture.now().plus(SECOND))]).await;
    let claims = claim_all(&scheduler.schedule).await;
    assert_eq!(claims.len(), 1);
    scheduler.apply(&parked(1, 0..2, fixture.now().plus(SECOND), 100.0, 10)).await;
    scheduler.schedule.finish(&claims).await.expect("answers");
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 2);

    fixture.advance(SECOND);
    let claims = claim_all(&scheduler.schedule).await;
    assert_eq!(claims.len(), 2);
    assert!(claims.iter().all(|claim| claim.parked));
}

/// What is settled no longer waits in a queue.
pub async fn a_remove_takes_a_delivery_out_of_its_queue(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let now = fixture.now();
    scheduler.apply(&[park(of(1, 0), now.minus(SECOND), 1.0, 1), park(of(1, 1), now, 1.0, 1)]).await;
    scheduler.apply(&[Change::Remove { delivery: of(1, 0) }]).await;
    assert_eq!(claim_deliveries(&scheduler.schedule).await, [of(1, 1)]);

    scheduler.apply(&[Change::Remove { delivery: of(1, 1) }]).await;
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 0);
    assert_eq!(scheduler.schedule.earliest().await.expect("answers").due, None);
    assert_eq!(scheduler.schedule.claim(LEASE, 10).await.expect("answers").next, None);
}

/// When a limit is lifted, nothing waits for it any longer; other queues are left alone.
pub async fn an_opened_gate_lets_everything_through(fixture: &dyn Fixture) {
    const PARKED: u64 = 1500;
    let mut scheduler = Scheduler::begin(fixture).await;
    let later = fixture.now().plus(1000 * SECOND);
    scheduler.apply(&parked(1, 0..PARKED - 1, fixture.now(), 1.0, 1)).await;
    scheduler.apply(&parked(1, PARKED - 1..PARKED, later, 1.0, 1)).await;
    scheduler.apply(&parked(2, 0..2, fixture.now(), 1.0, 1)).await;

    scheduler.schedule.open_gate(webhook(1)).await.expect("answers");
    scheduler.schedule.open_gate(webhook(3)).await.expect("a queue that is empty opens too");
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), PARKED + 2);
    let taken: HashSet<_> = claim_deliveries(&scheduler.schedule).await.into_iter().collect();
    let expected: HashSet<_> = (0..PARKED).map(|number| of(1, number)).collect();
    assert_eq!(taken.intersection(&expected).count() as u64, PARKED);
    assert_eq!(taken.len() as u64, PARKED + 1, "and one of the other queue");
}

/// What had gone already when its gate was opened does not go again.
pub async fn a_claim_made_before_a_gate_was_opened_can_be_finished(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&parked(1, 0..2, fixture.now(), 1.0, 1)).await;
    let claims = claim_all(&scheduler.schedule).await;
    assert_eq!(claims.len(), 1);

    scheduler.schedule.open_gate(webhook(1)).await.expect("answers");
    let others = claim_all(&scheduler.schedule).await;
    assert_eq!(others.len(), 1);
    assert_ne!(others.first().map(|claim| claim.delivery), claims.first().map(|claim| claim.delivery));
    scheduler.schedule.finish(&claims).await.expect("answers");
    scheduler.schedule.finish(&others).await.expect("answers");
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 0);
}

/// Large batches are parked whole, and let through in order.
pub async fn a_thousand_parked_deliveries_are_one_batch(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let start = fixture.now().minus(10 * SECOND);
    let due = |number: u64| start.plus(Duration::from_millis(number));
    scheduler.apply(&(0..1000).map(|number| park(of(1, number), due(number), 500.0, 500)).collect::<Vec<_>>()).await;
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 1000);

    assert_eq!(claim_deliveries(&scheduler.schedule).await, (0..500).map(|number| of(1, number)).collect::<Vec<_>>());
    fixture.advance(SECOND);
    assert_eq!(
        claim_deliveries(&scheduler.schedule).await,
        (500..1000).map(|number| of(1, number)).collect::<Vec<_>>()
    );
}
