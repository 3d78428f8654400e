//! Pages: every list in parts of any size is the whole list, newest first.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use fanfare_domain::ids::TenantNumber;
use fanfare_domain::journal::JournalRecord;
use fanfare_ports::store::{
    Change, Cursor, DeliveryFilter, EventFilter, Page, PageRequest, Registry, Reports, StoreError,
};

use super::Fixture;
use super::config::{acme, put};
use super::deliveries::write;
use super::sample::{
    ACME, Story, api_key, audit, event_id, event_type, first_page, noon, page_after, seconds, tenant, webhook,
    webhook_id,
};

/// Walks `list` in pages of several sizes and compares the names of its rows with `expected`.
pub(super) async fn walk<T>(
    list: impl AsyncFn(PageRequest) -> Result<Page<T>, StoreError>,
    name: impl Fn(&T) -> String,
    expected: &[String],
) {
    let count = u32::try_from(expected.len()).expect("a short list");
    for limit in [1, 3, count - 1, count, count + 1, 200] {
        let (mut seen, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = list(PageRequest { limit, after }).await.expect("read");
            assert!(page.rows.len() <= limit as usize, "a page holds at most what was asked for");
            seen.extend(page.rows.iter().map(&name));
            pages += 1;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "in pages of {limit}");
        assert_eq!(pages, count.div_ceil(limit), "no page is empty, pages of {limit}");
    }
    for strange in ["", "strange", "e1.1.x", "\u{0}", "99999999999999999999.é", "-1", "....."] {
        let page = list(page_after(200, strange)).await.expect("read");
        assert_eq!(page.rows.iter().map(&name).collect::<Vec<_>>(), expected, "after {strange:?}");
    }
}

/// Events 1 to 10 in pairs that were accepted at the same instant, on three days.
fn stories() -> Vec<Story> {
    let accepted = |number: u16| noon().plus(seconds(u64::from(number / 2) * 36_000));
    (1..=10).map(|number| Story::new(number).accepted(accepted(number)).about(&format!("s{number}"))).collect()
}

fn newest_first(stories: &[Story], name: impl Fn(&Story) -> String) -> Vec<String> {
    stories.iter().rev().map(name).collect()
}

async fn told(store: &impl fanfare_ports::store::Ledger, stories: &[Story]) {
    write(store, &stories.iter().map(Story::routed).collect::<Vec<JournalRecord>>()).await;
}

pub async fn events(fixture: &impl Fixture) {
    let (store, stories) = (fixture.open().await, stories());
    told(&*store, &stories).await;
    let expected = newest_first(&stories, |story| story.event.id.to_string());
    let filter = EventFilter::default();
    walk(async |page| store.events(ACME, &filter, page).await, |row| row.id.to_string(), &expected).await;
}

pub async fn deliveries(fixture: &impl Fixture) {
    let (store, stories) = (fixture.open().await, stories());
    told(&*store, &stories).await;
    let mut order: Vec<&Story> = stories.iter().collect();
    order.sort_by_key(|story| std::cmp::Reverse((story.event.accepted, story.reference().id)));
    let expected: Vec<String> = order.into_iter().map(|story| story.reference().id.to_string()).collect();
    let filter = DeliveryFilter::default();
    let list = async |page| store.deliveries(ACME, webhook_id(1), &filter, page).await;
    walk(list, |row| row.reference.id.to_string(), &expected).await;
}

pub async fn subjects(fixture: &impl Fixture) {
    let store = fixture.open().await;
    // All at different instants: the order of subjects that are equally new is the adapter's.
    let stories: Vec<Story> = (1..=10).map(|number| Story::new(number).about(&format!("s{number}"))).collect();
    told(&*store, &stories).await;
    let expected = newest_first(&stories, |story| format!("{:?}", story.event.subject));
    let name = |row: &fanfare_ports::store::SubjectRow| format!("{:?}", Some(&row.subject));
    walk(async |page| store.subjects(ACME, None, page).await, name, &expected).await;
}

pub async fn tenants(fixture: &impl Fixture) {
    let store = fixture.open().await;
    for number in 1..=7 {
        put(&*store, Change::PutTenant(tenant(&format!("t{number}"), TenantNumber::new(number)))).await;
    }
    let expected: Vec<String> = (1..=7).rev().map(|number| format!("t{number}")).collect();
    walk(async |page| store.tenants(page).await, |row| row.id.to_string(), &expected).await;
}

pub async fn webhooks(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    for number in 1..=7 {
        let mut made = webhook(ACME, number);
        made.created_at = noon();
        put(&*store, Change::PutWebhook(Box::new(made))).await;
    }
    let expected: Vec<String> = (1..=7).rev().map(|number| webhook_id(number).to_string()).collect();
    walk(async |page| store.webhooks(ACME, page).await, |row| row.id.to_string(), &expected).await;
}

pub async fn event_types(fixture: &impl Fixture) {
    let store = fixture.open().await;
    acme(&*store).await;
    for number in 1..=7u64 {
        let entry = event_type(ACME, &format!("order.{number}"), noon().plus(seconds(number / 2)));
        put(&*store, Change::PutEventType(entry)).await;
    }
    let expected: Vec<String> = (1..=7).rev().map(|number| format!("order.{number}")).collect();
    walk(async |page| store.event_types(ACME, page).await, |row| row.name.to_string(), &expected).await;
}

pub async fn api_keys(fixture: &impl Fixture) {
    let store = fixture.open().await;
    for number in 1..=7 {
        put(&*store, Change::PutApiKey(api_key(number, None))).await;
    }
    let expected: Vec<String> = (1..=7).rev().map(|number| api_key(number, None).id.to_string()).collect();
    walk(async |page| store.api_keys(page).await, |row| row.id.to_string(), &expected).await;
}

pub async fn the_audit_log(fixture: &impl Fixture) {
    let store = fixture.open().await;
    for number in 1..=7 {
        let change = Change::PutApiKey(api_key(number, None));
        store.change(change, audit(&format!("change.{number}"))).await.expect("made");
    }
    let expected: Vec<String> = (1..=7).rev().map(|number| format!("change.{number}")).collect();
    walk(async |page| store.audit(page).await, |row| row.action.clone(), &expected).await;
}

pub async fn a_list_is_stable_while_rows_are_added(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let stories: Vec<Story> = (1..=10).map(Story::new).collect();
    told(&*store, &stories[..6]).await;
    let filter = EventFilter::default();
    let one = store.events(ACME, &filter, first_page(2)).await.expect("read");
    told(&*store, &stories[6..]).await;
    let next: Option<Cursor> = one.next;
    let two = store.events(ACME, &filter, PageRequest { limit: 2, after: next }).await.expect("read");
    assert_eq!(two.rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>(), [event_id(4), event_id(3)]);

    // A cursor belongs to its list.
    let cursor = two.next.expect("two are left");
    let webhooks = DeliveryFilter::default();
    let other = PageRequest { limit: 200, after: Some(cursor) };
    let page = store.deliveries(ACME, webhook_id(1), &webhooks, other).await.expect("read");
    assert_eq!(page.rows.len(), 10);
}
