//! Schedules that read the journal anew, and what counts for them alone.

use std::time::Duration;

use fanfare_domain::delivery::Position;
use fanfare_domain::journal::{PaceKind, QueuePace, Restated};
use fanfare_domain::time::Timestamp;
use fanfare_ports::schedule::{Applied, Change};

use super::Fixture;
use super::scene::{
    HOLDER, Scheduler, claim_all, claim_deliveries, delivery, delivery_to, following, park, put, webhook,
};

const SECOND: Duration = Duration::from_secs(1);

fn restated(number: u64, due: Timestamp, sequence: u64) -> Change {
    Change::Restate { entry: Restated { delivery: delivery(number), attempt: 3, due, queue: None }, sequence }
}

/// A schedule that has seen everything has seen what became of it, too.
pub async fn what_is_restated_changes_nothing_in_a_schedule_that_goes_on(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let now = fixture.now();
    scheduler.apply(&[put(delivery(1), now), put(delivery(2), now.plus(SECOND))]).await;
    let queue = Some(QueuePace { per_second: 1.0, burst: 1, kind: PaceKind::Limit });
    let parked = Restated { delivery: delivery_to(webhook(1), 4), attempt: 1, due: now, queue };
    scheduler
        .apply(&[
            restated(1, now.plus(SECOND), 2),
            restated(2, now, 2),
            restated(3, now, 2),
            Change::Restate { entry: parked, sequence: 2 },
        ])
        .await;

    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 2);
    let claims = claim_all(&scheduler.schedule).await;
    assert_eq!(claims.iter().map(|claim| (claim.delivery, claim.attempt)).collect::<Vec<_>>(), [(delivery(1), 2)]);
}

/// What is restated no further than was said when the schedule began anew is news; what comes later is not.
pub async fn what_is_restated_counts_for_a_schedule_that_begins_anew(fixture: &dyn Fixture) {
    let scheduler = Scheduler::begin(fixture).await.schedule;
    let now = fixture.now();
    assert_eq!(scheduler.begin_anew(HOLDER, None, 9).await.expect("answers"), Applied::Done);
    let beginning = Some(Position::default());
    assert_eq!(scheduler.position().await.expect("answers"), beginning);

    let queue = Some(QueuePace { per_second: 2.0, burst: 1, kind: PaceKind::Limit });
    let parked =
        |number| Restated { delivery: delivery_to(webhook(1), number), attempt: 1, due: now.minus(SECOND), queue };
    let changes = [
        put(delivery(2), now.plus(SECOND)),
        restated(1, now, 8),
        restated(2, now, 9),
        restated(3, now, 10),
        Change::Restate { entry: parked(4), sequence: 9 },
        Change::Restate { entry: parked(5), sequence: 9 },
        Change::Restate { entry: parked(6), sequence: 10 },
    ];
    let to = Position { sequence: 10, index: 0 };
    assert_eq!(scheduler.apply(HOLDER, beginning, to, &changes).await.expect("answers"), Applied::Done);

    assert_eq!(scheduler.waiting().await.expect("answers"), 4);
    let mut claims: Vec<_> = claim_all(&scheduler).await.iter().map(|claim| (claim.delivery, claim.attempt)).collect();
    claims.sort_by_key(|(delivery, _)| delivery.event);
    assert_eq!(claims, [(delivery(1), 3), (delivery(2), 3), (delivery_to(webhook(1), 4), 1)]);
    fixture.advance(SECOND / 2);
    assert_eq!(claim_deliveries(&scheduler).await, [delivery_to(webhook(1), 5)], "it waits for the queue's pace");
}

/// What waited when a schedule began anew still waits.
pub async fn beginning_anew_takes_nothing_away(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let now = fixture.now();
    scheduler.apply(&[put(delivery(1), now), park(delivery_to(webhook(1), 2), now, 1.0, 1)]).await;
    let at = scheduler.schedule.position().await.expect("answers");
    assert_eq!(scheduler.schedule.begin_anew(HOLDER, at, 5).await.expect("answers"), Applied::Done);
    assert_eq!(claim_all(&scheduler.schedule).await.len(), 2);
}

/// Whoever goes on after a restart finds how far the schedule is being read anew.
pub async fn a_schedule_that_began_anew_goes_on_so_after_a_restart(fixture: &dyn Fixture) {
    let scheduler = Scheduler::begin(fixture).await.schedule;
    assert_eq!(scheduler.begin_anew(HOLDER, None, 9).await.expect("answers"), Applied::Done);
    let at = Position { sequence: 3, index: 1 };
    let beginning = Some(Position::default());
    assert_eq!(scheduler.apply(HOLDER, beginning, at, &[]).await.expect("answers"), Applied::Done);
    drop(scheduler);
    fixture.restart().await;

    let other = fixture.open().await;
    fixture.advance(48 * 3600 * SECOND);
    assert!(other.lead("scheduler-2", SECOND).await.expect("answers").is_held());
    let changes = [restated(1, fixture.now(), 9), restated(2, fixture.now(), 10)];
    let to = Position { sequence: 10, index: 0 };
    assert_eq!(other.apply("scheduler-2", Some(at), to, &changes).await.expect("answers"), Applied::Done);
    assert_eq!(claim_deliveries(&other).await, [delivery(1)]);
}

/// Only who may apply has a schedule begin anew, and only from where it is.
pub async fn beginning_anew_out_of_turn_changes_nothing(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&[]).await;
    let at = Some(following(None));
    let schedule = scheduler.schedule.clone();
    assert_eq!(schedule.begin_anew("another", at, 9).await.expect("answers"), Applied::NotLeader);
    assert_eq!(schedule.begin_anew(HOLDER, None, 9).await.expect("answers"), Applied::Elsewhere { at });
    assert_eq!(schedule.position().await.expect("answers"), at);

    scheduler.apply(&[restated(1, fixture.now(), 2)]).await;
    assert_eq!(schedule.waiting().await.expect("answers"), 0, "nothing is read anew");
}
