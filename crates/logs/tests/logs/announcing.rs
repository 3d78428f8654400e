//! What operators are told.

use fanfare_domain::health::DisabledReason;
use fanfare_domain::ids::TenantId;
use fanfare_domain::webhook::Webhook;
use fanfare_ports::directory::{Directory, Entry, EntryKey};
use fanfare_ports::queue::{Consumer, Queue};
use fanfare_ports::store::{Change, Notices, Registry};
use serde_json::{Value, json};

use crate::stage::{GONE, Stage, WEBHOOK, attempted, audit, routed, until, webhook};

#[tokio::test]
async fn operators_are_told_what_was_switched_off_and_why() {
    let stage = Stage::new().await;
    let secretive =
        Webhook { version: 2, url: "https://receiver.example/hook?token=1".into(), ..webhook(stage.tenant) };
    stage.store.change(Change::PutWebhook(Box::new(secretive)), audit()).await.expect("changed");
    let event = stage.event("e1");
    stage.tell(&[routed(&event), attempted(&event, 1, 410, GONE)]).await;

    let told = stage.announced().await;

    let directory = stage.embedded.directory();
    let known = directory.get(&EntryKey::Webhook(WEBHOOK)).await.expect("read");
    assert!(matches!(known, Some(Entry::Webhook(webhook)) if !webhook.is_active), "it is in force by then");
    assert_eq!((told.tenant_id.as_str(), told.event_type.as_str()), (TenantId::FANFARE, "fanfare.webhook.disabled"));
    assert_eq!(told.subject.as_deref(), Some(WEBHOOK.to_string().as_str()));
    assert_eq!(told.created, stage.webhook().await.updated_at);
    let data: Value = serde_json::from_slice(&told.data).expect("JSON");
    let started = event.accepted.plus(std::time::Duration::from_secs(1));
    let expected = json!({
        "tenant": "acme", "webhook_id": WEBHOOK, "url": "https://receiver.example/hook", "description": null,
        "profile": "standard", "reason": "gone", "message": "the receiver answered 410 Gone",
        "disabled_at": told.created, "consecutive_failures": 1, "first_failure_at": started, "last_success_at": null,
        "last_failure": {"at": started, "status_code": 410, "error": "answered 410"},
    });
    assert_eq!(data, expected);
}

#[tokio::test]
async fn attempts_that_fail_after_it_announce_nothing_more() {
    let stage = Stage::new().await;
    let event = stage.event("e1");
    for number in 1..=3 {
        stage.tell(&[attempted(&event, number, 410, GONE)]).await;
        stage.written().await;
    }
    stage.announced().await;
    assert_eq!(stage.unread().await, 0);
}

#[tokio::test]
async fn a_process_that_ends_before_it_has_told_leaves_that_to_the_next() {
    let mut stage = Stage::without_reserved_tenant().await;
    let event = stage.event("e1");
    stage.tell(&[attempted(&event, 1, 410, GONE)]).await;
    stage.written().await;
    assert_eq!(stage.webhook().await.disabled_reason, Some(DisabledReason::Gone), "nothing waits for operators");
    stage.stop().await;
    stage.make_reserved_tenant().await;
    assert_eq!(stage.unread().await, 0);

    stage.start_again();

    let told = stage.announced().await;
    assert_eq!(told.created, stage.webhook().await.updated_at);
    let store = stage.embedded.store();
    until(async || store.unannounced(1).await.expect("read").is_empty()).await;
}

#[tokio::test]
async fn what_somebody_switches_off_by_hand_is_not_told() {
    let stage = Stage::new().await;
    let off = Webhook { version: 2, is_active: false, ..webhook(stage.tenant) };
    stage.store.change(Change::PutWebhook(Box::new(off)), audit()).await.expect("changed");
    let event = stage.event("e1");
    stage.tell(&[attempted(&event, 1, 410, GONE)]).await;
    stage.written().await;
    assert_eq!(stage.webhook().await.disabled_reason, None);
    assert_eq!(stage.embedded.store().unannounced(1).await.expect("read"), []);
    assert_eq!(stage.embedded.queue().backlog(Consumer::Router).await.expect("told").waiting, 0);
}
