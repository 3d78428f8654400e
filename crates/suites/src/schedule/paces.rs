//! What a queue's pace is: a limit that holds, or what was measured and grows.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::delivery::DeliveryRef;
use fanfare_domain::time::Timestamp;
use fanfare_ports::schedule::{Change, MEASURED_GROWTH, MEASURED_LIMIT, Schedule};

use super::Fixture;
use super::scene::{LEASE, Scheduler, claim_all, delivery_to, park, park_measured, webhook};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn of(number: u64) -> DeliveryRef {
    delivery_to(webhook(1), number)
}

/// Parks so many deliveries, each due a millisecond after the one before, at a measured pace.
fn measured(numbers: std::ops::Range<u64>, now: Timestamp, per_second: f64) -> Vec<Change> {
    let due = |number| now.minus(10 * SECOND).plus(Duration::from_millis(number));
    numbers.map(|number| park_measured(of(number), due(number), per_second, per_second.ceil() as u32)).collect()
}

/// Those that can be claimed now, in order; they are finished too.
async fn let_through(schedule: &Arc<dyn Schedule>) -> Vec<DeliveryRef> {
    let claims = claim_all(schedule).await;
    schedule.finish(&claims).await.expect("answers");
    claims.into_iter().map(|claim| claim.delivery).collect()
}

/// How many go in so long a time in which whoever claims comes every 100 ms.
async fn in_the_next(fixture: &dyn Fixture, schedule: &Arc<dyn Schedule>, time: Duration) -> usize {
    let mut all = 0;
    for _ in 0..time.as_millis() / 100 {
        fixture.advance(Duration::from_millis(100));
        all += let_through(schedule).await.len();
    }
    all
}

/// How many a pace that begins like this lets through in so many seconds.
fn expected(per_second: f64, seconds: i32) -> f64 {
    per_second / MEASURED_GROWTH.ln() * (MEASURED_GROWTH.powi(seconds) - 1.0)
}

/// Nearly what is expected: a queue that saves up one or two at most loses a part of one between two claims.
fn assert_about(seen: usize, expected: f64) {
    assert!((seen as f64 - expected).abs() <= 2.0, "{seen} went, {expected} were expected");
}

/// While nothing is parked anew, more and more go.
pub async fn a_measured_pace_grows(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&measured(0..1000, fixture.now(), 1.0)).await;
    let schedule = &scheduler.schedule;
    let mut all = let_through(schedule).await.len();
    assert_eq!(all, 1);
    for seconds in [5, 10, 15, 20] {
        all += in_the_next(fixture, schedule, 5 * SECOND).await;
        assert_about(all, 1.0 + expected(1.0, seconds));
    }
}

/// However long nobody parks or claims, a queue lets through a second of the fastest pace and not more.
pub async fn a_measured_pace_grows_no_further_than_its_limit(fixture: &dyn Fixture) {
    const PARKED: u64 = 12_000;
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&measured(0..PARKED, fixture.now(), 1.0)).await;
    fixture.advance(365 * 24 * 3600 * SECOND);
    let fastest = MEASURED_LIMIT as usize;
    assert_eq!(let_through(&scheduler.schedule).await.len(), fastest);
    fixture.advance(Duration::from_millis(100));
    assert_eq!(let_through(&scheduler.schedule).await.len(), fastest / 10);
}

/// A limit holds, however long ago it was told.
pub async fn a_limit_never_grows(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let now = fixture.now();
    scheduler.apply(&(0..100).map(|number| park(of(number), now, 1.0, 1)).collect::<Vec<_>>()).await;
    assert_eq!(let_through(&scheduler.schedule).await.len(), 1);
    assert_eq!(in_the_next(fixture, &scheduler.schedule, 30 * SECOND).await, 30);
    fixture.advance(3600 * SECOND);
    assert_eq!(let_through(&scheduler.schedule).await.len(), 1);
}

/// What is measured next is where the pace begins again; what had been saved up at the faster pace is not used.
pub async fn a_further_park_resets_growth(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&measured(0..1000, fixture.now(), 1.0)).await;
    assert_eq!(let_through(&scheduler.schedule).await.len(), 1);
    fixture.advance(20 * SECOND);
    assert!(let_through(&scheduler.schedule).await.len() > 50, "it has grown");
    fixture.advance(SECOND);

    scheduler.apply(&measured(1000..1001, fixture.now(), 2.0)).await;
    assert_eq!(let_through(&scheduler.schedule).await.len(), 2);
    assert_about(in_the_next(fixture, &scheduler.schedule, 5 * SECOND).await, expected(2.0, 5));
}

/// A receiver that still hangs gets about what it was measured to take, for as long as that goes on.
pub async fn a_queue_that_is_parked_again_and_again_keeps_to_what_was_measured(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let began = fixture.now();
    scheduler.apply(&measured(0..100, began, 1.0)).await;
    let mut all = 0;
    for _ in 0..600 {
        let went = claim_all(&scheduler.schedule).await;
        scheduler.schedule.finish(&went).await.expect("answers");
        let again: Vec<_> = went.iter().map(|claim| park_measured(claim.delivery, claim.due, 1.0, 1)).collect();
        scheduler.apply(&again).await;
        all += went.len();
        fixture.advance(Duration::from_millis(100));
    }
    assert!((55..=75).contains(&all), "{all} in a minute");
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 100);
}

/// A limit that is told later holds from then on, and when it is no longer told, what is measured counts.
pub async fn the_later_of_a_limit_and_a_measured_pace_counts(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&measured(0..1000, fixture.now(), 1.0)).await;
    fixture.advance(20 * SECOND);
    scheduler.apply(&[park(of(1000), fixture.now(), 2.0, 3)]).await;
    assert_eq!(let_through(&scheduler.schedule).await.len(), 3);
    assert_eq!(in_the_next(fixture, &scheduler.schedule, 30 * SECOND).await, 60);

    scheduler.apply(&measured(1001..1002, fixture.now(), 2.0)).await;
    assert_about(in_the_next(fixture, &scheduler.schedule, 10 * SECOND).await, expected(2.0, 10));
}

/// Whoever claims when told to comes neither in vain nor late.
pub async fn next_tells_when_a_growing_gate_opens(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&measured(0..1000, fixture.now(), 1.0)).await;
    for _ in 0..40 {
        assert!(!let_through(&scheduler.schedule).await.is_empty(), "nothing at the time that was told");
        let next = scheduler.schedule.claim(LEASE, 10).await.expect("answers").next.expect("more waits");
        let wait = next.since(fixture.now());
        assert!(wait > Duration::ZERO, "the time that is told is to come");
        fixture.advance(wait - MILLISECOND);
        assert_eq!(let_through(&scheduler.schedule).await, [], "nothing goes before the time that was told");
        fixture.advance(MILLISECOND);
    }
}

/// The order stays that of the due times, however fast it goes.
pub async fn a_growing_pace_keeps_the_order(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let mut parked = measured(0..200, fixture.now(), 1.0);
    parked.reverse();
    scheduler.apply(&parked).await;
    let mut went = Vec::new();
    while went.len() < 200 {
        went.extend(let_through(&scheduler.schedule).await);
        fixture.advance(Duration::from_millis(500));
    }
    assert_eq!(went, (0..200).map(of).collect::<Vec<_>>());
}

/// When a queue has been empty for a while, the next park begins as the first one did.
pub async fn a_queue_that_was_let_out_forgets_its_growth(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    for _ in 0..3 {
        scheduler.apply(&measured(0..50, fixture.now(), 1.0)).await;
        assert_eq!(let_through(&scheduler.schedule).await.len(), 1);
        fixture.advance(60 * SECOND);
        assert_eq!(let_through(&scheduler.schedule).await.len(), 49);
        assert_eq!(scheduler.schedule.claim(LEASE, 10).await.expect("answers").next, None);
        fixture.advance(SECOND);
    }
}
