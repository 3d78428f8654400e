//! What is written down.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::{DeliveryStatus, Position};
use fanfare_domain::journal::Follows;
use fanfare_ports::queue::{Consumer, DeadLetter, Queue, Topic};
use fanfare_ports::store::Reports;
use fanfare_proto::records::encode_journal;

use crate::stage::{GONE, SUCCESS, Stage, attempted, reference, routed, until};

#[tokio::test]
async fn a_batch_is_written_and_finished_in_whatever_order_it_comes() {
    let stage = Stage::new().await;
    let event = stage.event("e1");
    let waiting = Follows::Waiting { due: event.accepted.plus(Duration::from_secs(5)), attempt: 2 };
    stage.tell(&[attempted(&event, 2, 200, SUCCESS), attempted(&event, 1, 500, waiting), routed(&event)]).await;
    stage.written().await;
    let store = stage.embedded.store();
    assert_eq!(stage.status(&reference(&event)).await, Some(DeliveryStatus::Success));
    let attempts = store.attempts(stage.tenant, &reference(&event)).await.expect("read");
    assert_eq!(attempts.iter().map(|one| one.status_code).collect::<Vec<_>>(), [Some(500), Some(200)]);
    let event = store.event(stage.tenant, &event.id).await.expect("read").expect("written");
    assert_eq!(event.delivered, Some(true));
    assert!(stage.webhook().await.is_active);
}

#[tokio::test]
async fn a_webhook_that_cannot_be_read_keeps_nothing_from_being_written() {
    let stage = Stage::new().await;
    stage.store.damaged.store(true, Ordering::SeqCst);
    let event = stage.event("e1");
    stage.tell(&[routed(&event), attempted(&event, 1, 410, GONE)]).await;
    stage.written().await;
    assert_eq!(stage.status(&reference(&event)).await, Some(DeliveryStatus::Failed));
}

#[tokio::test]
async fn while_the_store_is_away_all_waits_and_then_is_whole() {
    let stage = Stage::new().await;
    stage.store.away.store(true, Ordering::SeqCst);
    let event = stage.event("e1");
    stage.tell(&[routed(&event), attempted(&event, 1, 200, SUCCESS)]).await;
    until(async || stage.store.tries.load(Ordering::SeqCst) >= 2).await;
    assert_eq!(stage.logs.waits_for(), ["store: does not take what happened"]);
    assert_eq!(stage.status(&reference(&event)).await, None);

    stage.store.away.store(false, Ordering::SeqCst);
    stage.written().await;
    assert_eq!(stage.status(&reference(&event)).await, Some(DeliveryStatus::Success));
    assert_eq!(stage.logs.waits_for(), Vec::<String>::new());
}

#[tokio::test]
async fn a_stop_while_the_store_is_away_hands_the_batch_back() {
    let mut stage = Stage::new().await;
    stage.store.away.store(true, Ordering::SeqCst);
    let event = stage.event("e1");
    stage.tell(&[routed(&event)]).await;
    until(async || stage.store.tries.load(Ordering::SeqCst) >= 1).await;
    stage.stop().await;
    let again = stage.embedded.queue().take(Consumer::Logs, 10, Duration::ZERO).await.expect("taken");
    assert_eq!(again.len(), 1, "at once, not when its lease lapses");
    assert_eq!(again[0].takers, 1, "an outage makes no dead letters, however often logs is restarted in it");
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_left_to_it_and_what_is_damaged_is_a_dead_letter() {
    let stage = Stage::new().await;
    let event = stage.event("e1");
    let newer = Bytes::from_static(&[250, 1, 2, 3]);
    let damaged = Bytes::from_static(&[1, 255]);
    let records = vec![newer, damaged.clone(), encode_journal(routed(&event))];
    stage.embedded.queue().publish(Topic::JournalLog, records).await.expect("stored");
    let store = stage.embedded.store();
    until(async || store.event(stage.tenant, &event.id).await.expect("read").is_some()).await;
    let backlog = stage.embedded.queue().backlog(Consumer::Logs).await.expect("told");
    assert_eq!(backlog.waiting + backlog.taken, 1, "the newer one is not finished");
    let letters = stage.embedded.queue().read_after(Topic::DeadLetters, Position::default(), 10).await.expect("read");
    let letters: Vec<_> = letters.iter().map(|(_, letter)| DeadLetter::decode(letter).expect("readable")).collect();
    assert_eq!(
        letters.iter().map(|letter| (letter.topic, &letter.record)).collect::<Vec<_>>(),
        [(Topic::JournalLog, &damaged)]
    );
}
