//! Days: rows live on the day on which their event was accepted, and go with it.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use std::time::Duration;

use fanfare_domain::delivery::DeliveryStatus;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{EventFilter, Ledger, Reports};

use super::Fixture;
use super::deliveries::{delivery, write};
use super::sample::{ACME, Story, first_page, noon, record, seconds, time};

const DAY: Duration = Duration::from_secs(86_400);

fn accepted_at(number: u16, at: Timestamp) -> Story {
    Story::new(number).accepted(at)
}

pub async fn a_story_across_midnight_is_one_story(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let story = accepted_at(1, time("2026-03-15T23:59:59.900Z")).about("order 1");
    let records = [
        record(story.failed(1, Duration::from_millis(200))),
        record(story.failed(2, seconds(60))),
        record(story.succeeded(3, DAY)),
        story.routed(),
    ];
    // As one process wrote it, and then a second time by another, in other batches, the day after.
    write(&*store, &records).await;
    store.maintain(time("2026-03-16T00:00:01Z"), 30 * DAY).await.expect("maintained");
    for one in &records {
        let recorded = fixture.open().await.record(std::slice::from_ref(one)).await.expect("written");
        assert_eq!(recorded.new_attempts, 0);
    }
    let row = delivery(&*store, &story).await;
    assert_eq!((row.status, row.attempt, row.created_at), (DeliveryStatus::Success, 3, story.event.accepted));
    assert_eq!(store.attempts(ACME, &row.reference).await.expect("read").len(), 3);
    let page = store.events(ACME, &EventFilter::default(), first_page(10)).await.expect("read");
    assert_eq!(page.rows.len(), 1);
    assert_eq!(page.rows[0].delivered, Some(true));
    let stats = store.stats(ACME, &[story.webhook]).await.expect("read");
    assert_eq!((stats[0].failure_count, stats[0].success_count), (2, 1));
}

pub async fn an_event_id_may_come_again_on_another_day(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let first = accepted_at(1, noon());
    let second = accepted_at(1, noon().plus(2 * DAY));
    write(&*store, &[first.routed(), record(first.given_up(1, seconds(1)))]).await;
    write(&*store, &[second.routed(), record(second.succeeded(1, seconds(1)))]).await;
    let found = store.event(ACME, &first.event.id).await.expect("read").expect("there");
    assert_eq!((found.accepted, found.delivered), (second.event.accepted, Some(true)), "the newest one is meant");
    let found = store.deliveries_of(ACME, &first.event.id).await.expect("read");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].status, found[0].created_at), (DeliveryStatus::Success, second.event.accepted));
    let page = store.events(ACME, &EventFilter::default(), first_page(10)).await.expect("read");
    let rows: Vec<_> = page.rows.iter().map(|row| (row.accepted, row.delivered)).collect();
    assert_eq!(rows, [(second.event.accepted, Some(true)), (first.event.accepted, Some(false))]);
}

pub async fn days_that_are_no_longer_kept_are_dropped(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let now = noon().plus(30 * DAY);
    let old = accepted_at(1, time("2026-03-14T23:59:59.999Z")).about("old");
    let kept = accepted_at(2, time("2026-03-15T00:00:00Z")).about("kept");
    let batch = [old.routed(), record(old.failed(1, seconds(1))), kept.routed(), record(kept.failed(1, seconds(1)))];
    write(&*store, &batch).await;

    store.maintain(now, 30 * DAY).await.expect("maintained");
    let page = store.events(ACME, &EventFilter::default(), first_page(10)).await.expect("read");
    assert_eq!(page.rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>(), std::slice::from_ref(&kept.event.id));
    assert_eq!(store.delivery(ACME, old.reference().id).await.expect("read"), None);
    assert_eq!(store.attempts(ACME, &old.reference()).await.expect("read"), []);
    assert_eq!(store.attempts(ACME, &kept.reference()).await.expect("read").len(), 1);
    let subjects = store.subjects(ACME, None, first_page(10)).await.expect("read").rows;
    assert_eq!(subjects.iter().map(|row| row.subject.as_str()).collect::<Vec<_>>(), ["kept"]);
    let stats = store.stats(ACME, &[old.webhook]).await.expect("read");
    assert_eq!(stats[0].failure_count, 2, "what was counted stays counted");
}

pub async fn records_of_dropped_days_are_passed_over(fixture: &impl Fixture) {
    let store = fixture.open().await;
    store.maintain(noon(), 7 * DAY).await.expect("maintained");
    let old = accepted_at(1, noon().minus(8 * DAY)).about("old");
    let kept = accepted_at(2, noon().minus(7 * DAY));
    let batch = [
        kept.routed(),
        old.routed(),
        record(old.failed(1, seconds(1))),
        record(old.succeeded(2, seconds(61))),
        record(kept.succeeded(1, seconds(1))),
    ];
    let recorded = store.record(&batch).await.expect("written");
    assert_eq!((recorded.new_attempts, recorded.too_old, recorded.set_aside), (1, 3, 0));
    assert_eq!(store.event(ACME, &old.event.id).await.expect("read"), None);
    assert_eq!(store.subjects(ACME, None, first_page(10)).await.expect("read").rows, []);
    assert_eq!(delivery(&*store, &kept).await.status, DeliveryStatus::Success);
    let stats = store.stats(ACME, &[old.webhook]).await.expect("read");
    assert_eq!((stats[0].success_count, stats[0].failure_count), (1, 0));

    // A longer time to keep does not bring back what is gone, and does not forget that it is.
    store.maintain(noon(), 30 * DAY).await.expect("maintained");
    assert_eq!(store.record(&batch).await.expect("written").too_old, 3);
}

pub async fn days_before_the_first_maintenance_and_far_ahead_have_room(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let stories =
        [accepted_at(1, noon()), accepted_at(2, noon().minus(20 * DAY)), accepted_at(3, noon().plus(9 * DAY))];
    write(&*store, &stories.each_ref().map(Story::routed)).await;
    store.maintain(noon(), 30 * DAY).await.expect("maintained");
    write(&*store, &stories.each_ref().map(|story| record(story.succeeded(1, seconds(1))))).await;
    write(&*store, &[accepted_at(4, noon().plus(40 * DAY)).routed()]).await;
    for story in &stories {
        assert_eq!(delivery(&*store, story).await.status, DeliveryStatus::Success);
    }
}

pub async fn maintenance_may_be_repeated(fixture: &impl Fixture) {
    let (one, two) = (fixture.open().await, fixture.open().await);
    let story = Story::new(1);
    write(&*one, &[story.routed()]).await;
    for day in 0..3 {
        let now = noon().plus(day * DAY);
        let (left, right) = futures::join!(one.maintain(now, 30 * DAY), two.maintain(now, 30 * DAY));
        left.and(right).expect("maintained");
    }
    assert_eq!(delivery(&*one, &story).await.status, DeliveryStatus::Pending);
}
