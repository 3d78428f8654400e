//! A server that goes away and comes back.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use std::time::Instant;

use fanfare_domain::delivery::DeliveryStatus;
use fanfare_domain::ids::TenantId;
use fanfare_ports::store::{Change, Ledger, Outbox, Registry, Reports, StoreError};

use super::Fixture;
use super::config::acme;
use super::deliveries::{delivery, write};
use super::sample::{ACME, Story, audit, record, seconds, webhook};

pub async fn a_server_that_comes_back_is_used_again(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1);
    acme(&*store).await;
    write(&*store, &[story.routed()]).await;
    if !fixture.kill_server().await {
        return;
    }
    let outcomes = [
        store.record(&[record(story.succeeded(1, seconds(1)))]).await.err(),
        store.tenant(&TenantId::new("acme").expect("valid")).await.err(),
        store.delivery(ACME, story.reference().id).await.err(),
        store.change(Change::PutWebhook(Box::new(webhook(ACME, 1))), audit("put")).await.err(),
        store.untold("a", 10).await.err(),
    ];
    for (place, outcome) in outcomes.iter().enumerate() {
        assert!(matches!(outcome, Some(StoreError::Unavailable(_))), "{place}: {outcome:?}");
    }

    fixture.start_server().await;
    let asked = Instant::now();
    while let Err(error) = store.record(&[record(story.succeeded(1, seconds(1)))]).await {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        assert!(asked.elapsed() < seconds(30), "{error:?}");
        tokio::time::sleep(seconds(1) / 20).await;
    }
    assert_eq!(delivery(&*store, &story).await.status, DeliveryStatus::Success);
    assert!(store.tenant(&TenantId::new("acme").expect("valid")).await.expect("read").is_some());
}
