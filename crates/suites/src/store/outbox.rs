//! What the directory has not been told: in order, by one process at a time, and nothing forgotten.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use std::collections::BTreeSet;
use std::time::Instant;

use fanfare_domain::ids::TenantNumber;
use fanfare_ports::directory::{Entry, EntryKey, Write};
use fanfare_ports::store::{Change, Outbox, OutboxItem, Registry};
use futures::future::join_all;

use super::Fixture;
use super::config::{acme, put};
use super::sample::{ACME, api_key, audit, event_type, noon, seconds, tenant, webhook, webhook_id};

fn keys(items: &[OutboxItem]) -> Vec<EntryKey> {
    items.iter().map(|item| item.write.key.clone()).collect()
}

async fn empty(store: &impl Outbox, holder: &str) {
    loop {
        let items = store.untold(holder, 100).await.expect("read");
        let Some(last) = items.last() else { break };
        store.told(holder, last.sequence).await.expect("told");
    }
    // An answer without items may still have taken the lease.
    store.told(holder, i64::MAX).await.expect("told");
}

pub async fn changes_are_told_in_their_order(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    let made = webhook(ACME, 1);
    put(&*store, Change::PutWebhook(Box::new(made.clone()))).await;
    put(&*store, Change::PutApiKey(api_key(1, Some(ACME)))).await;
    put(&*store, Change::DeleteWebhook(ACME, made.id)).await;

    let items = store.untold("a", 3).await.expect("read");
    let writes: Vec<Write> = items.iter().map(|item| item.write.clone()).collect();
    let wrote = |entry: Entry| Write { key: entry.key(), entry: Some(entry) };
    let expected = [
        wrote(Entry::Tenant(tenant("acme", ACME))),
        wrote(Entry::Webhook(Box::new(made.clone()))),
        wrote(Entry::ApiKey(api_key(1, Some(ACME)))),
    ];
    assert_eq!(writes, expected);
    assert!(items.is_sorted_by(|one, two| one.sequence < two.sequence));

    store.told("a", items[1].sequence).await.expect("told");
    let rest = store.untold("a", 100).await.expect("read");
    assert_eq!(keys(&rest), [EntryKey::ApiKey(api_key(1, None).id), EntryKey::Webhook(made.id)]);
    assert_eq!(rest[1].write.entry, None);
}

pub async fn one_process_at_a_time_tells(fixture: &impl Fixture) {
    let (one, two) = (fixture.open().await, fixture.open().await);
    acme(&*one).await;
    put(&*one, Change::PutWebhook(Box::new(webhook(ACME, 1)))).await;

    let given = one.untold("one", 1).await.expect("read");
    assert_eq!(given.len(), 1);
    assert_eq!(two.untold("two", 1).await.expect("read"), [], "another process is at it");
    one.told("one", given[0].sequence).await.expect("told");
    assert_eq!(keys(&two.untold("two", 10).await.expect("read")), [EntryKey::Webhook(webhook_id(1))]);
}

pub async fn only_what_was_given_out_is_removed(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    let given = store.untold("one", 10).await.expect("read");
    put(&*store, Change::PutWebhook(Box::new(webhook(ACME, 1)))).await;

    store.told("two", i64::MAX).await.expect("passed over");
    assert_eq!(store.untold("two", 10).await.expect("read"), [], "two was given nothing and ended nobody's turn");
    store.told("one", given[0].sequence + 1000).await.expect("told");
    let rest = store.untold("two", 10).await.expect("read");
    assert_eq!(keys(&rest), [EntryKey::Webhook(webhook_id(1))], "it was not given out when it was told");
}

pub async fn a_holder_that_died_is_followed_by_another(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    let given = store.untold("dead", 10).await.expect("read");
    let asked = Instant::now();
    let found = loop {
        let found = store.untold("alive", 10).await.expect("read");
        if !found.is_empty() {
            break found;
        }
        assert!(asked.elapsed() < seconds(30), "nobody follows");
        tokio::time::sleep(seconds(1) / 10).await;
    };
    assert_eq!(found, given);
    store.told("dead", given[0].sequence).await.expect("passed over");
    assert_eq!(store.untold("alive", 10).await.expect("read"), given, "the dead one removes nothing");
}

pub async fn a_refused_change_is_not_told(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    empty(&*store, "one").await;
    store.change(Change::PutTenant(tenant("acme", ACME)), audit("put")).await.expect_err("taken");
    store.change(Change::DeleteWebhook(ACME, webhook_id(1)), audit("put")).await.expect_err("not there");
    assert_eq!(store.untold("one", 10).await.expect("read"), []);
}

pub async fn a_deleted_tenant_tells_each_of_its_entries(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let other = TenantNumber::new(8);
    for (name, number, first) in [("acme", ACME, 1), ("other", other, 3)] {
        put(&*store, Change::PutTenant(tenant(name, number))).await;
        put(&*store, Change::PutWebhook(Box::new(webhook(number, first)))).await;
        put(&*store, Change::PutWebhook(Box::new(webhook(number, first + 1)))).await;
        put(&*store, Change::PutEventType(event_type(number, "order.paid", noon()))).await;
    }
    put(&*store, Change::PutApiKey(api_key(1, Some(ACME)))).await;
    put(&*store, Change::PutApiKey(api_key(2, None))).await;
    empty(&*store, "one").await;

    put(&*store, Change::DeleteTenant(ACME)).await;
    let told = store.untold("one", 100).await.expect("read");
    assert!(told.iter().all(|item| item.write.entry.is_none()));
    let expected = BTreeSet::from([
        EntryKey::Tenant(ACME),
        EntryKey::Webhook(webhook_id(1)),
        EntryKey::Webhook(webhook_id(2)),
        EntryKey::EventType(ACME, "order.paid".to_owned()),
        EntryKey::ApiKey(api_key(1, None).id),
    ]);
    assert_eq!(told.len(), expected.len());
    assert_eq!(BTreeSet::from_iter(keys(&told)), expected);
}

pub async fn everything_is_the_current_configuration(fixture: &impl Fixture) {
    let store = fixture.open().await;
    assert_eq!(store.everything().await.expect("read"), []);
    acme(&*store).await;
    let mut kept = webhook(ACME, 1);
    put(&*store, Change::PutWebhook(Box::new(kept.clone()))).await;
    kept.version = 2;
    kept.is_active = false;
    put(&*store, Change::PutWebhook(Box::new(kept.clone()))).await;
    put(&*store, Change::PutWebhook(Box::new(webhook(ACME, 2)))).await;
    put(&*store, Change::DeleteWebhook(ACME, webhook_id(2))).await;
    put(&*store, Change::PutEventType(event_type(ACME, "order.paid", noon()))).await;
    put(&*store, Change::PutApiKey(api_key(1, None))).await;

    let mut told = store.everything().await.expect("read");
    told.sort_by(|one, two| one.key.cmp(&two.key));
    let entries = [
        Entry::Tenant(tenant("acme", ACME)),
        Entry::Webhook(Box::new(kept)),
        Entry::ApiKey(api_key(1, None)),
        Entry::EventType(event_type(ACME, "order.paid", noon())),
    ];
    assert_eq!(told, entries.map(|entry| Write { key: entry.key(), entry: Some(entry) }));
}

pub async fn changes_at_once_are_all_told(fixture: &impl Fixture) {
    let (one, two) = (fixture.open().await, fixture.open().await);
    acme(&*one).await;
    empty(&*one, "teller").await;
    let puts = async |store: &dyn Registry, first: u16| {
        let changes = (first..first + 20)
            .map(|number| store.change(Change::PutWebhook(Box::new(webhook(ACME, number))), audit("put")));
        join_all(changes).await.into_iter().collect::<Result<Vec<()>, _>>().expect("made");
    };
    let tell = async {
        let mut told = BTreeSet::new();
        let asked = Instant::now();
        while told.len() < 40 {
            let items = one.untold("teller", 3).await.expect("read");
            if let Some(last) = items.last() {
                one.told("teller", last.sequence).await.expect("told");
            }
            told.extend(keys(&items));
            assert!(asked.elapsed() < seconds(60), "{} of 40 were told", told.len());
            tokio::task::yield_now().await;
        }
    };
    futures::join!(puts(&*one, 1), puts(&*two, 101), tell);
}
