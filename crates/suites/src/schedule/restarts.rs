//! Backends that stop, go away and forget.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fanfare_ports::schedule::{Applied, Claimed, MEASURED_GROWTH, Schedule, ScheduleError};

use super::scene::{
    HOLDER, LEASE, Scheduler, claim_all, delivery, delivery_to, following, park, park_measured, put, webhook,
};
use super::{Fixture, ServerFixture};

const SECOND: Duration = Duration::from_secs(1);
/// An adapter finds its server again within this time.
const RECONNECT_LIMIT: Duration = Duration::from_secs(20);

/// Entries, claims, paces and the position outlast a restart.
pub async fn everything_is_there_after_a_restart(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let now = fixture.now();
    let queued = |number: u64| delivery_to(webhook(1), number);
    scheduler
        .apply(&[put(delivery(1), now), park(queued(2), now.minus(SECOND), 1.0, 1), park(queued(3), now, 1.0, 1)])
        .await;
    assert_eq!(claim_all(&scheduler.schedule).await.len(), 2);
    scheduler.apply(&[put(delivery(4), now.plus(SECOND))]).await;
    let at = scheduler.schedule.position().await.expect("answers");
    drop(scheduler);
    fixture.restart().await;

    let schedule = fixture.open().await;
    assert_eq!(schedule.position().await.expect("answers"), at);
    assert_eq!(schedule.waiting().await.expect("answers"), 4);
    assert_eq!(claim_all(&schedule).await, []);
    fixture.advance(SECOND);
    let claims = claim_all(&schedule).await;
    let mut seen: Vec<_> = claims.iter().map(|claim| (claim.delivery, claim.attempt, claim.parked)).collect();
    seen.sort_by_key(|(_, _, parked)| *parked);
    assert_eq!(seen, [(delivery(4), 2, false), (queued(3), 1, true)]);
    schedule.finish(&claims).await.expect("answers");

    fixture.advance(LEASE);
    assert_eq!(claim_all(&schedule).await.len(), 2, "the claims made before the restart have ended");
}

/// A pace that was measured before a restart has grown by the time that has passed since.
pub async fn a_pace_goes_on_growing_after_a_restart(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let now = fixture.now();
    let queued = |number: u64| delivery_to(webhook(1), number);
    scheduler.apply(&(0..100).map(|number| park_measured(queued(number), now, 1.0, 1)).collect::<Vec<_>>()).await;
    assert_eq!(claim_all(&scheduler.schedule).await.len(), 1);
    drop(scheduler);
    fixture.restart().await;

    let schedule = fixture.open().await;
    assert_eq!(claim_all(&schedule).await, []);
    fixture.advance(15 * SECOND);
    let grown = MEASURED_GROWTH.powi(15) as usize;
    let went = claim_all(&schedule).await.len();
    assert!((grown..=grown + 2).contains(&went), "{went} of about {grown}");
}

/// While a server is away everything says so, and afterwards goes on by itself.
pub async fn a_server_that_was_away_comes_back_with_everything(fixture: &dyn ServerFixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&[put(delivery(1), fixture.now())]).await;
    fixture.take_away().await;

    let schedule = scheduler.schedule.clone();
    assert!(matches!(schedule.position().await, Err(ScheduleError::Unavailable(_))));
    assert!(matches!(schedule.claim(LEASE, 10).await, Err(ScheduleError::Unavailable(_))));
    assert!(matches!(schedule.lead(HOLDER, SECOND).await, Err(ScheduleError::Unavailable(_))));
    let to = following(Some(following(None)));
    let applied = schedule.apply(HOLDER, Some(following(None)), to, &[]).await;
    assert!(matches!(applied, Err(ScheduleError::Unavailable(_))));

    fixture.bring_back().await;
    wait_until_it_answers(&schedule).await;
    scheduler.apply(&[put(delivery(2), fixture.now())]).await;
    assert_eq!(claim_all(&schedule).await.len(), 2);
}

/// A schedule that has forgotten everything is at the journal's beginning, and can be filled from there.
pub async fn an_emptied_server_begins_anew(fixture: &dyn ServerFixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    scheduler.apply(&[put(delivery(1), fixture.now()), park(delivery(2), fixture.now(), 1.0, 1)]).await;
    let schedule = scheduler.schedule.clone();
    let claims = claim_all(&schedule).await;
    fixture.empty().await;

    assert_eq!(schedule.position().await.expect("answers"), None);
    let nothing = Claimed { now: fixture.now(), ..Claimed::default() };
    assert_eq!(schedule.claim(LEASE, 10).await.expect("answers"), nothing);
    assert_eq!(schedule.waiting().await.expect("answers"), 0);
    schedule.finish(&claims).await.expect("answers");
    let to = following(Some(following(None)));
    let refused = schedule.apply(HOLDER, Some(following(None)), to, &[put(delivery(3), fixture.now())]).await;
    assert!(matches!(refused, Ok(Applied::NotLeader | Applied::Elsewhere { at: None })), "{refused:?}");

    let mut anew = Scheduler::begin(fixture).await;
    anew.apply(&[put(delivery(1), fixture.now())]).await;
    assert_eq!(claim_all(&schedule).await.len(), 1);
}

async fn wait_until_it_answers(schedule: &Arc<dyn Schedule>) {
    let started = Instant::now();
    while let Err(error) = schedule.position().await {
        assert!(started.elapsed() < RECONNECT_LIMIT, "{error:?}");
        // A refused connection fails at once, so there is nothing to await.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
