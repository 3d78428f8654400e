//! A deleted tenant: hidden at once, erased bit by bit, and never mixed up with its successor.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use fanfare_domain::ids::{TenantId, TenantNumber};
use fanfare_domain::journal::JournalRecord;
use fanfare_ports::store::{
    Change, DeliveryFilter, EventFilter, Ledger, Registry, Replay, ReplayOnly, ReplayState, Reports, Store,
};

use super::Fixture;
use super::config::{acme, put};
use super::deliveries::write;
use super::sample::{
    ACME, Story, api_key, event_type, first_page, noon, record, replay_id, seconds, tenant, webhook, webhook_id,
};

const OTHER: TenantNumber = TenantNumber::new(8);

fn history(tenant: TenantNumber) -> Vec<JournalRecord> {
    let tell =
        |story: Story| [story.routed(), record(story.failed(1, seconds(1))), record(story.succeeded(2, seconds(61)))];
    (1..=25).flat_map(|number| tell(Story::new(number).of(tenant).about(&format!("s{number}")))).collect()
}

async fn fill(store: &impl Store) {
    acme(store).await;
    put(store, Change::PutWebhook(Box::new(webhook(ACME, 1)))).await;
    put(store, Change::PutEventType(event_type(ACME, "order.paid", noon()))).await;
    put(store, Change::PutApiKey(api_key(1, Some(ACME)))).await;
    write(store, &history(ACME)).await;
    write(store, &history(OTHER)).await;
    let replay = Replay {
        id: replay_id(1),
        tenant: ACME,
        webhook: webhook_id(1),
        since: noon(),
        until: noon().plus(seconds(3600)),
        types: Vec::new(),
        only: ReplayOnly::All,
        max_per_second: None,
        dry_run: false,
        state: ReplayState::Running,
        matched: 25,
        published: 0,
        gone: 0,
        cursor: None,
        created_at: noon(),
    };
    store.begin(&replay).await.expect("begun");
}

async fn nothing_is_shown(store: &impl Store, number: TenantNumber) {
    let story = Story::new(1).of(number);
    assert_eq!(store.webhook(number, webhook_id(1)).await.expect("read"), None);
    assert_eq!(store.webhooks(number, first_page(10)).await.expect("read").rows, []);
    assert_eq!(store.event_type(number, "order.paid").await.expect("read"), None);
    assert_eq!(store.event_types(number, first_page(10)).await.expect("read").rows, []);
    assert_eq!(store.api_keys(first_page(10)).await.expect("read").rows, []);
    assert_eq!(store.events(number, &EventFilter::default(), first_page(10)).await.expect("read").rows, []);
    assert_eq!(store.event(number, &story.event.id).await.expect("read"), None);
    assert_eq!(store.deliveries_of(number, &story.event.id).await.expect("read"), []);
    let filter = DeliveryFilter::default();
    assert_eq!(store.deliveries(number, webhook_id(1), &filter, first_page(10)).await.expect("read").rows, []);
    assert_eq!(store.delivery(number, story.reference().id).await.expect("read"), None);
    assert_eq!(store.attempts(number, &story.reference()).await.expect("read"), []);
    assert_eq!(store.subjects(number, None, first_page(10)).await.expect("read").rows, []);
    assert_eq!(store.stats(number, &[webhook_id(1)]).await.expect("read"), [Default::default()]);
    assert_eq!(store.replay(number, replay_id(1)).await.expect("read"), None);
    assert_eq!(store.take_up("a", noon(), seconds(1)).await.expect("asked"), None);
}

async fn others_are_whole(store: &impl Store) {
    let page = store.events(OTHER, &EventFilter::default(), first_page(200)).await.expect("read");
    assert_eq!(page.rows.len(), 25);
    assert!(page.rows.iter().all(|row| row.delivered == Some(true)));
    let story = Story::new(1).of(OTHER);
    assert_eq!(store.attempts(OTHER, &story.reference()).await.expect("read").len(), 2);
    let stats = store.stats(OTHER, &[webhook_id(1)]).await.expect("read");
    assert_eq!((stats[0].success_count, stats[0].failure_count), (25, 25));
}

pub async fn a_deleted_tenant_is_hidden_at_once(fixture: &impl Fixture) {
    let store = fixture.open().await;
    fill(&*store).await;
    put(&*store, Change::DeleteTenant(ACME)).await;
    assert_eq!(store.tenant(&TenantId::new("acme").expect("valid")).await.expect("read"), None);
    assert_eq!(store.tenants(first_page(10)).await.expect("read").rows, []);
    nothing_is_shown(&*store, ACME).await;
    others_are_whole(&*store).await;
}

pub async fn a_deleted_tenant_is_erased_step_by_step(fixture: &impl Fixture) {
    let store = fixture.open().await;
    fill(&*store).await;
    assert_eq!(store.erasures().await.expect("read"), []);
    put(&*store, Change::DeleteTenant(ACME)).await;
    assert_eq!(store.erasures().await.expect("read"), [ACME]);

    let mut steps = 0;
    while !store.erase(ACME, 10).await.expect("erased") {
        steps += 1;
        assert!(steps < 100, "it goes on for ever");
    }
    assert!(steps >= 2, "25 events, their deliveries and attempts are more than one step of 10");
    assert_eq!(store.erasures().await.expect("read"), [ACME], "until it is noted");

    // What is still under way in the streams stays out.
    assert_eq!(store.record(&history(ACME)[..10]).await.expect("passed over"), Default::default());
    assert!(store.erase(ACME, 10).await.expect("nothing came"));
    store.erased(ACME).await.expect("noted");
    assert_eq!(store.erasures().await.expect("read"), []);
    assert_eq!(store.record(&history(ACME)[..10]).await.expect("passed over"), Default::default());
    nothing_is_shown(&*store, ACME).await;
    others_are_whole(&*store).await;
}

pub async fn a_tenant_that_is_made_again_is_another_one(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let number = store.next_tenant_number().await.expect("given");
    put(&*store, Change::PutTenant(tenant("acme", number))).await;
    write(&*store, &history(number)).await;
    put(&*store, Change::DeleteTenant(number)).await;

    let again = store.next_tenant_number().await.expect("given");
    assert_ne!(again, number);
    put(&*store, Change::PutTenant(tenant("acme", again))).await;
    let found = store.tenant(&TenantId::new("acme").expect("valid")).await.expect("read");
    assert_eq!(found.map(|tenant| tenant.number), Some(again));
    nothing_is_shown(&*store, again).await;
    write(&*store, &[Story::new(1).of(again).routed()]).await;
    assert!(store.erase(number, 1000).await.expect("erased"));
    assert!(store.event(again, &Story::new(1).event.id).await.expect("read").is_some());
}
