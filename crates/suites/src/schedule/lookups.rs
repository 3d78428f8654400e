//! Looking up what deliveries wait for.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::delivery::DeliveryRef;
use fanfare_domain::journal::{PaceKind, QueuePace, Restated};
use fanfare_ports::schedule::{Change, MEASURED_GROWTH, Schedule};

use super::Fixture;
use super::scene::{
    LEASE, Scheduler, claim_all, delivery, delivery_to, following, park, park_measured, put, replayed, webhook,
};

const SECOND: Duration = Duration::from_secs(1);

/// What is found, by delivery.
async fn found(schedule: &Arc<dyn Schedule>, deliveries: &[DeliveryRef]) -> HashMap<DeliveryRef, Restated> {
    let entries = schedule.look_up(deliveries).await.expect("answers").entries;
    let count = entries.len();
    let found: HashMap<_, _> = entries.into_iter().map(|entry| (entry.delivery, entry)).collect();
    assert_eq!(found.len(), count);
    found
}

/// Attempt, time and queue come back as they were put; who does not wait is not found.
pub async fn what_waits_is_found_wherever_it_is(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let due = fixture.now().plus(10 * SECOND);
    let queued = |number: u64| delivery_to(webhook(1), number);
    scheduler
        .apply(&[
            put(delivery(1), due),
            Change::Put { delivery: replayed(2), attempt: 1023, due },
            park(queued(3), due, 2.5, 7),
            put(delivery(4), due),
            park(queued(5), due, 2.5, 7),
        ])
        .await;
    scheduler.apply(&[Change::Remove { delivery: delivery(4) }, Change::Remove { delivery: queued(5) }]).await;
    let queue = Some(QueuePace { per_second: 2.5, burst: 7, kind: PaceKind::Limit });
    let expected = [
        Restated { delivery: delivery(1), attempt: 2, due, queue: None },
        Restated { delivery: replayed(2), attempt: 1023, due, queue: None },
        Restated { delivery: queued(3), attempt: 1, due, queue },
    ];

    let all = [delivery(1), replayed(2), queued(3), delivery(4), queued(5), delivery(6)];
    let expected: HashMap<_, _> = expected.into_iter().map(|entry| (entry.delivery, entry)).collect();
    assert_eq!(found(&scheduler.schedule, &all).await, expected);
    let position = Some(following(Some(following(None))));
    let looked_up = scheduler.schedule.look_up(&[delivery(6)]).await.expect("answers");
    assert_eq!((looked_up.entries, looked_up.position), (vec![], position));
}

/// A pace that grows is told as what it is by then.
pub async fn a_growing_pace_is_told_as_it_is_by_then(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let due = fixture.now().plus(100 * SECOND);
    let queued = delivery_to(webhook(1), 1);
    scheduler.apply(&[park_measured(queued, due, 2.0, 3)]).await;
    fixture.advance(10 * SECOND);

    let entry = found(&scheduler.schedule, &[queued]).await[&queued];
    let queue = entry.queue.expect("it is in its queue");
    assert_eq!((entry.due, queue.burst, queue.kind), (due, 3, PaceKind::Measured));
    let expected = 2.0 * MEASURED_GROWTH.powi(10);
    assert!((queue.per_second - expected).abs() < 1e-6, "{} of {expected}", queue.per_second);
}

/// What is claimed still waits: for the end of the claim, where it was.
pub async fn what_is_claimed_is_found_with_its_claims_end(fixture: &dyn Fixture) {
    let mut scheduler = Scheduler::begin(fixture).await;
    let (now, queued) = (fixture.now(), delivery_to(webhook(1), 2));
    scheduler.apply(&[put(delivery(1), now), park(queued, now, 1.0, 1)]).await;
    let claims = claim_all(&scheduler.schedule).await;
    assert_eq!(claims.len(), 2);

    let entries = found(&scheduler.schedule, &[delivery(1), queued]).await;
    let until = now.plus(LEASE);
    assert_eq!([entries[&delivery(1)].due, entries[&queued].due], [until, until]);
    assert_eq!([entries[&delivery(1)].attempt, entries[&queued].attempt], [2, 1]);
    assert!(entries[&delivery(1)].queue.is_none());
    scheduler.schedule.finish(&claims).await.expect("answers");
    assert!(found(&scheduler.schedule, &[delivery(1), queued]).await.is_empty());
}

/// However entries are claimed and let out of their queues meanwhile, none is missed.
pub async fn nothing_is_missed_while_it_is_claimed_and_let_out(fixture: &dyn Fixture) {
    const ENTRIES: u64 = 3000;
    let mut scheduler = Scheduler::begin(fixture).await;
    let now = fixture.now();
    let mut all = Vec::new();
    for first in (0..ENTRIES).step_by(1000) {
        let numbers = first..first + 1000;
        let entries: Vec<_> = numbers.map(|number| delivery_to(webhook((number % 3) as u8), number)).collect();
        let changes = entries.iter().enumerate().map(|(at, delivery)| match at % 4 {
            0 => put(*delivery, now),
            _ => park(*delivery, now, 1e6, 1_000_000),
        });
        scheduler.apply(&changes.collect::<Vec<_>>()).await;
        all.extend(entries);
    }

    let schedule = fixture.open().await;
    let moving = async {
        for round in 0..30 {
            schedule.claim(LEASE, 50).await.expect("answers");
            if round % 10 == 5 {
                schedule.open_gate(webhook(round / 10)).await.expect("answers");
            }
        }
    };
    let looking = async {
        for _ in 0..10 {
            assert_eq!(found(&scheduler.schedule, &all).await.len() as u64, ENTRIES);
        }
    };
    tokio::join!(moving, looking);
    let entries = found(&scheduler.schedule, &all).await;
    assert!(entries.len() as u64 == ENTRIES && entries.values().all(|entry| entry.queue.is_none()));
}
