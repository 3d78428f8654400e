//! Subjects: each with the newest event about it, which alone is judged.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use fanfare_domain::journal::JournalRecord;
use fanfare_ports::store::{Reports, SubjectRow};

use super::Fixture;
use super::deliveries::write;
use super::paging::walk;
use super::sample::{ACME, Story, first_page, noon, orders, record, seconds};

async fn list(store: &impl Reports, delivered: Option<bool>) -> Vec<SubjectRow> {
    store.subjects(ACME, delivered, first_page(100)).await.expect("read").rows
}

fn names(rows: &[SubjectRow]) -> Vec<(&str, &str)> {
    rows.iter().map(|row| (row.subject.as_str(), row.newest.id.as_str())).collect()
}

pub async fn a_subject_shows_its_newest_event(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let records =
        [Story::new(1).about("a"), Story::new(3).about("a"), Story::new(2).about("b")].map(|story| story.routed());
    for order in orders(&records) {
        for one in order {
            write(&*store, &[one]).await;
        }
        assert_eq!(names(&list(&*store, None).await).last(), Some(&("b", "event-0002")));
    }
    let rows = list(&*store, None).await;
    assert_eq!(names(&rows), [("a", "event-0003"), ("b", "event-0002")]);
    let event = store.event(ACME, &rows[0].newest.id).await.expect("read");
    assert_eq!(event.as_ref(), Some(&rows[0].newest));

    // Two at the same instant: the greater id.
    let same = Story::new(4).accepted(Story::new(3).event.accepted).about("a");
    write(&*store, &[same.routed(), records[1].clone()]).await;
    assert_eq!(names(&list(&*store, None).await), [("a", "event-0004"), ("b", "event-0002")]);
}

pub async fn a_subject_is_judged_by_its_newest_event(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let (old, new) = (Story::new(1).about("was bad, is good"), Story::new(2).about("was bad, is good"));
    let (good, bad) = (Story::new(3).about("was good, is bad"), Story::new(4).about("was good, is bad"));
    let nobody = Story::new(5).about("goes to nobody");
    let batch = [
        old.routed(),
        record(old.given_up(1, seconds(1))),
        new.routed(),
        record(new.succeeded(1, seconds(1))),
        good.routed(),
        record(good.succeeded(1, seconds(1))),
        bad.routed(),
        nobody.routed_to(&[]),
    ];
    write(&*store, &batch).await;
    assert_eq!(names(&list(&*store, Some(true)).await), [("was bad, is good", "event-0002")]);
    assert_eq!(names(&list(&*store, Some(false)).await), [("was good, is bad", "event-0004")]);
    let states: Vec<Option<bool>> = list(&*store, None).await.iter().map(|row| row.newest.delivered).collect();
    assert_eq!(states, [None, Some(false), Some(true)]);
}

pub async fn subjects_that_were_not_delivered_are_found_in_pages(fixture: &impl Fixture) {
    let store = fixture.open().await;
    // Two a minute; every fifth is not delivered.
    let about = |number: u16| Story::new(number).accepted(noon().plus(seconds(30 * u64::from(number))));
    let stories: Vec<Story> = (1..=60).map(|number| about(number).about(&format!("s{number}"))).collect();
    for story in &stories {
        write(&*store, &[story.routed()]).await;
    }
    let is_missed = |place: usize| place % 5 == 4;
    let delivered = stories.iter().enumerate().filter(|(place, _)| !is_missed(*place));
    let ends: Vec<JournalRecord> = delivered.map(|(_, story)| record(story.succeeded(1, seconds(1)))).collect();
    write(&*store, &ends).await;
    let expected: Vec<String> = (1..=12).rev().map(|number| format!("s{}", number * 5)).collect();
    let name = |row: &SubjectRow| row.subject.clone();
    walk(async |page| store.subjects(ACME, Some(false), page).await, name, &expected).await;
}
