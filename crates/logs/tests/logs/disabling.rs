//! Webhooks that are switched off.

use std::num::NonZeroU32;

use fanfare_domain::delivery::{DeliveryStatus, FailureReason, Settlement};
use fanfare_domain::event::{Event, Purpose};
use fanfare_domain::health::{DisableRule, DisabledReason};
use fanfare_domain::journal::Follows;
use fanfare_domain::webhook::Webhook;
use fanfare_ports::directory::{Directory, Entry, EntryKey};
use fanfare_ports::store::{Actor, Change, PageRequest, Registry};

use crate::stage::{GONE, SUCCESS, Stage, WEBHOOK, attempted, audit, reference, routed, until, webhook};

/// Gives the webhook this rule.
async fn ruled(stage: &Stage, rule: DisableRule) {
    let ruled = Webhook { version: 2, disable: Some(rule), ..webhook(stage.tenant) };
    stage.store.change(Change::PutWebhook(Box::new(ruled)), audit()).await.expect("changed");
}

#[tokio::test]
async fn a_webhook_whose_rule_is_met_is_switched_off_and_the_directory_told() {
    let stage = Stage::new().await;
    let event = stage.event("e1");
    stage.tell(&[routed(&event), attempted(&event, 1, 410, GONE)]).await;
    stage.written().await;
    let webhook = stage.webhook().await;
    assert_eq!((webhook.is_active, webhook.disabled_reason), (false, Some(DisabledReason::Gone)));
    assert_eq!(webhook.version, 2);
    let directory = stage.embedded.directory();
    until(async || {
        let told = directory.get(&EntryKey::Webhook(WEBHOOK)).await.expect("read");
        matches!(told, Some(Entry::Webhook(webhook)) if !webhook.is_active)
    })
    .await;
    let page = PageRequest { limit: 1, after: None };
    let audit = stage.embedded.store().audit(page).await.expect("read").rows;
    assert_eq!((audit[0].actor.clone(), audit[0].action.as_str()), (Actor::Fanfare, "webhook.disable"));
}

#[tokio::test]
async fn failures_in_a_row_are_counted_once_however_often_they_are_told() {
    let stage = Stage::new().await;
    let rule = DisableRule { failures_in_a_row: NonZeroU32::new(3), ..DisableRule::NEVER };
    ruled(&stage, rule).await;
    let event = stage.event("e1");
    let failed = |number| attempted(&event, number, 500, Follows::Unchanged);
    for _ in 0..3 {
        stage.tell(&[failed(1), failed(2)]).await;
        stage.written().await;
    }
    assert!(stage.webhook().await.is_active, "two failures, told three times");
    stage.tell(&[failed(3)]).await;
    stage.written().await;
    assert_eq!(stage.webhook().await.disabled_reason, Some(DisabledReason::FailuresInARow));
}

#[tokio::test]
async fn a_ping_that_is_answered_with_410_switches_nothing_off() {
    let stage = Stage::new().await;
    let ping = Event { purpose: Purpose::Trial(WEBHOOK), ..stage.event("ping") };
    stage.tell(&[routed(&ping), attempted(&ping, 1, 410, GONE)]).await;
    stage.written().await;
    assert!(stage.webhook().await.is_active);
}

#[tokio::test]
async fn somebody_elses_change_at_the_same_time_is_kept() {
    let stage = Stage::new().await;
    let moved = Webhook { version: 2, url: "https://elsewhere.example".to_owned(), ..webhook(stage.tenant) };
    *stage.store.meanwhile.lock().expect("no panic") = Some((Change::PutWebhook(Box::new(moved)), audit()));
    let event = stage.event("e1");
    stage.tell(&[attempted(&event, 1, 410, GONE)]).await;
    stage.written().await;
    let webhook = stage.webhook().await;
    assert_eq!((webhook.url.as_str(), webhook.is_active, webhook.version), ("https://elsewhere.example", false, 3));
}

#[tokio::test]
async fn a_webhook_that_is_deleted_meanwhile_is_left_alone() {
    let stage = Stage::new().await;
    let delete = Change::DeleteWebhook(stage.tenant, WEBHOOK);
    *stage.store.meanwhile.lock().expect("no panic") = Some((delete, audit()));
    let event = stage.event("e1");
    stage.tell(&[attempted(&event, 1, 410, GONE)]).await;
    stage.written().await;
    assert_eq!(stage.embedded.store().webhook(stage.tenant, WEBHOOK).await.expect("read"), None);
    assert_eq!(stage.status(&reference(&event)).await, Some(DeliveryStatus::Failed));
}

#[tokio::test]
async fn a_used_up_delivery_or_a_410_counts_whatever_others_do_at_the_same_time() {
    let used_up = Follows::Settled(Settlement::Failed(FailureReason::AttemptsUsedUp));
    for (rule, status, follows, reason) in [
        (DisableRule { gone: true, ..DisableRule::NEVER }, 410, GONE, DisabledReason::Gone),
        (
            DisableRule { delivery_exhausted: true, ..DisableRule::NEVER },
            500,
            used_up,
            DisabledReason::DeliveryExhausted,
        ),
    ] {
        let stage = Stage::new().await;
        ruled(&stage, rule).await;
        let (failing, other) = (stage.event("e1"), stage.event("e2"));
        // The other event's attempt began later and succeeded.
        stage.tell(&[attempted(&other, 2, 200, SUCCESS), attempted(&failing, 1, status, follows)]).await;
        stage.written().await;
        assert_eq!(stage.webhook().await.disabled_reason, Some(reason));
    }
}

#[tokio::test]
async fn without_a_rule_nothing_switches_a_webhook_off() {
    let stage = Stage::new().await;
    ruled(&stage, DisableRule::NEVER).await;
    let event = stage.event("e1");
    let failures: Vec<_> = (1..=50).map(|number| attempted(&event, number, 410, GONE)).collect();
    stage.tell(&failures).await;
    stage.written().await;
    assert!(stage.webhook().await.is_active);
}
