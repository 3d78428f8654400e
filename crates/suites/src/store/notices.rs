//! Webhooks that are disabled, each with a notice that nobody forgets.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use std::time::Instant;

use fanfare_domain::event_type::EventType;
use fanfare_domain::health::DisabledReason;
use fanfare_domain::ids::EventId;
use fanfare_domain::webhook::Webhook;
use fanfare_ports::directory::Entry;
use fanfare_ports::store::{Change, Notice, Notices, Outbox, Registry, StoreError};

use super::Fixture;
use super::config::{acme, put};
use super::sample::{ACME, audit, first_page, noon, seconds, webhook};

fn notice(number: u16) -> Notice {
    Notice {
        id: EventId::new(&format!("notice-{number}")).expect("valid"),
        event_type: EventType::webhook_disabled(),
        subject: Some("nul \u{0}".into()),
        created: noon(),
        data: r#"{"text":"\u0000 \\0"}"#.to_owned(),
    }
}

/// Makes webhook `number`; gives it as it is when a rule has disabled it.
async fn made(store: &impl Registry, number: u16) -> Box<Webhook> {
    let first = webhook(ACME, number);
    put(store, Change::PutWebhook(Box::new(first.clone()))).await;
    Box::new(Webhook { version: 2, is_active: false, disabled_reason: Some(DisabledReason::Gone), ..first })
}

async fn disable(store: &(impl Registry + Notices), number: u16) {
    let disabled = made(store, number).await;
    store.disable(disabled, &notice(number), audit("disable")).await.expect("disabled");
}

/// Waits until notices that were given out are given out again.
async fn given_again(store: &impl Notices) -> Vec<Notice> {
    let asked = Instant::now();
    loop {
        let notices = store.unannounced(10).await.expect("read");
        if !notices.is_empty() {
            return notices;
        }
        assert!(asked.elapsed() < seconds(20), "they are kept for some seconds");
        tokio::time::sleep(seconds(1) / 10).await;
    }
}

pub async fn a_webhook_is_disabled_with_its_notice(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    assert_eq!(store.unannounced(10).await.expect("read"), []);
    let disabled = made(&*store, 1).await;
    store.disable(disabled.clone(), &notice(1), audit("disable")).await.expect("disabled");
    assert_eq!(store.webhook(ACME, disabled.id).await.expect("read").as_ref(), Some(&*disabled));
    let lines = store.audit(first_page(1)).await.expect("read").rows;
    assert_eq!(lines[0].action, "disable");
    let told = store.untold("a", 10).await.expect("read");
    assert_eq!(told.last().and_then(|item| item.write.entry.clone()), Some(Entry::Webhook(disabled)));
    assert_eq!(store.unannounced(10).await.expect("read"), [notice(1)]);
}

pub async fn a_notice_is_kept_until_it_is_announced(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    disable(&*store, 1).await;
    disable(&*store, 2).await;
    assert_eq!(store.unannounced(10).await.expect("read").len(), 2);
    store.announced(&notice(1).id).await.expect("forgotten");
    // Whoever was given the other one has died.
    assert_eq!(given_again(&*fixture.open().await).await, [notice(2)]);
    store.announced(&notice(2).id).await.expect("forgotten");
    store.announced(&notice(2).id).await.expect("however often");
}

pub async fn one_process_at_a_time_is_given_a_notice(fixture: &impl Fixture) {
    let (one, two) = (fixture.open().await, fixture.open().await);
    acme(&*one).await;
    for number in 1..=20 {
        disable(&*one, number).await;
    }
    let (first, second) = futures::join!(one.unannounced(15), two.unannounced(15));
    let (first, second) = (first.expect("read"), second.expect("read"));
    let mut given: Vec<_> = first.iter().chain(&second).map(|notice| notice.id.clone()).collect();
    given.extend(two.unannounced(20).await.expect("read").into_iter().map(|notice| notice.id));
    given.sort_unstable();
    let mut all: Vec<_> = (1..=20).map(|number| notice(number).id).collect();
    all.sort_unstable();
    assert_eq!(given, all, "each once");
}

pub async fn notices_come_in_their_order(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    for number in [3, 1, 2] {
        disable(&*store, number).await;
    }
    assert_eq!(store.unannounced(2).await.expect("read"), [notice(3), notice(1)]);
    assert_eq!(store.unannounced(2).await.expect("read"), [notice(2)]);
}

pub async fn a_refused_change_leaves_no_notice(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    let disabled = made(&*store, 1).await;
    let other = Webhook { description: Some("changed meanwhile".to_owned()), is_active: true, ..(*disabled).clone() };
    put(&*store, Change::PutWebhook(Box::new(other))).await;
    let refused = store.disable(disabled.clone(), &notice(1), audit("disable")).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    put(&*store, Change::DeleteWebhook(ACME, disabled.id)).await;
    let refused = store.disable(disabled, &notice(1), audit("disable")).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
    assert_eq!(store.unannounced(10).await.expect("read"), []);
}
