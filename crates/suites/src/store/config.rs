//! Configuration: what is put is read back, changes follow one another, each is told to the audit log.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use std::collections::HashSet;

use fanfare_domain::ids::{KeyId, TenantId, TenantNumber};
use fanfare_domain::webhook::Webhook;
use fanfare_ports::store::{Change, Registry, StoreError};

use super::Fixture;
use super::sample::{ACME, api_key, audit, event_type, first_page, noon, tenant, webhook, webhook_id};

const OTHER: TenantNumber = TenantNumber::new(8);

pub(super) async fn put(store: &impl Registry, change: Change) {
    store.change(change, audit("put")).await.expect("the change is made");
}

pub(super) async fn acme(store: &impl Registry) {
    put(store, Change::PutTenant(tenant("acme", ACME))).await;
}

fn changed(of: &Webhook, version: u64) -> Change {
    let url = format!("https://example.com/version/{version}");
    Change::PutWebhook(Box::new(Webhook { version, url, ..of.clone() }))
}

pub async fn a_tenant_is_read_back(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let made = tenant("acme", ACME);
    put(&*store, Change::PutTenant(made.clone())).await;
    let other = fixture.open().await;
    assert_eq!(other.tenant(&made.id).await.expect("read"), Some(made));
    let unknown = TenantId::new("nobody").expect("valid");
    assert_eq!(other.tenant(&unknown).await.expect("read"), None);
}

pub async fn a_tenants_name_is_taken_once(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    let again = store.change(Change::PutTenant(tenant("acme", OTHER)), audit("put")).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    let found = store.tenant(&TenantId::new("acme").expect("valid")).await.expect("read");
    assert_eq!(found.map(|tenant| tenant.number), Some(ACME));
}

pub async fn a_change_follows_the_version_before(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    let first = webhook(ACME, 1);
    put(&*store, changed(&first, 1)).await;
    for (version, expected) in [(1, false), (3, false), (2, true), (2, false), (3, true)] {
        let outcome = store.change(changed(&first, version), audit("put")).await;
        match outcome {
            Ok(()) => assert!(expected, "version {version} was made"),
            Err(StoreError::Conflict) => assert!(!expected, "version {version} was refused"),
            Err(other) => panic!("version {version}: {other}"),
        }
    }
    let found = store.webhook(ACME, first.id).await.expect("read").expect("there");
    assert_eq!((found.version, found.url.as_str()), (3, "https://example.com/version/3"));

    let mut tenant = tenant("acme", ACME);
    tenant.version = 3;
    let outcome = store.change(Change::PutTenant(tenant.clone()), audit("put")).await;
    assert!(matches!(outcome, Err(StoreError::Conflict)), "{outcome:?}");
    tenant.version = 2;
    put(&*store, Change::PutTenant(tenant)).await;

    let mut entry = event_type(ACME, "order.paid", noon());
    put(&*store, Change::PutEventType(entry.clone())).await;
    let outcome = store.change(Change::PutEventType(entry.clone()), audit("put")).await;
    assert!(matches!(outcome, Err(StoreError::Conflict)), "{outcome:?}");
    entry.version = 2;
    entry.deprecated = true;
    put(&*store, Change::PutEventType(entry.clone())).await;
    assert_eq!(store.event_type(ACME, "order.paid").await.expect("read"), Some(entry));
}

pub async fn of_two_changes_at_once_one_is_made(fixture: &impl Fixture) {
    let (one, two) = (fixture.open().await, fixture.open().await);
    acme(&*one).await;
    let first = webhook(ACME, 1);
    put(&*one, changed(&first, 1)).await;
    let (left, right) =
        futures::join!(one.change(changed(&first, 2), audit("left")), two.change(changed(&first, 2), audit("right")),);
    let refused = match (left, right) {
        (Ok(()), Err(refused)) | (Err(refused), Ok(())) => refused,
        both => panic!("one is made, the other refused, not {both:?}"),
    };
    assert!(matches!(refused, StoreError::Conflict), "{refused:?}");
}

fn only(number: u16, profile: &str) -> Change {
    Change::PutOnlyWebhook(Box::new(Webhook { profile: profile.to_owned(), ..webhook(ACME, number) }))
}

pub async fn an_only_webhook_is_the_only_one_of_its_profile(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    put(&*store, Change::PutTenant(tenant("other", OTHER))).await;
    let elsewhere = Webhook { profile: "single".to_owned(), ..webhook(OTHER, 9) };
    put(&*store, Change::PutWebhook(Box::new(elsewhere))).await;
    // Its profile's name in another place, and what JSON in a database is apt to stumble over.
    let description = Some("\"profile\":\"single\" \u{0}".to_owned());
    put(&*store, Change::PutWebhook(Box::new(Webhook { description, ..webhook(ACME, 1) }))).await;
    put(&*store, only(2, "single")).await;
    for number in [2, 3] {
        let outcome = store.change(only(number, "single"), audit("put")).await;
        assert!(matches!(outcome, Err(StoreError::Conflict)), "{number}: {outcome:?}");
    }
    assert_eq!(store.webhook(ACME, webhook_id(3)).await.expect("read"), None);
    put(&*store, only(4, "double")).await;
    let next = Webhook { version: 2, profile: "single".to_owned(), ..webhook(ACME, 2) };
    put(&*store, Change::PutOnlyWebhook(Box::new(next))).await;
    put(&*store, Change::DeleteWebhook(ACME, webhook_id(2))).await;
    put(&*store, only(5, "single")).await;
    let nowhere = Webhook { profile: "single".to_owned(), ..webhook(TenantNumber::new(9), 6) };
    let outcome = store.change(Change::PutOnlyWebhook(Box::new(nowhere)), audit("put")).await;
    assert!(matches!(outcome, Err(StoreError::NotFound)), "{outcome:?}");
}

pub async fn of_two_only_webhooks_made_at_once_one_is_made(fixture: &impl Fixture) {
    let (one, two) = (fixture.open().await, fixture.open().await);
    acme(&*one).await;
    let (left, right) =
        futures::join!(one.change(only(1, "single"), audit("left")), two.change(only(2, "single"), audit("right")));
    match (left, right) {
        (Ok(()), Err(StoreError::Conflict)) | (Err(StoreError::Conflict), Ok(())) => {}
        both => panic!("one is made, the other refused, not {both:?}"),
    }
    assert_eq!(one.webhooks(ACME, first_page(10)).await.expect("read").rows.len(), 1);
}

pub async fn a_webhook_is_read_back_whole(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    let made = webhook(ACME, 1);
    put(&*store, Change::PutWebhook(Box::new(made.clone()))).await;
    assert_eq!(store.webhook(ACME, made.id).await.expect("read"), Some(made.clone()));
    put(&*store, Change::DeleteWebhook(ACME, made.id)).await;
    assert_eq!(store.webhook(ACME, made.id).await.expect("read"), None);
}

pub async fn nothing_is_made_for_a_tenant_that_is_gone(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    put(&*store, Change::DeleteTenant(ACME)).await;
    for change in [
        Change::PutWebhook(Box::new(webhook(ACME, 1))),
        changed(&webhook(ACME, 1), 2),
        Change::PutEventType(event_type(ACME, "order.paid", noon())),
        Change::PutApiKey(api_key(1, Some(ACME))),
    ] {
        let outcome = store.change(change.clone(), audit("put")).await;
        assert!(matches!(outcome, Err(StoreError::NotFound)), "{change:?}: {outcome:?}");
    }
    assert!(store.api_keys(first_page(10)).await.expect("read").rows.is_empty());
}

pub async fn another_tenants_things_are_not_there(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    put(&*store, Change::PutTenant(tenant("other", OTHER))).await;
    put(&*store, Change::PutWebhook(Box::new(webhook(ACME, 1)))).await;
    put(&*store, Change::PutEventType(event_type(ACME, "order.paid", noon()))).await;

    assert_eq!(store.webhook(OTHER, webhook_id(1)).await.expect("read"), None);
    assert_eq!(store.event_type(OTHER, "order.paid").await.expect("read"), None);
    assert!(store.webhooks(OTHER, first_page(10)).await.expect("read").rows.is_empty());
    assert!(store.event_types(OTHER, first_page(10)).await.expect("read").rows.is_empty());
    let mut stolen = webhook(OTHER, 1);
    stolen.version = 2;
    for change in [
        Change::DeleteWebhook(OTHER, webhook_id(1)),
        Change::DeleteEventType(OTHER, "order.paid".to_owned()),
        Change::PutWebhook(Box::new(stolen)),
    ] {
        let outcome = store.change(change.clone(), audit("delete")).await;
        assert!(matches!(outcome, Err(StoreError::NotFound)), "{change:?}: {outcome:?}");
    }
    assert!(store.webhook(ACME, webhook_id(1)).await.expect("read").is_some());
}

pub async fn what_is_not_there_cannot_be_deleted(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    let mut unknown = tenant("unknown", OTHER);
    unknown.version = 2;
    for change in [
        Change::PutTenant(unknown),
        changed(&webhook(ACME, 1), 2),
        Change::DeleteTenant(OTHER),
        Change::DeleteWebhook(ACME, webhook_id(1)),
        Change::DeleteEventType(ACME, "order.paid".to_owned()),
        Change::DeleteApiKey(KeyId::make(noon(), 1)),
    ] {
        let outcome = store.change(change.clone(), audit("delete")).await;
        assert!(matches!(outcome, Err(StoreError::NotFound)), "{change:?}: {outcome:?}");
    }
}

pub async fn a_key_is_made_and_goes(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    let (operators, tenants) = (api_key(1, None), api_key(2, Some(ACME)));
    for key in [&operators, &tenants] {
        put(&*store, Change::PutApiKey(key.clone())).await;
    }
    let again = store.change(Change::PutApiKey(operators.clone()), audit("put")).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    let rows = store.api_keys(first_page(10)).await.expect("read").rows;
    assert_eq!(rows, [tenants.clone(), operators.clone()]);
    put(&*store, Change::DeleteApiKey(tenants.id)).await;
    assert_eq!(store.api_keys(first_page(10)).await.expect("read").rows, [operators]);
}

pub async fn each_change_has_its_line_in_the_audit_log(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let mut line = audit("tenant.create");
    line.tenant = Some(TenantId::new("acme").expect("valid"));
    line.target = "acme \u{0}".to_owned();
    store.change(Change::PutTenant(tenant("acme", ACME)), line.clone()).await.expect("made");
    let refused = store.change(Change::PutTenant(tenant("acme", ACME)), audit("refused")).await;
    assert!(refused.is_err());
    store.change(Change::DeleteTenant(ACME), audit("tenant.delete")).await.expect("made");

    let page = store.audit(first_page(10)).await.expect("read");
    assert_eq!(page.rows, [audit("tenant.delete"), line]);
    assert_eq!(page.next, None);
    store.note(audit("portal_link.create")).await.expect("noted");
    assert_eq!(store.audit(first_page(1)).await.expect("read").rows, [audit("portal_link.create")]);
}

pub async fn a_tenants_number_is_given_out_once(fixture: &impl Fixture) {
    let (one, two) = (fixture.open().await, fixture.open().await);
    let mut seen = HashSet::new();
    for _ in 0..20 {
        let (left, right) = futures::join!(one.next_tenant_number(), two.next_tenant_number());
        assert!(seen.insert(left.expect("given")) && seen.insert(right.expect("given")), "given out twice");
    }
}
