//! What is counted for a webhook: exact, whatever the order and repetition.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_domain::journal::JournalRecord;
use fanfare_ports::store::{Change, Ledger, Recorded, Reports, WebhookHealth, WebhookStats};
use futures::future::join_all;

use super::Fixture;
use super::config::{acme, put};
use super::deliveries::write;
use super::sample::{ACME, Story, noon, orders, record, seconds, webhook, webhook_id};

async fn stats(store: &impl Reports, tenant: TenantNumber) -> WebhookStats {
    let mut found = store.stats(tenant, &[webhook_id(1)]).await.expect("read");
    found.remove(0)
}

fn health(recorded: &Recorded, webhook: WebhookId) -> &WebhookHealth {
    recorded.health.iter().find(|health| health.webhook == webhook).expect("its health is told")
}

/// Event `number` failed (first attempt) a second after it was accepted.
fn failure(tenant: TenantNumber, number: u16) -> JournalRecord {
    record(Story::new(number).of(tenant).failed(1, seconds(1)))
}

fn success(tenant: TenantNumber, number: u16) -> JournalRecord {
    record(Story::new(number).of(tenant).succeeded(1, seconds(1)))
}

/// When those of event `number` started.
fn started(number: u16) -> Option<fanfare_domain::time::Timestamp> {
    Some(Story::new(number).event.accepted.plus(seconds(1)))
}

pub async fn counts_grow_by_new_attempts_alone(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let records = [failure(ACME, 1), success(ACME, 2), failure(ACME, 3), failure(ACME, 3), success(ACME, 2)];
    assert_eq!(store.record(&records).await.expect("written").new_attempts, 3);
    let expected = WebhookStats {
        last_triggered: started(3),
        success_count: 1,
        failure_count: 2,
        consecutive_failures: 1,
        first_failure_at: started(3),
        last_success_at: started(2),
    };
    assert_eq!(stats(&*store, ACME).await, expected);
    let again = store.record(&records).await.expect("written");
    assert_eq!(again.new_attempts, 0);
    assert_eq!(health(&again, webhook_id(1)).consecutive_failures, 1, "told though nothing is new");
    assert_eq!(stats(&*store, ACME).await, expected);
    let unknown = store.stats(ACME, &[webhook_id(9), webhook_id(1), webhook_id(8)]).await.expect("read");
    assert_eq!(unknown, [WebhookStats::default(), expected, WebhookStats::default()]);
}

pub async fn a_batch_of_which_some_is_known_counts_the_rest(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let other = TenantNumber::new(100);
    let records = [success(ACME, 1), failure(ACME, 2), failure(ACME, 3), success(other, 1), failure(other, 2)];
    for (known, new) in [(1, 1), (3, 2), (5, 2)] {
        let recorded = store.record(&records[..known]).await.expect("written");
        assert_eq!(recorded.new_attempts, new, "of the first {known}");
    }
    for (tenant, failures) in [(ACME, 2), (other, 1)] {
        let now = stats(&*store, tenant).await;
        assert_eq!((now.success_count, now.failure_count, now.consecutive_failures), (1, failures.into(), failures));
    }
}

pub async fn failures_in_a_row_are_exact_in_whatever_order_they_come(fixture: &impl Fixture) {
    let store = fixture.open().await;
    for (tenant, place) in (100..220).map(TenantNumber::new).zip(0..) {
        let records =
            [failure(tenant, 1), success(tenant, 2), failure(tenant, 3), success(tenant, 4), failure(tenant, 5)];
        let order = orders(&records).swap_remove(place);
        // In batches of two: within one, and from one to the next.
        for batch in order.chunks(2) {
            write(&*store, batch).await;
        }
        let expected = WebhookStats {
            last_triggered: started(5),
            success_count: 2,
            failure_count: 3,
            consecutive_failures: 1,
            first_failure_at: started(5),
            last_success_at: started(4),
        };
        assert_eq!(stats(&*store, tenant).await, expected, "{order:?}");
    }
}

pub async fn a_success_ends_the_row(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let recorded = store.record(&[failure(ACME, 2), failure(ACME, 1), failure(ACME, 3)]).await.expect("written");
    let told = health(&recorded, webhook_id(1));
    assert_eq!((told.tenant, told.consecutive_failures), (ACME, 3));
    assert_eq!((told.first_failure_at, told.last_failure_at), (started(1), started(3)));
    assert_eq!(told.last_success_at, None);

    let recorded = store.record(&[success(ACME, 4)]).await.expect("written");
    assert_eq!(recorded.health, [], "nothing failed in this batch");
    let now = stats(&*store, ACME).await;
    assert_eq!((now.consecutive_failures, now.first_failure_at, now.last_success_at), (0, None, started(4)));
}

pub async fn a_success_that_comes_late_recounts(fixture: &impl Fixture) {
    let store = fixture.open().await;
    write(&*store, &[failure(ACME, 1), failure(ACME, 2), failure(ACME, 4), failure(ACME, 5)]).await;
    write(&*store, &[success(ACME, 3)]).await;
    let now = stats(&*store, ACME).await;
    assert_eq!((now.consecutive_failures, now.first_failure_at), (2, started(4)));
    // An older success than the one known changes nothing but the count.
    write(&*store, &[record(Story::new(2).to(1).replayed(1).succeeded(1, seconds(0)))]).await;
    let now = stats(&*store, ACME).await;
    assert_eq!((now.success_count, now.consecutive_failures, now.last_success_at), (2, 2, started(3)));
}

pub async fn what_was_before_health_since_does_not_count(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    let mut made = webhook(ACME, 1);
    made.health_since = noon().plus(seconds(60));
    put(&*store, Change::PutWebhook(Box::new(made))).await;
    let recorded = store.record(&[failure(ACME, 100), failure(ACME, 10), failure(ACME, 200)]).await.expect("written");
    let told = health(&recorded, webhook_id(1));
    assert_eq!((told.consecutive_failures, told.first_failure_at), (2, started(100)));
    assert_eq!(told.last_failure_at, started(200));
    assert_eq!(stats(&*store, ACME).await.failure_count, 3, "all are counted");
}

pub async fn a_new_health_since_recounts(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    let mut made = webhook(ACME, 1);
    put(&*store, Change::PutWebhook(Box::new(made.clone()))).await;
    write(&*store, &[failure(ACME, 10), failure(ACME, 100)]).await;
    assert_eq!(stats(&*store, ACME).await.consecutive_failures, 2);

    made.version = 2;
    made.health_since = noon().plus(seconds(60));
    put(&*store, Change::PutWebhook(Box::new(made.clone()))).await;
    let now = stats(&*store, ACME).await;
    assert_eq!((now.consecutive_failures, now.first_failure_at), (1, started(100)));

    made.version = 3;
    made.health_since = noon().plus(seconds(600));
    put(&*store, Change::PutWebhook(Box::new(made))).await;
    let now = stats(&*store, ACME).await;
    assert_eq!((now.consecutive_failures, now.first_failure_at, now.failure_count), (0, None, 2));
    let recorded = store.record(&[failure(ACME, 50), failure(ACME, 700)]).await.expect("written");
    let told = health(&recorded, webhook_id(1));
    assert_eq!((told.consecutive_failures, told.last_failure_at), (1, started(700)));
}

pub async fn late_attempts_count_for_nothing(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let late = |number: u16, success: bool| {
        let story = Story::new(number);
        let mut late = if success { story.succeeded(1, seconds(1)) } else { story.failed(1, seconds(1)) };
        late.late = true;
        record(late)
    };
    write(&*store, &[late(2, true), failure(ACME, 1), late(3, false)]).await;
    let recorded = store.record(&[failure(ACME, 3), late(1, false)]).await.expect("written");
    assert_eq!(recorded.new_attempts, 2);
    let now = stats(&*store, ACME).await;
    assert_eq!((now.success_count, now.failure_count, now.consecutive_failures), (0, 2, 2));
    assert_eq!((now.last_triggered, now.last_success_at), (started(3), None));
}

pub async fn trials_count_but_not_for_health(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let trial = |number| Story::new(number).trial();
    write(&*store, &[failure(ACME, 1), failure(ACME, 2)]).await;
    let batch =
        [trial(3).routed(), record(trial(3).succeeded(1, seconds(1))), record(trial(4).given_up(1, seconds(1)))];
    let recorded = store.record(&batch).await.expect("written");
    assert_eq!(recorded.health, [], "nothing that failed counts for health");
    let now = stats(&*store, ACME).await;
    assert_eq!((now.success_count, now.failure_count), (1, 3));
    assert_eq!((now.consecutive_failures, now.first_failure_at, now.last_success_at), (2, started(1), None));
    assert_eq!(now.last_triggered, started(4));
}

pub async fn health_is_told_for_each_webhook_that_failed(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let to = |number: u16, webhook: u16| Story::new(number).to(webhook);
    let batch = [
        record(to(1, 1).failed(1, seconds(1))),
        record(to(2, 2).succeeded(1, seconds(1))),
        record(to(3, 3).given_up(1, seconds(1))),
        record(to(4, 3).failed(1, seconds(1))),
    ];
    let recorded = store.record(&batch).await.expect("written");
    let mut told: Vec<_> = recorded.health.iter().map(|one| (one.webhook, one.consecutive_failures)).collect();
    told.sort_unstable();
    assert_eq!(told, [(webhook_id(1), 1), (webhook_id(3), 2)]);
}

pub async fn webhooks_do_not_share_their_health(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let batch: Vec<JournalRecord> =
        (1..=9).map(|number| record(Story::new(number).to(number % 3).failed(1, seconds(1)))).collect();
    write(&*store, &batch).await;
    write(&*store, &[record(Story::new(20).to(0).succeeded(1, seconds(1)))]).await;
    let ids = [webhook_id(2), webhook_id(0), webhook_id(1)];
    let failures = |stats: Vec<WebhookStats>| stats.iter().map(|one| one.consecutive_failures).collect::<Vec<u32>>();
    assert_eq!(failures(store.stats(ACME, &ids).await.expect("read")), [3, 0, 3]);
    assert_eq!(failures(store.stats(TenantNumber::new(8), &ids).await.expect("read")), [0, 0, 0]);
}

pub async fn processes_count_at_once(fixture: &impl Fixture) {
    let stores = [fixture.open().await, fixture.open().await];
    // Events 1 to 60 fail, but every tenth succeeds; both processes write overlapping thirds of them, in batches of five.
    let one = |number: u16| if number.is_multiple_of(10) { success(ACME, number) } else { failure(ACME, number) };
    let halves: [Vec<JournalRecord>; 2] = [(1..=40).map(one).collect(), (21..=60).rev().map(one).collect()];
    let writers = stores.iter().zip(&halves).map(async |(store, records)| {
        let mut new = 0;
        for batch in records.chunks(5) {
            let mut tries = 0;
            new += loop {
                match store.record(batch).await {
                    Ok(recorded) => break recorded.new_attempts,
                    Err(error) => tries += if tries < 10 { 1 } else { panic!("{error}") },
                }
            };
        }
        new
    });
    assert_eq!(join_all(writers).await.iter().sum::<u64>(), 60, "each is new to one of them");
    // The failures after the last success are none; those after the fifth were put right by the sixth.
    write(&*stores[0], &[failure(ACME, 61), failure(ACME, 62)]).await;
    let expected = WebhookStats {
        last_triggered: started(62),
        success_count: 6,
        failure_count: 56,
        consecutive_failures: 2,
        first_failure_at: started(61),
        last_success_at: started(60),
    };
    assert_eq!(stats(&*stores[1], ACME).await, expected);
}
