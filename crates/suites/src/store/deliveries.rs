//! What becomes of a delivery, however its records come: in any order, more than once, in any batches.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use fanfare_domain::delivery::{DeliveryStatus, FailureReason, Position, Settlement};
use fanfare_domain::ids::TenantNumber;
use fanfare_domain::journal::{JournalRecord, Parked, Parking, Restated};
use fanfare_ports::store::{DeliveryRow, EventFilter, Ledger, Reports};
use futures::future::join_all;

use super::Fixture;
use super::sample::{ACME, Story, event_id, first_page, orders, record, seconds};

pub(super) async fn write(store: &impl Ledger, records: &[JournalRecord]) {
    let recorded = store.record(records).await.expect("written");
    assert_eq!((recorded.too_old, recorded.set_aside), (0, 0), "all are written");
}

pub(super) async fn delivery(store: &impl Reports, story: &Story) -> DeliveryRow {
    let found = store.delivery(story.event.tenant, story.reference().id).await.expect("read");
    found.expect("the delivery is there")
}

async fn attempts(store: &impl Reports, story: &Story) -> Vec<(u16, bool, bool, Option<u16>)> {
    let rows = store.attempts(story.event.tenant, &story.reference()).await.expect("read");
    rows.into_iter().map(|row| (row.number, row.manual, row.late, row.status_code)).collect()
}

/// Routed, failed twice, succeeded.
fn thrice(story: &Story) -> [JournalRecord; 4] {
    [
        story.routed(),
        record(story.failed(1, seconds(1))),
        record(story.failed(2, seconds(61))),
        record(story.succeeded(3, seconds(121))),
    ]
}

async fn ended_well(store: &impl Reports, story: &Story) {
    let row = delivery(store, story).await;
    let expected = DeliveryRow {
        reference: story.reference(),
        event: story.event.id.clone(),
        event_type: "order.paid".to_owned(),
        status: DeliveryStatus::Success,
        error: None,
        status_code: Some(200),
        response_time_ms: Some(30),
        attempt: 3,
        next_attempt_at: None,
        created_at: story.event.accepted,
    };
    assert_eq!(row, expected);
    let three = [(1, false, false, Some(503)), (2, false, false, Some(503)), (3, false, false, Some(200))];
    assert_eq!(attempts(store, story).await, three);
    let event = store.event(story.event.tenant, &story.event.id).await.expect("read").expect("there");
    assert_eq!(event.delivered, Some(true));
}

/// A story for each of `count` tenants, so that they share nothing.
fn stories(count: usize) -> impl Iterator<Item = Story> {
    (100..).map(TenantNumber::new).map(|tenant| Story::new(1).of(tenant)).take(count)
}

pub async fn a_delivery_is_the_same_in_whatever_order_its_records_come(fixture: &impl Fixture) {
    let store = fixture.open().await;
    for (place, story) in stories(24).enumerate() {
        let order = orders(&thrice(&story)).swap_remove(place);
        write(&*store, &order).await;
        ended_well(&*store, &story).await;
    }
}

pub async fn a_delivery_is_the_same_when_records_come_twice(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1);
    let mut records = thrice(&story).to_vec();
    records.extend(thrice(&story));
    records.reverse();
    assert_eq!(store.record(&records).await.expect("written").new_attempts, 3);
    ended_well(&*store, &story).await;
    for again in [&records[..], &records[2..3], &records[4..]] {
        assert_eq!(store.record(again).await.expect("written").new_attempts, 0);
        ended_well(&*store, &story).await;
    }
}

pub async fn a_delivery_is_the_same_when_each_record_is_a_batch(fixture: &impl Fixture) {
    let store = fixture.open().await;
    for (place, story) in stories(24).enumerate() {
        for one in orders(&thrice(&story)).swap_remove(place) {
            write(&*store, &[one]).await;
        }
        ended_well(&*store, &story).await;
    }
}

pub async fn a_delivery_that_waits_shows_when(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1);
    write(&*store, &[story.routed()]).await;
    let row = delivery(&*store, &story).await;
    assert_eq!((row.status, row.attempt, row.status_code), (DeliveryStatus::Pending, 0, None));
    assert_eq!((row.response_time_ms, row.next_attempt_at), (None, None));

    write(&*store, &[record(story.failed(1, seconds(1)))]).await;
    let row = delivery(&*store, &story).await;
    assert_eq!((row.status, row.attempt, row.status_code), (DeliveryStatus::Retrying, 1, Some(503)));
    assert_eq!(row.next_attempt_at, Some(story.event.accepted.plus(seconds(61))));
}

pub async fn a_status_never_moves_backwards(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1);
    let cancelled = || record(story.ended(Settlement::Cancelled));
    let steps = [
        (story.routed(), DeliveryStatus::Pending),
        (record(story.failed(2, seconds(61))), DeliveryStatus::Retrying),
        (record(story.failed(1, seconds(1))), DeliveryStatus::Retrying),
        (record(story.given_up(3, seconds(121))), DeliveryStatus::Failed),
        (record(story.failed(2, seconds(61))), DeliveryStatus::Failed),
        (cancelled(), DeliveryStatus::Cancelled),
        (record(story.given_up(4, seconds(181))), DeliveryStatus::Cancelled),
        (record(story.succeeded(5, seconds(241))), DeliveryStatus::Success),
        (cancelled(), DeliveryStatus::Success),
        (story.routed(), DeliveryStatus::Success),
    ];
    for (place, (one, status)) in steps.into_iter().enumerate() {
        write(&*store, &[one]).await;
        let row = delivery(&*store, &story).await;
        assert_eq!(row.status, status, "after step {place}");
        let due = (status == DeliveryStatus::Retrying).then(|| story.event.accepted.plus(seconds(121)));
        assert_eq!(row.next_attempt_at, due, "after step {place}");
        assert_eq!(row.error.is_some(), status == DeliveryStatus::Failed, "after step {place}");
    }
}

pub async fn a_manual_attempt_settles_what_had_failed(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1);
    write(&*store, &[story.routed(), record(story.given_up(1, seconds(1)))]).await;
    let row = delivery(&*store, &story).await;
    assert_eq!(row.error.as_deref(), Some(FailureReason::AttemptsUsedUp.as_str()));

    write(&*store, &[record(story.by_hand(1, seconds(900), true))]).await;
    let row = delivery(&*store, &story).await;
    assert_eq!((row.status, row.error, row.status_code), (DeliveryStatus::Success, None, Some(200)));
    assert_eq!(attempts(&*store, &story).await, [(1, false, false, Some(500)), (1, true, false, Some(200))]);
}

pub async fn a_manual_attempt_that_fails_changes_nothing(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1);
    write(&*store, &[record(story.by_hand(1, seconds(30), false)), record(story.failed(1, seconds(1)))]).await;
    let row = delivery(&*store, &story).await;
    assert_eq!((row.status, row.attempt, row.status_code), (DeliveryStatus::Retrying, 1, Some(502)));
    assert_eq!(row.next_attempt_at, Some(story.event.accepted.plus(seconds(61))));
    assert_eq!(attempts(&*store, &story).await, [(1, false, false, Some(503)), (1, true, false, Some(502))]);
}

pub async fn a_late_attempt_is_logged_and_decides_nothing(fixture: &impl Fixture) {
    let store = fixture.open().await;
    for (place, story) in stories(6).enumerate() {
        let mut late = story.succeeded(1, seconds(1));
        late.late = true;
        let records = [story.routed(), record(late), record(story.failed(1, seconds(6)))];
        for one in orders(&records).swap_remove(place) {
            write(&*store, &[one]).await;
        }
        let row = delivery(&*store, &story).await;
        assert_eq!((row.status, row.attempt, row.status_code), (DeliveryStatus::Retrying, 1, Some(503)));
        assert_eq!(attempts(&*store, &story).await, [(1, false, true, Some(200)), (1, false, false, Some(503))]);
    }
}

pub async fn a_delivery_can_end_without_an_attempt(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let reason = FailureReason::WebhookInactive;
    let inactive = Story::new(1);
    let waiting = Story::new(2);
    let batch = [
        record(inactive.ended(Settlement::Failed(reason))),
        inactive.routed(),
        waiting.routed(),
        record(waiting.failed(1, seconds(1))),
        record(waiting.ended(Settlement::Failed(reason))),
    ];
    write(&*store, &batch).await;
    for (story, attempt, code) in [(&inactive, 0, None), (&waiting, 1, Some(503))] {
        let row = delivery(&*store, story).await;
        assert_eq!((row.status, row.error.as_deref()), (DeliveryStatus::Failed, Some(reason.as_str())));
        assert_eq!((row.attempt, row.status_code, row.next_attempt_at), (attempt, code, None));
        assert_eq!(row.created_at, story.event.accepted);
    }
}

pub async fn an_attempt_without_its_event_waits_for_the_routed_record(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1);
    let mut gone = story.ended(Settlement::Failed(FailureReason::PayloadGone));
    (gone.event, gone.event_type) = (None, None);
    write(&*store, &[record(gone)]).await;
    write(&*store, &[story.routed()]).await;
    let row = delivery(&*store, &story).await;
    assert_eq!(
        (row.status, row.event, row.event_type.as_str()),
        (DeliveryStatus::Failed, story.event.id, "order.paid")
    );
}

pub async fn parked_records_leave_no_trace(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = Story::new(1);
    let due = story.event.accepted.plus(seconds(5));
    let parked = Parked { delivery: story.reference(), attempt: 1, due, parking: Parking::InFlight };
    let restated = Restated { delivery: story.reference(), attempt: 1, due, queue: None };
    let records = [JournalRecord::Parked(parked), JournalRecord::Restated(restated)];
    let recorded = store.record(&records).await.expect("written");
    assert_eq!(recorded, Default::default());
    assert_eq!(store.delivery(ACME, story.reference().id).await.expect("read"), None);
}

pub async fn a_replays_delivery_is_another_one(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let first = Story::new(1);
    let replayed = first.clone().replayed(1);
    let batch = [
        replayed.routed(),
        record(replayed.succeeded(1, seconds(9000))),
        first.routed(),
        record(first.given_up(1, seconds(1))),
    ];
    write(&*store, &batch).await;
    assert_eq!(delivery(&*store, &first).await.status, DeliveryStatus::Failed);
    let row = delivery(&*store, &replayed).await;
    assert_eq!((row.status, row.reference), (DeliveryStatus::Success, replayed.reference()));
    let event = store.event(ACME, &first.event.id).await.expect("read").expect("one event");
    assert_eq!(event.delivered, Some(false));
}

pub async fn known_and_new_events_come_together(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let [first, second, third] = [1, 2, 3].map(Story::new);
    let replayed = first.clone().replayed(1);
    write(&*store, &[second.routed(), first.routed(), record(first.given_up(1, seconds(1)))]).await;
    // Once more, with a replay of what is known and with what is new.
    let batch = [third.routed(), record(third.succeeded(1, seconds(1))), replayed.routed(), second.routed()];
    write(&*store, &batch).await;
    write(&*store, &[third.routed(), record(second.succeeded(1, seconds(1))), Story::new(4).routed()]).await;
    let page = store.events(ACME, &EventFilter::default(), first_page(10)).await.expect("read");
    let found: Vec<_> = page.rows.iter().map(|row| (row.id.clone(), row.delivered)).collect();
    let of = |number, delivered| (event_id(number), Some(delivered));
    assert_eq!(found, [of(4, false), of(3, true), of(2, true), of(1, false)]);
    let expected = [DeliveryStatus::Failed, DeliveryStatus::Success, DeliveryStatus::Success, DeliveryStatus::Pending];
    for (story, status) in [first, second, third, replayed].iter().zip(expected) {
        assert_eq!(delivery(&*store, story).await.status, status);
    }
}

pub async fn a_reference_is_read_back(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let tenant = TenantNumber::new(u32::MAX);
    let mut story = Story::new(1).of(tenant).replayed(3);
    story.position = Position { sequence: u64::MAX - 1, index: u16::MAX };
    write(&*store, &[story.routed(), record(story.given_up(u16::MAX, seconds(1)))]).await;
    let row = delivery(&*store, &story).await;
    assert_eq!((row.reference, row.attempt), (story.reference(), u16::MAX));
    let event = store.event(tenant, &story.event.id).await.expect("read").expect("there");
    assert_eq!(event.position, story.position);
}

pub async fn processes_write_the_same_records_at_once(fixture: &impl Fixture) {
    let stores = [fixture.open().await, fixture.open().await];
    let stories: Vec<Story> = (1..=40).map(Story::new).collect();
    let mut forwards: Vec<JournalRecord> = stories.iter().flat_map(thrice).collect();
    let backwards: Vec<JournalRecord> = forwards.iter().rev().cloned().collect();
    forwards.rotate_left(7);
    let batches = [&forwards, &backwards];
    // A store may refuse one of two batches that meet; whoever writes tries again, as logs does.
    let writers = stores.iter().zip(batches).map(async |(store, records)| {
        for batch in records.chunks(16) {
            let mut tries = 0;
            while let Err(error) = store.record(batch).await {
                tries += 1;
                assert!(tries < 10, "{error}");
            }
        }
    });
    join_all(writers).await;
    for story in &stories {
        ended_well(&*stores[0], story).await;
    }
    let stats = stores[0].stats(ACME, &[stories[0].webhook]).await.expect("read");
    assert_eq!((stats[0].success_count, stats[0].failure_count), (40, 80));
}
