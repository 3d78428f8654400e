//! Entries that wait for a time, and who gets them.

use std::collections::HashSet;
use std::time::Duration;

use fanfare_ports::schedule::{Change, Claim, LARGEST_ATTEMPT};
use futures::future::join_all;

use super::Fixture;
use super::scene::{LEASE, Scheduler, claim_all, claim_deliveries, delivery, put, replayed};

const SECOND: Duration = Duration::from_secs(1);

/// An entry is handed out from its time on.
pub async fn an_entry_is_claimed_when_it_is_due_and_not_before(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let due = fixture.now().plus(SECOND);
    scheduler.apply(&[put(delivery(1), due)]).await;
    assert_eq!(claim_all(&scheduler.schedule).await, []);

    fixture.advance(Duration::from_millis(999));
    assert_eq!(claim_all(&scheduler.schedule).await, []);

    fixture.advance(Duration::from_millis(1));
    let until = fixture.now().plus(LEASE);
    let claim = Claim { delivery: delivery(1), attempt: 2, due, parked: false, until };
    assert_eq!(claim_all(&scheduler.schedule).await, [claim]);
}

/// What comes next is told with the time that it is told at, by which others can tell how long that is.
pub async fn a_claim_tells_when_it_was_made(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let due = fixture.now().plus(SECOND);
    scheduler.apply(&[put(delivery(1), due)]).await;
    for now in [fixture.now(), due] {
        let claimed = scheduler.schedule.claim(LEASE, 1).await.expect("answers");
        assert_eq!((claimed.now, claimed.claims.len()), (now, usize::from(now == due)));
        fixture.advance(SECOND);
    }
}

/// What should have gone long ago goes now.
pub async fn an_entry_whose_time_is_past_is_claimed_at_once(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let due = fixture.now().minus(Duration::from_secs(3600));
    scheduler.apply(&[put(delivery(1), due)]).await;

    let claims = claim_all(&scheduler.schedule).await;
    assert_eq!(claims.iter().map(|claim| claim.due).collect::<Vec<_>>(), [due]);
}

/// The order is that of the due times, across claims too.
pub async fn those_waiting_longest_come_first(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let start = fixture.now();
    let after = |seconds: u64| start.plus(Duration::from_secs(seconds));
    scheduler.apply(&[3, 1, 4, 2, 5].map(|second| put(delivery(second), after(second)))).await;
    fixture.advance(Duration::from_secs(4));

    let first = scheduler.schedule.claim(LEASE, 3).await.expect("answers");
    assert_eq!(first.claims.iter().map(|claim| claim.delivery).collect::<Vec<_>>(), [1, 2, 3].map(delivery));
    assert!(first.next.is_some_and(|next| next <= fixture.now()), "more is due");
    assert_eq!(claim_deliveries(&scheduler.schedule).await, [delivery(4)]);
}

/// Several processes that claim at once get each entry once.
pub async fn competing_claims_never_share_an_entry(fixture: &dyn Fixture) {
    const ENTRIES: u64 = 1000;
    let mut scheduler = Scheduler::begin(fixture).await;
    let due = fixture.now();
    scheduler.apply(&(0..ENTRIES).map(|number| put(delivery(number), due)).collect::<Vec<_>>()).await;

    let processes = join_all((0..4).map(|_| fixture.open())).await;
    let taken = join_all(processes.iter().map(|process| async move {
        let mut taken = Vec::new();
        loop {
            let claims = process.claim(LEASE, 30).await.expect("answers").claims;
            assert!(claims.len() <= 30);
            if claims.is_empty() {
                return taken;
            }
            process.finish(&claims).await.expect("answers");
            taken.extend(claims.into_iter().map(|claim| claim.delivery));
        }
    }))
    .await
    .concat();

    assert_eq!(taken.len() as u64, ENTRIES);
    assert_eq!(taken.into_iter().collect::<HashSet<_>>().len() as u64, ENTRIES);
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 0);
}

/// A claim keeps others away for its lease, and no longer.
pub async fn a_claim_hides_its_entry_until_its_lease_ends(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&[put(delivery(1), fixture.now())]).await;
    assert_eq!(claim_all(&scheduler.schedule).await.len(), 1);

    let other = fixture.open().await;
    fixture.advance(LEASE - Duration::from_millis(1));
    assert_eq!(claim_all(&other).await, []);

    fixture.advance(Duration::from_millis(1));
    let again = claim_all(&other).await;
    assert_eq!(again.iter().map(|claim| (claim.delivery, claim.attempt)).collect::<Vec<_>>(), [(delivery(1), 2)]);
}

/// Finishing is the end of an entry.
pub async fn a_finished_entry_is_gone(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&[put(delivery(1), fixture.now()), put(delivery(2), fixture.now())]).await;
    let claims = claim_all(&scheduler.schedule).await;
    scheduler.schedule.finish(&claims).await.expect("answers");

    fixture.advance(LEASE * 2);
    assert_eq!(claim_all(&scheduler.schedule).await, []);
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 0);
}

/// Finishing may be repeated, and may be about nothing.
pub async fn finishing_again_is_harmless(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&[put(delivery(1), fixture.now())]).await;
    let claims = claim_all(&scheduler.schedule).await;
    scheduler.apply(&[put(delivery(2), fixture.now())]).await;

    for _ in 0..2 {
        scheduler.schedule.finish(&claims).await.expect("answers");
    }
    scheduler.schedule.finish(&[]).await.expect("answers");
    assert_eq!(claim_deliveries(&scheduler.schedule).await, [delivery(2)]);
}

/// What was put after a claim stays, whenever it is due: even at the very moment at which the claim ends.
pub async fn a_late_finish_leaves_a_newer_put_alone(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&[put(delivery(1), fixture.now()), put(delivery(2), fixture.now())]).await;
    let claims = claim_all(&scheduler.schedule).await;
    let until = fixture.now().plus(LEASE);
    scheduler.apply(&[put(delivery(1), until), put(delivery(2), until.plus(SECOND))]).await;

    scheduler.schedule.finish(&claims).await.expect("answers");
    fixture.advance(LEASE);
    assert_eq!(claim_deliveries(&scheduler.schedule).await, [delivery(1)]);
    fixture.advance(SECOND);
    assert_eq!(claim_deliveries(&scheduler.schedule).await, [delivery(2)]);
}

/// Who lost a claim cannot finish for the one who has it now.
pub async fn a_late_finish_leaves_a_newer_claim_alone(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&[put(delivery(1), fixture.now())]).await;
    let lost = claim_all(&scheduler.schedule).await;
    fixture.advance(LEASE);
    let held = claim_all(&scheduler.schedule).await;
    assert_eq!(held.len(), 1);

    scheduler.schedule.finish(&lost).await.expect("answers");
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 1);
    scheduler.schedule.finish(&held).await.expect("answers");
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 0);
}

/// A claim does not outlast the put that replaces its entry.
pub async fn a_put_makes_a_claimed_entry_wait_anew(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&[put(delivery(1), fixture.now())]).await;
    assert_eq!(claim_all(&scheduler.schedule).await.len(), 1);
    let due = fixture.now().plus(SECOND);
    scheduler.apply(&[Change::Put { delivery: delivery(1), attempt: 3, due }]).await;

    assert_eq!(claim_all(&scheduler.schedule).await, []);
    fixture.advance(SECOND);
    let claims = claim_all(&scheduler.schedule).await;
    assert_eq!(claims.iter().map(|claim| (claim.attempt, claim.due)).collect::<Vec<_>>(), [(3, due)]);
}

/// Whoever claims learns how long to wait.
pub async fn next_tells_when_something_falls_due(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let (soon, later) = (fixture.now().plus(SECOND), fixture.now().plus(3 * SECOND));
    scheduler.apply(&[put(delivery(1), later), put(delivery(2), soon)]).await;
    let next = async || scheduler.schedule.claim(LEASE, 10).await.expect("answers").next;
    assert_eq!(next().await, Some(soon));

    fixture.advance(SECOND);
    assert_eq!(next().await, Some(later));

    fixture.advance(2 * SECOND);
    assert_eq!(next().await, Some(soon.plus(LEASE)), "the first claim ends then");
}

/// A claimed entry may come back, so it counts.
pub async fn earliest_and_waiting_count_what_is_claimed_too(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let due = fixture.now().minus(SECOND);
    let later = fixture.now().plus(2 * LEASE);
    scheduler.apply(&[put(delivery(1), due), put(delivery(2), later)]).await;
    assert_eq!(scheduler.schedule.earliest().await.expect("answers").due, Some(due));
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 2);

    let claims = claim_all(&scheduler.schedule).await;
    assert_eq!(scheduler.schedule.earliest().await.expect("answers").due, Some(fixture.now().plus(LEASE)));
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 2);

    scheduler.schedule.finish(&claims).await.expect("answers");
    assert_eq!(scheduler.schedule.earliest().await.expect("answers").due, Some(later));
    assert_eq!(scheduler.schedule.waiting().await.expect("answers"), 1);
}

/// All that an entry carries is kept, also through a claim that ended.
pub async fn attempt_numbers_and_replays_come_back_as_they_were_put(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let start = fixture.now();
    let numbers = [(1, 1), (2, 2), (3, 511), (4, LARGEST_ATTEMPT)];
    let due = |number: u64| start.plus(Duration::from_millis(number));
    let changes =
        numbers.map(|(number, attempt)| Change::Put { delivery: replayed(number), attempt, due: due(number) });
    scheduler.apply(&changes).await;
    scheduler.apply(&[put(delivery(1), due(5))]).await;
    fixture.advance(Duration::from_millis(5));

    let mut expected: Vec<_> = numbers.map(|(number, attempt)| (replayed(number), attempt)).into();
    expected.push((delivery(1), 2));
    for _ in 0..2 {
        let mut claims: Vec<_> =
            claim_all(&scheduler.schedule).await.into_iter().map(|claim| (claim.delivery, claim.attempt)).collect();
        // Once their claims have ended together, they are due together.
        claims.sort_by_key(|(delivery, attempt)| (*delivery == self::delivery(1), *attempt));
        assert_eq!(claims, expected);
        fixture.advance(LEASE);
    }
}

/// A new schedule is empty and says so.
pub async fn nothing_waits_in_a_new_schedule(fixture: &dyn Fixture) {
    let schedule = fixture.open().await;
    assert_eq!(schedule.position().await.expect("answers"), None);
    assert_eq!(schedule.earliest().await.expect("answers").due, None);
    assert_eq!(schedule.waiting().await.expect("answers"), 0);
    let claimed = schedule.claim(LEASE, 10).await.expect("answers");
    assert_eq!((claimed.claims, claimed.next), (vec![], None));
}
