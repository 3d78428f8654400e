//! Filters: each list shows what was asked for, of this tenant alone.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use fanfare_domain::delivery::{DeliveryStatus, Settlement};
use fanfare_domain::ids::{DeliveryId, EventId, TenantNumber};
use fanfare_domain::journal::JournalRecord;
use fanfare_ports::store::{DeliveryFilter, EventFilter, EventRow, Ledger, Reports};

use super::Fixture;
use super::deliveries::write;
use super::paging::walk;
use super::sample::{ACME, Story, event_id, first_page, noon, record, seconds, webhook_id};

const OTHER: TenantNumber = TenantNumber::new(8);

async fn events(store: &impl Reports, filter: EventFilter) -> Vec<EventId> {
    let page = store.events(ACME, &filter, first_page(100)).await.expect("read");
    assert_eq!(page.next, None);
    page.rows.into_iter().map(|row| row.id).collect()
}

async fn deliveries(store: &impl Reports, filter: DeliveryFilter) -> Vec<EventId> {
    let page = store.deliveries(ACME, webhook_id(1), &filter, first_page(100)).await.expect("read");
    assert_eq!(page.next, None);
    page.rows.into_iter().map(|row| row.event).collect()
}

fn ids<const N: usize>(numbers: [u16; N]) -> [EventId; N] {
    numbers.map(event_id)
}

pub async fn events_are_filtered(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let stories = [
        Story::new(1).about("a").named("order.paid"),
        Story::new(2).about("b").named("order.paid"),
        Story::new(3).about("a").named("order.paid.late"),
        Story::new(4).named("order"),
    ];
    write(&*store, &stories.each_ref().map(Story::routed)).await;

    assert_eq!(events(&*store, EventFilter::default()).await, ids([4, 3, 2, 1]));
    let of_type = |text: &str| EventFilter { event_type: Some(text.to_owned()), ..EventFilter::default() };
    assert_eq!(events(&*store, of_type("order.paid")).await, ids([2, 1]));
    assert_eq!(events(&*store, of_type("order.*")).await, []);
    let about = |text: &str| EventFilter { subject: Some(text.to_owned()), ..EventFilter::default() };
    assert_eq!(events(&*store, about("a")).await, ids([3, 1]));
    assert_eq!(events(&*store, about("")).await, []);
    let both = EventFilter { event_type: Some("order.paid".to_owned()), ..about("a") };
    assert_eq!(events(&*store, both).await, ids([1]));

    let (since, until) = (Some(stories[1].event.accepted), Some(stories[3].event.accepted));
    assert_eq!(events(&*store, EventFilter { since, ..EventFilter::default() }).await, ids([4, 3, 2]), "at or after");
    assert_eq!(events(&*store, EventFilter { until, ..EventFilter::default() }).await, ids([3, 2, 1]), "before");
    assert_eq!(events(&*store, EventFilter { since, until, ..EventFilter::default() }).await, ids([3, 2]));
    assert_eq!(events(&*store, EventFilter { since: until, until: since, ..EventFilter::default() }).await, []);
}

pub async fn events_know_whether_they_were_delivered(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let (nobody, waits, failed, half, done) =
        (Story::new(1), Story::new(2), Story::new(3), Story::new(4), Story::new(5));
    let half_too = half.clone().to(2);
    let batch = [
        nobody.routed_to(&[]),
        waits.routed(),
        failed.routed(),
        record(failed.given_up(1, seconds(1))),
        half.routed_to(&[webhook_id(1), webhook_id(2)]),
        record(half.succeeded(1, seconds(1))),
        record(half_too.ended(Settlement::Cancelled)),
        done.routed(),
        record(done.succeeded(1, seconds(1))),
    ];
    write(&*store, &batch).await;
    let delivered = |delivered: bool| EventFilter { delivered: Some(delivered), ..EventFilter::default() };
    assert_eq!(events(&*store, delivered(true)).await, ids([5]));
    assert_eq!(events(&*store, delivered(false)).await, ids([4, 3, 2]));
    let page = store.events(ACME, &EventFilter::default(), first_page(100)).await.expect("read");
    let states: Vec<Option<bool>> = page.rows.iter().map(|row| row.delivered).collect();
    assert_eq!(states, [Some(true), Some(false), Some(false), Some(false), None]);
}

pub async fn what_was_not_delivered_is_found_whenever_it_was_accepted(fixture: &impl Fixture) {
    let store = fixture.open().await;
    // One each half minute for an hour, and one the day after; all but a few are delivered.
    let mut stories: Vec<Story> =
        (1..=120).map(|number| Story::new(number).accepted(noon().plus(seconds(30 * u64::from(number))))).collect();
    stories.push(Story::new(121).accepted(noon().plus(seconds(86_400))).named("order.late"));
    let story = |number: usize| &stories[number - 1];
    let success = |story: &Story| record(story.succeeded(1, seconds(1)));
    // One became known as delivered before it was as routed.
    write(&*store, &[success(story(70))]).await;
    for some in stories.chunks(7) {
        write(&*store, &some.iter().map(Story::routed).collect::<Vec<_>>()).await;
    }
    let ends: Vec<JournalRecord> = (1..=121_usize)
        .filter(|number| ![10, 11, 30, 41, 50, 70, 90, 121].contains(number))
        .map(|number| success(story(number)))
        .collect();
    for some in ends.chunks(9) {
        write(&*store, some).await;
    }
    let (first_time, second_time) = (story(40).clone().replayed(1), story(41).clone().replayed(1));
    let others = [
        record(story(30).given_up(1, seconds(1))),
        record(story(30).by_hand(1, seconds(5), true)),
        first_time.routed(),
        record(first_time.given_up(1, seconds(7200))),
        record(story(41).given_up(1, seconds(1))),
        second_time.routed(),
        record(second_time.succeeded(1, seconds(7200))),
        record(story(50).failed(1, seconds(1))),
        record(story(90).ended(Settlement::Cancelled)),
        record(story(121).given_up(1, seconds(1))),
    ];
    write(&*store, &others).await;

    let undelivered = || EventFilter { delivered: Some(false), ..EventFilter::default() };
    let expected = ids([121, 90, 50, 41, 40, 11, 10]).map(|id| id.to_string());
    let id = |row: &EventRow| row.id.to_string();
    walk(async |page| store.events(ACME, &undelivered(), page).await, id, &expected).await;
    // A day later counts of minutes have been tidied up.
    store.maintain(noon().plus(seconds(90_000)), seconds(30 * 86_400)).await.expect("maintained");
    walk(async |page| store.events(ACME, &undelivered(), page).await, id, &expected).await;

    let (from, to) = (story(11).event.accepted, story(90).event.accepted);
    let since = EventFilter { since: Some(from), ..undelivered() };
    assert_eq!(events(&*store, since).await, ids([121, 90, 50, 41, 40, 11]));
    let until = EventFilter { until: Some(to), ..undelivered() };
    assert_eq!(events(&*store, until).await, ids([50, 41, 40, 11, 10]));
    let within = EventFilter { since: Some(from), until: Some(to), ..undelivered() };
    assert_eq!(events(&*store, within).await, ids([50, 41, 40, 11]));
    let late = EventFilter { event_type: Some("order.late".to_owned()), ..undelivered() };
    assert_eq!(events(&*store, late).await, ids([121]));
    let page = store.events(OTHER, &undelivered(), first_page(10)).await.expect("read");
    assert_eq!(page.rows, []);

    let failed = DeliveryFilter { status: Some(DeliveryStatus::Failed), ..DeliveryFilter::default() };
    assert_eq!(deliveries(&*store, failed).await, ids([121, 41, 40]));
    let pending =
        DeliveryFilter { status: Some(DeliveryStatus::Pending), until: Some(to), ..DeliveryFilter::default() };
    assert_eq!(deliveries(&*store, pending).await, ids([11, 10]));

    // In the end everything is delivered but what nobody can deliver any more.
    let rest =
        [story(10).succeeded(1, seconds(90)), story(11).succeeded(1, seconds(90)), story(50).succeeded(2, seconds(90))];
    write(&*store, &rest.map(record)).await;
    store.maintain(noon().plus(seconds(110_000)), seconds(30 * 86_400)).await.expect("maintained");
    assert_eq!(events(&*store, undelivered()).await, ids([121, 90, 41, 40]));
    // What was all delivered is looked into again when some of it goes out once more.
    write(&*store, &[story(100).clone().replayed(2).routed()]).await;
    assert_eq!(events(&*store, undelivered()).await, ids([121, 100, 90, 41, 40]));
}

pub async fn deliveries_are_filtered(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let stories = [1, 2, 3, 4, 5].map(Story::new);
    let [first, second, third, fourth, fifth] = stories.each_ref();
    let batch = [
        first.routed(),
        second.routed(),
        record(second.failed(1, seconds(1))),
        third.clone().named("order.late").routed(),
        record(third.clone().named("order.late").given_up(1, seconds(1))),
        fourth.routed(),
        record(fourth.succeeded(1, seconds(1))),
        record(fifth.ended(Settlement::Cancelled)),
        fifth.routed(),
        Story::new(6).to(2).routed(),
    ];
    write(&*store, &batch).await;
    assert_eq!(deliveries(&*store, DeliveryFilter::default()).await, ids([5, 4, 3, 2, 1]));
    let statuses = [
        (DeliveryStatus::Pending, 1),
        (DeliveryStatus::Retrying, 2),
        (DeliveryStatus::Failed, 3),
        (DeliveryStatus::Success, 4),
        (DeliveryStatus::Cancelled, 5),
    ];
    for (status, expected) in statuses {
        let filter = DeliveryFilter { status: Some(status), ..DeliveryFilter::default() };
        assert_eq!(deliveries(&*store, filter).await, ids([expected]));
    }
    let late = DeliveryFilter { event_type: Some("order.late".to_owned()), ..DeliveryFilter::default() };
    assert_eq!(deliveries(&*store, late.clone()).await, ids([3]));
    let (since, until) = (Some(second.event.accepted), Some(fourth.event.accepted));
    assert_eq!(deliveries(&*store, DeliveryFilter { since, until, ..DeliveryFilter::default() }).await, ids([3, 2]));
    let retrying = DeliveryFilter { status: Some(DeliveryStatus::Retrying), ..late };
    assert_eq!(deliveries(&*store, retrying).await, []);
}

pub async fn an_events_deliveries_are_found(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1);
    let batch = [
        story.routed_to(&[webhook_id(1), webhook_id(2), webhook_id(3)]),
        story.clone().replayed(1).routed(),
        Story::new(2).routed(),
    ];
    write(&*store, &batch).await;
    let found = store.deliveries_of(ACME, &story.event.id).await.expect("read");
    let mut expected = [story.clone(), story.clone().to(2), story.clone().to(3), story.clone().replayed(1)]
        .map(|one| one.reference().id);
    expected.sort_unstable();
    expected.reverse();
    assert_eq!(found.iter().map(|row| row.reference.id).collect::<Vec<_>>(), expected, "equally new, so by id");
    assert_eq!(store.deliveries_of(ACME, &event_id(9)).await.expect("read"), []);
}

pub async fn a_delivery_and_an_event_are_found_by_their_ids(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1).about("order 1");
    write(&*store, &[story.routed()]).await;
    let expected = EventRow {
        id: story.event.id.clone(),
        event_type: "order.paid".to_owned(),
        subject: Some("order 1".to_owned()),
        created: story.event.created,
        accepted: story.event.accepted,
        position: story.position,
        delivered: Some(false),
    };
    assert_eq!(store.event(ACME, &story.event.id).await.expect("read"), Some(expected));
    assert_eq!(store.event(ACME, &event_id(2)).await.expect("read"), None);
    assert!(store.delivery(ACME, story.reference().id).await.expect("read").is_some());
    assert_eq!(store.delivery(ACME, DeliveryId::from_bytes([9; 16])).await.expect("read"), None);
}

pub async fn attempts_are_in_order(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1);
    let batch = [
        record(story.by_hand(2, seconds(4000), true)),
        record(story.given_up(2, seconds(61))),
        record(story.by_hand(2, seconds(3000), false)),
        record(story.failed(1, seconds(1))),
    ];
    write(&*store, &batch).await;
    let rows = store.attempts(ACME, &story.reference()).await.expect("read");
    let order: Vec<_> = rows.iter().map(|row| (row.number, row.manual, row.status_code)).collect();
    assert_eq!(order, [(1, false, Some(503)), (2, false, Some(500)), (2, true, Some(502)), (2, true, Some(200))]);
    let first = story.failed(1, seconds(1)).attempt.expect("attempted");
    assert_eq!((rows[0].id, rows[0].started_at, rows[0].response_time_ms), (first.id, first.started, 10));
}

pub async fn tenants_are_apart(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let mine = Story::new(1).about("mine");
    let theirs = Story::new(2).of(OTHER).about("theirs");
    let batch = [mine.routed(), theirs.routed(), record(theirs.succeeded(1, seconds(1)))];
    write(&*store, &batch).await;

    assert_eq!(events(&*store, EventFilter::default()).await, ids([1]));
    assert_eq!(deliveries(&*store, DeliveryFilter::default()).await, ids([1]), "not even of a webhook of the same id");
    assert_eq!(store.event(ACME, &theirs.event.id).await.expect("read"), None);
    assert_eq!(store.deliveries_of(ACME, &theirs.event.id).await.expect("read"), []);
    assert_eq!(store.delivery(ACME, theirs.reference().id).await.expect("read"), None);
    assert_eq!(store.attempts(ACME, &theirs.reference()).await.expect("read"), []);
    assert_eq!(store.stats(ACME, &[theirs.webhook]).await.expect("read"), [Default::default()]);
    let subjects = store.subjects(ACME, None, first_page(10)).await.expect("read").rows;
    assert_eq!(subjects.iter().map(|row| row.subject.as_str()).collect::<Vec<_>>(), ["mine"]);
}
