//! Content: whatever travels in a record is kept, and what cannot be held harms nothing beside it.

#![expect(missing_docs, reason = "a case's name says what it holds adapters to")]

use bytes::Bytes;
use fanfare_domain::attempt::KEPT_RESPONSE_BODY;
use fanfare_domain::delivery::DeliveryStatus;
use fanfare_domain::journal::JournalRecord;
use fanfare_ports::store::{EventFilter, Ledger, Reports};

use super::Fixture;
use super::deliveries::{delivery, write};
use super::sample::{ACME, Story, first_page, record, seconds};

pub async fn nul_and_every_other_character_are_kept(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let subjects = ["nul \u{0} within", "\\0", "\\u0000", "\u{0}", "\\\\0\\", "'; --", "\u{10FFFF} e\u{301}", ""];
    for (number, subject) in (1..).zip(subjects) {
        let story = Story::new(number).about(subject);
        let mut failed = story.failed(1, seconds(1));
        if let Some(attempt) = &mut failed.attempt {
            attempt.error = Some(format!("http: {subject}"));
            attempt.request_headers = [("X-\u{0}", subject), ("a", "")].into_iter().collect();
            attempt.response_headers = [("Set-Cookie", "1"), ("Set-Cookie", "2")].into_iter().collect();
        }
        let expected = failed.attempt.clone().expect("attempted");
        write(&*store, &[record(failed), story.routed()]).await;

        let filter = EventFilter { subject: Some(subject.to_owned()), ..EventFilter::default() };
        let found = store.events(ACME, &filter, first_page(10)).await.expect("read").rows;
        assert_eq!(found.len(), 1, "{subject:?}");
        assert_eq!((&found[0].id, found[0].subject.as_deref()), (&story.event.id, Some(subject)));
        let rows = store.attempts(ACME, &story.reference()).await.expect("read");
        assert_eq!(rows[0].error, expected.error);
        assert_eq!(rows[0].request_headers, expected.request_headers.pairs().expect("a list"));
        assert_eq!(rows[0].response_headers, expected.response_headers.pairs().expect("a list"));
    }
    let listed = store.subjects(ACME, None, first_page(100)).await.expect("read").rows;
    let listed: Vec<&str> = listed.iter().rev().map(|row| row.subject.as_str()).collect();
    assert_eq!(listed, subjects);
}

pub async fn a_body_is_kept_byte_for_byte(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let every_byte: Vec<u8> = (0..=255).cycle().take(KEPT_RESPONSE_BODY).collect();
    for (number, body) in (1..).zip([Bytes::new(), Bytes::from_static(b"\xff\xfe\0\x80"), Bytes::from(every_byte)]) {
        let story = Story::new(number);
        let mut tried = story.succeeded(1, seconds(1));
        if let Some(attempt) = &mut tried.attempt {
            attempt.response_body = body.clone();
            attempt.status = None;
        }
        write(&*store, &[record(tried)]).await;
        let rows = store.attempts(ACME, &story.reference()).await.expect("read");
        assert_eq!((&rows[0].response_body, rows[0].status_code), (&body, None));
    }
}

pub async fn a_bad_record_is_set_aside_and_its_neighbours_are_written(fixture: &impl Fixture) {
    let store = fixture.open().await;
    fixture.refuse_events_about("poison").await;
    let stories: Vec<Story> = (1..=50)
        .map(|number| Story::new(number).about(if [7, 8, 31].contains(&number) { "poison" } else { "fine" }))
        .collect();
    let tell = |story: &Story| [story.routed(), record(story.failed(1, seconds(1)))];
    let batch: Vec<JournalRecord> = stories.iter().flat_map(tell).collect();

    let recorded = store.record(&batch).await.expect("written");
    assert_eq!((recorded.set_aside, recorded.new_attempts, recorded.too_old), (3, 50, 0));
    assert_eq!(recorded.health.len(), 1, "{:?}", recorded.health);
    assert_eq!(recorded.health[0].consecutive_failures, 50);
    for story in &stories {
        let bad = story.event.subject.as_deref() == Some("poison");
        assert_eq!(store.event(ACME, &story.event.id).await.expect("read").is_none(), bad);
        assert_eq!(delivery(&*store, story).await.status, DeliveryStatus::Retrying, "its attempt was no bad record");
    }
    let again = store.record(&batch).await.expect("written");
    assert_eq!((again.set_aside, again.new_attempts), (3, 0));
}

pub async fn an_empty_batch_is_nothing(fixture: &impl Fixture) {
    let store = fixture.open().await;
    assert_eq!(store.record(&[]).await.expect("written"), Default::default());
}

pub async fn a_batch_of_a_thousand_is_written(fixture: &impl Fixture) {
    let store = fixture.open().await;
    let stories: Vec<Story> = (0..500).map(|number| Story::new(number).to(number % 20).about("s")).collect();
    let tell = |story: &Story| [story.routed(), record(story.succeeded(1, seconds(1)))];
    let batch: Vec<JournalRecord> = stories.iter().flat_map(tell).collect();
    assert_eq!(store.record(&batch).await.expect("written").new_attempts, 500);
    for story in stories.iter().step_by(50) {
        assert_eq!(delivery(&*store, story).await.status, DeliveryStatus::Success);
    }
    let filter = EventFilter { delivered: Some(true), ..EventFilter::default() };
    let page = store.events(ACME, &filter, first_page(200)).await.expect("read");
    assert_eq!((page.rows.len(), page.next.is_some()), (200, true));
}

pub async fn a_long_subject_is_kept(fixture: &impl Fixture) {
    let store = fixture.open().await;
    // Longer than an index of some databases takes, and not to be compressed.
    let long: String =
        (0..20_000u32).map(|n| char::from(b'!' + (n.wrapping_mul(2_654_435_761) >> 17) as u8 % 90)).collect();
    let story = Story::new(1).about(&long);
    write(&*store, &[story.routed()]).await;
    let rows = store.subjects(ACME, None, first_page(10)).await.expect("read").rows;
    assert_eq!(rows[0].subject, long);
    let filter = EventFilter { subject: Some(long), ..EventFilter::default() };
    assert_eq!(store.events(ACME, &filter, first_page(10)).await.expect("read").rows.len(), 1);
}
