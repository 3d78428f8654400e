//! Batches of changes: each is applied once, whole and in turn, by whoever has the right to.

use std::time::Duration;

use fanfare_domain::delivery::Position;
use fanfare_domain::ids::TenantNumber;
use fanfare_ports::schedule::{Applied, Change, Lead};

use super::Fixture;
use super::scene::{
    HOLDER, LEASE, Scheduler, claim_all, claim_deliveries, delivery, delivery_of, following, park, put, webhook,
};

const SECOND: Duration = Duration::from_secs(1);

/// The position is part of what a batch changes, and who leads or claims is told it too.
pub async fn a_batch_moves_the_position(fixture: &dyn Fixture) {
    let scheduler = Scheduler::begin(fixture).await.schedule;
    let positions = [(3, 0), (3, 255), (70_000_000_000, 65_535)].map(|(sequence, index)| Position { sequence, index });
    let mut at = None;
    for to in positions {
        let applied = scheduler.apply(HOLDER, at, to, &[put(delivery(1), fixture.now())]).await.expect("answers");
        assert_eq!(applied, Applied::Done);
        at = Some(to);
        let other = fixture.open().await;
        assert_eq!(other.position().await.expect("answers"), at);
        assert_eq!(scheduler.lead(HOLDER, SECOND).await.expect("answers"), Lead::Held { at });
        assert_eq!(other.claim(LEASE, 1).await.expect("answers").position, at);
    }
}

/// A batch whose answer was lost may be sent again.
pub async fn a_batch_that_is_applied_again_changes_nothing(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&[put(delivery(1), fixture.now())]).await;
    let at = scheduler.schedule.position().await.expect("answers");
    let claims = claim_all(&scheduler.schedule).await;
    scheduler.schedule.finish(&claims).await.expect("answers");

    let again = scheduler.schedule.apply(HOLDER, None, following(None), &[put(delivery(1), fixture.now())]).await;
    assert_eq!(again.expect("answers"), Applied::Elsewhere { at });
    assert_eq!(claim_all(&scheduler.schedule).await, []);
}

/// A batch that begins elsewhere is told where to begin.
pub async fn a_batch_out_of_turn_changes_nothing(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let skipped = Position { sequence: 5, index: 1 };
    let to = following(Some(skipped));
    let changes = [put(delivery(2), fixture.now())];
    let schedule = scheduler.schedule.clone();
    let ahead = async || schedule.apply(HOLDER, Some(skipped), to, &changes).await.expect("answers");

    assert_eq!(ahead().await, Applied::Elsewhere { at: None });
    assert_eq!(scheduler.schedule.position().await.expect("answers"), None);

    scheduler.apply(&[put(delivery(1), fixture.now())]).await;
    let at = Some(following(None));
    assert_eq!(ahead().await, Applied::Elsewhere { at });
    assert_eq!(scheduler.schedule.position().await.expect("answers"), at);
    assert_eq!(claim_deliveries(&scheduler.schedule).await, [delivery(1)]);
}

/// The last word on a delivery counts, also within a batch.
pub async fn changes_of_a_batch_apply_in_order(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let now = fixture.now();
    scheduler
        .apply(&[
            put(delivery(1), now),
            Change::Remove { delivery: delivery(1) },
            put(delivery(2), now),
            Change::Remove { delivery: delivery(2) },
            put(delivery(2), now),
            park(delivery(3), now, 1.0, 1),
            put(delivery(3), now.plus(SECOND)),
            put(delivery(4), now),
            put(delivery(4), now.plus(SECOND)),
        ])
        .await;

    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 3);
    assert_eq!(claim_deliveries(&scheduler.schedule).await, [delivery(2)]);
}

/// A delivery waits once, earlier or later than before.
pub async fn a_later_put_replaces_the_earlier_one(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let now = fixture.now();
    scheduler.apply(&[put(delivery(1), now), put(delivery(2), now.plus(5 * SECOND))]).await;
    scheduler.apply(&[put(delivery(1), now.plus(5 * SECOND)), put(delivery(2), now)]).await;

    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 2);
    assert_eq!(claim_deliveries(&scheduler.schedule).await, [delivery(2)]);
    fixture.advance(5 * SECOND);
    assert_eq!(claim_deliveries(&scheduler.schedule).await, [delivery(1)]);
}

/// What is settled no longer waits, claimed or not; what never waited is removed without complaint.
pub async fn what_is_removed_no_longer_waits(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&[put(delivery(1), fixture.now()), put(delivery(2), fixture.now().plus(SECOND))]).await;
    let claims = claim_all(&scheduler.schedule).await;
    scheduler.apply(&[1, 2, 3].map(|number| Change::Remove { delivery: delivery(number) })).await;

    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 0);
    scheduler.schedule.finish(&claims).await.expect("answers");
    fixture.advance(2 * LEASE);
    assert_eq!(claim_all(&scheduler.schedule).await, []);
}

/// Records that change nothing are passed over this way.
pub async fn a_batch_without_changes_moves_the_position(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&[]).await;
    assert_eq!(scheduler.schedule.position().await.expect("answers"), Some(following(None)));
}

/// Large batches are applied whole.
pub async fn a_thousand_changes_are_one_batch(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let due = |number: u64| fixture.now().plus(Duration::from_millis(number));
    scheduler.apply(&(0..1000).map(|number| put(delivery(number), due(number))).collect::<Vec<_>>()).await;
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 1000);

    fixture.advance(SECOND);
    let claims = claim_all(&scheduler.schedule).await;
    let taken: Vec<_> = claims.iter().map(|claim| claim.delivery).collect();
    assert_eq!(taken, (0..1000).map(delivery).collect::<Vec<_>>());
    scheduler.schedule.finish(&claims).await.expect("answers");
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 0);
}

/// The right to apply is one process's, and passes on when it is not renewed.
pub async fn one_process_at_a_time_applies(fixture: &dyn Fixture) {
    const TTL: Duration = Duration::from_secs(5);
    let (first, second) = (fixture.open().await, fixture.open().await);
    assert_eq!(first.lead("first", TTL).await.expect("answers"), Lead::Held { at: None });
    assert_eq!(second.lead("second", TTL).await.expect("answers"), Lead::Refused);
    let changes = [put(delivery(1), fixture.now())];
    let (start, one, two) = (None, following(None), following(Some(following(None))));
    assert_eq!(second.apply("second", start, one, &changes).await.expect("answers"), Applied::NotLeader);
    assert_eq!(first.apply("first", start, one, &changes).await.expect("answers"), Applied::Done);

    fixture.advance(TTL - Duration::from_millis(1));
    assert!(first.lead("first", TTL).await.expect("answers").is_held(), "renewed");
    fixture.advance(TTL - Duration::from_millis(1));
    assert!(!second.lead("second", TTL).await.expect("answers").is_held());

    fixture.advance(Duration::from_millis(1));
    assert!(second.lead("second", TTL).await.expect("answers").is_held(), "not renewed");
    assert!(!first.lead("first", TTL).await.expect("answers").is_held());
    assert_eq!(first.apply("first", Some(one), two, &[]).await.expect("answers"), Applied::NotLeader);
    assert_eq!(second.apply("second", Some(one), two, &[]).await.expect("answers"), Applied::Done);

    assert!(second.lead("second", Duration::from_millis(1)).await.expect("answers").is_held(), "given up");
    fixture.advance(Duration::from_millis(1));
    assert!(first.lead("first", TTL).await.expect("answers").is_held());
}

/// A deleted tenant's entries are gone, wherever they waited; nobody else's are.
pub async fn erasing_a_tenant_leaves_the_others_alone(fixture: &dyn Fixture) {
    const ENTRIES: u64 = 700;
    let mut scheduler = Scheduler::begin(fixture).await;
    let now = fixture.now();
    // Numbers that begin alike where they are written.
    for (tenant, own) in [(1, webhook(1)), (256, webhook(2))] {
        let waiting = (0..ENTRIES).map(|number| put(delivery_of(tenant, own, number), now));
        scheduler.apply(&waiting.collect::<Vec<_>>()).await;
        let queued = (ENTRIES..2 * ENTRIES).map(|number| park(delivery_of(tenant, own, number), now, 1e6, 1_000_000));
        scheduler.apply(&queued.collect::<Vec<_>>()).await;
    }
    let at = scheduler.schedule.position().await.expect("answers");

    scheduler.schedule.erase(TenantNumber::new(1)).await.expect("answers");
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 2 * ENTRIES);
    assert_eq!(scheduler.schedule.position().await.expect("answers"), at);
    let mut left: Vec<_> = claim_all(&scheduler.schedule).await.into_iter().map(|claim| claim.delivery).collect();
    left.sort_by_key(|delivery| delivery.event);
    assert_eq!(left, (0..2 * ENTRIES).map(|number| delivery_of(256, webhook(2), number)).collect::<Vec<_>>());

    scheduler.schedule.erase(TenantNumber::new(256)).await.expect("answers");
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 0);
}
