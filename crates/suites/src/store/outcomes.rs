//! What became of deliveries, counted over time: exact whatever the order and repetition of records.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use std::time::Duration;

use fanfare_domain::delivery::Settlement;
use fanfare_domain::ids::TenantNumber;
use fanfare_domain::journal::JournalRecord;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::outcomes::{Counts, Outcome, Outcomes, Span, Waiting, minutes_from};
use fanfare_ports::store::{Change, Ledger};
use futures::future::join_all;

use super::Fixture;
use super::config::{acme, put};
use super::deliveries::write;
use super::sample::{ACME, Story, noon, orders, record, seconds, webhook, webhook_id};

const OTHER: TenantNumber = TenantNumber::new(8);

async fn told(store: &impl Outcomes, tenant: Option<TenantNumber>, span: Span) -> Vec<Outcome> {
    let (since, until) = (noon().minus(seconds(86_400)), noon().plus(seconds(86_400)));
    store.outcomes(tenant, span, since, until).await.expect("read")
}

fn sum(outcomes: &[Outcome]) -> Counts {
    outcomes.iter().fold(Counts::default(), |mut sum, outcome| {
        sum += &outcome.counts;
        sum
    })
}

/// Deliveries, those of them that ended, delivered, failed, attempts, failed attempts: the same by the minute and by the hour.
async fn counted(store: &impl Outcomes, tenant: Option<TenantNumber>) -> [u64; 6] {
    let [minutes, hours] = [sum(&told(store, tenant, Span::Minute).await), sum(&told(store, tenant, Span::Hour).await)];
    assert_eq!(minutes, hours);
    assert_eq!(hours.response_times.counts().iter().sum::<u64>(), hours.attempts, "each attempt took some time");
    [hours.deliveries, hours.ended, hours.delivered, hours.failed, hours.attempts, hours.failed_attempts]
}

/// Routed, failed twice, succeeded: 60 s apart.
fn thrice(story: &Story) -> [JournalRecord; 4] {
    [
        story.routed(),
        record(story.failed(1, seconds(1))),
        record(story.failed(2, seconds(61))),
        record(story.succeeded(3, seconds(121))),
    ]
}

pub async fn counts_are_the_same_in_whatever_order_records_come(fixture: &impl Fixture) {
    let store = fixture.open().await;
    for place in 0..24_u32 {
        let number = TenantNumber::new(100 + place);
        let story = Story::new(1).of(number);
        let order = orders(&thrice(&story)).swap_remove(place as usize);
        if place % 2 == 0 {
            write(&*store, &order).await;
        } else {
            for one in order {
                write(&*store, &[one]).await;
            }
        }
        assert_eq!(counted(&*store, Some(number)).await, [1, 1, 1, 0, 3, 2], "order {place}");
        let minutes = told(&*store, Some(number), Span::Minute).await;
        let by_minute: Vec<_> = minutes
            .iter()
            .map(|minute| (minute.start.since(noon()).as_secs(), minute.counts.deliveries, minute.counts.delivered))
            .collect();
        assert_eq!(by_minute, [(0, 1, 0), (60, 0, 0), (120, 0, 1)], "order {place}");
        assert_eq!(store.waiting(Some(number), noon()).await.expect("read"), Waiting::default());
    }
}

pub async fn nothing_is_counted_twice(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1);
    let records = thrice(&story);
    for one in &records {
        write(&*store, std::slice::from_ref(one)).await;
        write(&*store, std::slice::from_ref(one)).await;
    }
    write(&*store, &records).await;
    write(&*store, &records[1..]).await;
    assert_eq!(counted(&*store, Some(ACME)).await, [1, 1, 1, 0, 3, 2]);
    // Some are known, some are new.
    let next = Story::new(2);
    let mixed: Vec<_> = records.iter().chain(&thrice(&next)).chain(&thrice(&next)).cloned().collect();
    write(&*store, &mixed).await;
    assert_eq!(counted(&*store, Some(ACME)).await, [2, 2, 2, 0, 6, 4]);
    let late = fanfare_domain::journal::Attempted { late: true, ..story.succeeded(3, seconds(121)) };
    write(&*store, &[record(late)]).await;
    assert_eq!(counted(&*store, Some(ACME)).await, [2, 2, 2, 0, 6, 4], "a late attempt decides nothing");
}

pub async fn whoever_watches_is_told_of_all_that_is_new(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let activity = async |tenant| store.activity(tenant, noon().minus(seconds(7200))).await.expect("read");
    assert_eq!(activity(None).await, 0);
    let story = Story::new(1);
    let mut seen = 0;
    for one in thrice(&story) {
        write(&*store, std::slice::from_ref(&one)).await;
        let now = activity(Some(ACME)).await;
        assert_ne!(now, seen);
        seen = now;
        write(&*store, &[one]).await;
        assert_eq!(activity(Some(ACME)).await, seen, "that was known");
    }
    assert_eq!([activity(None).await, activity(Some(OTHER)).await], [seen, 0]);
    let later = store.activity(None, noon().plus(seconds(3600))).await;
    assert_eq!(later.expect("read"), 0);
}

pub async fn a_delivery_that_ends_without_an_attempt_has_failed(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let now = Timestamp::from_millis(i64::try_from(unix_now().as_millis()).expect("far ahead"));
    let story = Story::new(1).accepted(now);
    write(&*store, &[story.routed()]).await;
    write(&*store, &[record(story.ended(Settlement::Cancelled))]).await;
    write(&*store, &[record(story.ended(Settlement::Cancelled))]).await;
    let hours = store.outcomes(Some(ACME), Span::Hour, now.minus(seconds(7200)), now.plus(seconds(7200))).await;
    let counts = sum(&hours.expect("read"));
    assert_eq!([counts.deliveries, counts.ended, counts.delivered, counts.failed, counts.attempts], [1, 1, 0, 1, 0]);
}

#[expect(
    clippy::disallowed_methods,
    reason = "such a delivery ends when it is written, which the adapter's clock tells"
)]
fn unix_now() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970")
}

pub async fn a_delivery_that_is_retried_by_hand_is_delivered_after_all(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1);
    write(&*store, &[story.routed(), record(story.given_up(1, seconds(1)))]).await;
    assert_eq!(counted(&*store, Some(ACME)).await, [1, 1, 0, 1, 1, 1]);
    write(&*store, &[record(story.by_hand(1, seconds(5), false))]).await;
    assert_eq!(counted(&*store, Some(ACME)).await, [1, 1, 0, 1, 2, 2]);
    write(&*store, &[record(story.by_hand(1, seconds(10), true))]).await;
    write(&*store, &[record(story.by_hand(1, seconds(20), true))]).await;
    assert_eq!(counted(&*store, Some(ACME)).await, [1, 1, 1, 1, 4, 2]);
}

pub async fn a_replays_deliveries_are_counted(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1);
    write(&*store, &thrice(&story)).await;
    let replayed = story.replayed(1);
    write(&*store, &[replayed.routed()]).await;
    write(&*store, &[replayed.routed()]).await;
    assert_eq!(counted(&*store, Some(ACME)).await, [2, 1, 1, 0, 3, 2]);
    write(&*store, &[record(replayed.succeeded(1, seconds(300)))]).await;
    assert_eq!(counted(&*store, Some(ACME)).await, [2, 2, 2, 0, 4, 2]);
}

pub async fn what_waits_is_told_and_noted(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let (first, second) = (Story::new(1), Story::new(130));
    write(&*store, &[first.routed(), second.routed(), record(first.failed(1, seconds(1)))]).await;
    let now = noon().plus(seconds(600));
    let both = Waiting { deliveries: 2, oldest: Some(noon()) };
    assert_eq!(store.waiting(Some(ACME), now).await.expect("read"), both);
    assert_eq!(store.waiting(None, now).await.expect("read"), both);
    assert_eq!(store.waiting(Some(OTHER), now).await.expect("read"), Waiting::default());

    store.note_waiting(now).await.expect("noted");
    store.note_waiting(now).await.expect("noted");
    write(&*store, &[record(first.succeeded(2, seconds(61)))]).await;
    let one = Waiting { deliveries: 1, oldest: Some(noon().plus(seconds(120))) };
    assert_eq!(store.waiting(Some(ACME), now).await.expect("read"), one);
    let noted = |outcomes: Vec<Outcome>| outcomes.last().map(|outcome| outcome.waiting);
    assert_eq!(noted(told(&*store, Some(ACME), Span::Minute).await), Some(both), "as it was");
    assert_eq!(noted(told(&*store, Some(ACME), Span::Hour).await), Some(both), "as it was");
    // A day later hours alone tell.
    let tomorrow = now.plus(seconds(26 * 3600));
    let waits = store.waiting(Some(ACME), tomorrow).await.expect("read");
    assert_eq!(waits, Waiting { deliveries: 1, oldest: Some(noon()) });

    write(&*store, &[record(second.succeeded(1, seconds(1)))]).await;
    store.note_waiting(now).await.expect("noted");
    for span in Span::ALL {
        let last = told(&*store, Some(ACME), span).await.pop().expect("there is one");
        assert_eq!(last.waiting, Waiting::default(), "nothing waits any more");
    }
}

pub async fn all_tenants_are_told_together(fixture: &impl Fixture) {
    let store = fixture.open().await;
    write(&*store, &thrice(&Story::new(1))).await;
    write(&*store, &thrice(&Story::new(1).of(OTHER))).await;
    assert_eq!(counted(&*store, Some(OTHER)).await, [1, 1, 1, 0, 3, 2]);
    assert_eq!(counted(&*store, None).await, [2, 2, 2, 0, 6, 4]);
    assert_eq!(counted(&*store, Some(TenantNumber::new(9))).await, [0; 6]);
    let none = store.outcomes(None, Span::Hour, noon().plus(seconds(3600)), noon().plus(seconds(7200))).await;
    assert_eq!(none.expect("read"), []);
}

pub async fn nothing_of_a_deleted_tenant_is_counted(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    let story = Story::new(1);
    write(&*store, &[story.routed(), record(story.failed(1, seconds(1)))]).await;
    put(&*store, Change::DeleteTenant(ACME)).await;
    let hidden = async || {
        assert_eq!(counted(&*store, Some(ACME)).await, [0; 6]);
        assert_eq!(counted(&*store, None).await, [0; 6]);
        assert_eq!(store.waiting(None, noon()).await.expect("read"), Waiting::default());
        assert_eq!(store.failing(None, 10).await.expect("read"), []);
        let (since, until) = (noon(), noon().plus(seconds(3600)));
        assert_eq!(store.busiest(Span::Hour, since, until, 10).await.expect("read"), []);
    };
    hidden().await;
    for _ in 0..100 {
        if fanfare_ports::store::Registry::erase(&*store, ACME, 1).await.expect("erased") {
            break;
        }
    }
    store.note_waiting(noon()).await.expect("noted");
    hidden().await;
}

pub async fn the_busiest_tenants_come_first(fixture: &impl Fixture) {
    let store = fixture.open().await;
    for number in 1..=3_u32 {
        for event in 1..=number {
            let event = u16::try_from(event).expect("small");
            write(&*store, &thrice(&Story::new(event).of(TenantNumber::new(number)))).await;
        }
    }
    for span in Span::ALL {
        let (since, until) = (noon(), noon().plus(seconds(3600)));
        let busiest = store.busiest(span, since, until, 2).await.expect("read");
        let told: Vec<_> = busiest.iter().map(|(tenant, counts)| (tenant.get(), counts.attempts)).collect();
        assert_eq!(told, [(3, 9), (2, 6)]);
    }
}

pub async fn webhooks_that_fail_are_told_until_they_succeed(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    for number in 1..=3 {
        put(&*store, Change::PutWebhook(Box::new(webhook(ACME, number)))).await;
    }
    let failing = async |tenant, limit| {
        let told = store.failing(tenant, limit).await.expect("read");
        told.into_iter().map(|one| (one.webhook, one.consecutive_failures)).collect::<Vec<_>>()
    };
    assert_eq!(failing(None, 10).await, []);
    // Webhook 3 counts nothing that was before it was made, three seconds after noon.
    for (number, failures) in [(1, 2), (2, 3), (3, 1)] {
        let story = Story::new(10).to(number);
        for attempt in 1..=failures {
            write(&*store, &[record(story.failed(attempt, seconds(60 * u64::from(attempt))))]).await;
        }
    }
    let [one, two, three] = [1, 2, 3].map(webhook_id);
    assert_eq!(failing(Some(ACME), 10).await, [(two, 3), (one, 2), (three, 1)]);
    assert_eq!(failing(None, 1).await, [(two, 3)]);
    assert_eq!(failing(Some(OTHER), 10).await, []);
    let first = store.failing(Some(ACME), 1).await.expect("read").pop().expect("there is one");
    let at = |minutes: u64| Some(Story::new(10).event.accepted.plus(seconds(60 * minutes)));
    assert_eq!((first.tenant, first.first_failure_at, first.last_failure_at), (ACME, at(1), at(3)));
    write(&*store, &[record(Story::new(10).to(2).succeeded(4, seconds(600)))]).await;
    put(&*store, Change::DeleteWebhook(ACME, three)).await;
    assert_eq!(failing(None, 10).await, [(one, 2)]);
}

pub async fn old_minutes_are_dropped_and_hours_kept(fixture: &impl Fixture) {
    let store = fixture.open().await;
    write(&*store, &thrice(&Story::new(1))).await;
    let kept = seconds(30 * 86_400);
    let now = noon().plus(seconds(25 * 3600));
    assert!(minutes_from(now) > noon());
    store.maintain(now, kept).await.expect("maintained");
    assert_eq!(told(&*store, Some(ACME), Span::Minute).await, []);
    assert_eq!(sum(&told(&*store, Some(ACME), Span::Hour).await).attempts, 3);
    store.maintain(noon().plus(seconds(32 * 86_400)), kept).await.expect("maintained");
    assert_eq!(told(&*store, Some(ACME), Span::Hour).await, []);
}

pub async fn processes_count_at_once(fixture: &impl Fixture) {
    let stores = [fixture.open().await, fixture.open().await];
    // The same records from both, several tenants in each batch.
    let batches: Vec<Vec<JournalRecord>> = (1..=20)
        .map(|number| (1..=4).flat_map(|tenant| thrice(&Story::new(number).of(TenantNumber::new(tenant)))).collect())
        .collect();
    join_all(stores.iter().map(|store| async {
        for batch in &batches {
            write(&**store, batch).await;
        }
    }))
    .await;
    for number in 1..=4 {
        assert_eq!(counted(&*stores[0], Some(TenantNumber::new(number))).await, [20, 20, 20, 0, 60, 40]);
    }
}
