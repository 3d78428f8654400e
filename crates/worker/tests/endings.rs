//! Deliveries that end, or wait, without an attempt.

mod stage;

use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::{Delivery, DeliveryRef, FailureReason, Lane, Position, Settlement, Turn};
use fanfare_domain::event::Purpose;
use fanfare_domain::ids::{AttemptId, Run};
use fanfare_domain::journal::{Attempted, Follows, Parking};
use fanfare_ports::directory::{Entry, EntryKey, Write};
use fanfare_ports::queue::{Consumer, Topic};
use fanfare_proto::records::encode_delivery;

use stage::{RETENTION, Receiver, Stage, TENANT, seal_elsewhere, soon};

fn ended(attempted: &Attempted) -> (Follows, bool) {
    (attempted.follows, attempted.attempt.is_some())
}

const fn failed(reason: FailureReason) -> (Follows, bool) {
    (Follows::Settled(Settlement::Failed(reason)), false)
}

#[tokio::test]
async fn a_webhook_that_is_inactive_by_now_gets_nothing() {
    let stage = Stage::new().await;
    let receiver = Receiver::answering(200).await;
    let mut webhook = stage::webhook(1, receiver.url("/"));
    webhook.is_active = false;
    stage.write(Entry::Webhook(Box::new(webhook.clone()))).await;
    stage.send("e1", &webhook).await;
    let attempted = stage.attempted().await;
    assert_eq!(ended(&attempted), failed(FailureReason::WebhookInactive));
    assert_eq!(attempted.event.expect("known").as_str(), "e1");
    assert_eq!(receiver.count(), 0);
}

#[tokio::test]
async fn deliveries_of_a_deleted_webhook_are_cancelled_and_of_a_deleted_tenant_dropped() {
    let stage = Stage::new().await;
    let receiver = Receiver::answering(200).await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    stage.change(Write { key: EntryKey::Webhook(webhook.id), entry: None }).await;
    stage.send("e1", &webhook).await;
    assert_eq!(ended(&stage.attempted().await), (Follows::Settled(Settlement::Cancelled), false));

    stage.change(Write { key: EntryKey::Tenant(TENANT), entry: None }).await;
    stage.send("e2", &webhook).await;
    soon(async {
        while stage.queue.backlog(Consumer::Worker(Lane::Fresh)).await.expect("told").floor < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let told = stage.queue.backlog(Consumer::Logs).await.expect("told");
    assert_eq!((told.waiting, receiver.count()), (0, 0));
}

#[tokio::test]
async fn what_falls_due_after_its_deadline_has_expired() {
    let stage = Stage::new().await;
    let receiver = Receiver::answering(500).await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    let mut event = stage.event("late");
    event.accepted = event.accepted.minus(RETENTION - Duration::from_secs(3590));
    stage.hand_in(&[stage.delivery(&event, &webhook)]).await;
    assert_eq!(ended(&stage.attempted().await), failed(FailureReason::Expired));

    // In time itself, but its next attempt would not be.
    event.accepted = event.accepted.plus(Duration::from_secs(11));
    stage.hand_in(&[stage.delivery(&event, &webhook)]).await;
    assert_eq!(ended(&stage.attempted().await), (failed(FailureReason::Expired).0, true));
}

#[tokio::test]
async fn a_payload_is_read_where_it_lies_and_must_be_the_right_one() {
    let stage = Stage::new().await;
    let receiver = Receiver::answering(200).await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    let event = stage.event("e1");
    let at = stage.store(&event).await;
    let reference = |position| DeliveryRef::new(&event, position, webhook.id, Run::First);
    let referring = |reference| Delivery { reference, event: None, ..stage.delivery(&event, &webhook) };

    stage.hand_in(&[referring(reference(at))]).await;
    assert_eq!(stage.attempted().await.follows, Follows::Settled(Settlement::Success));
    assert_eq!(receiver.next().await.header("Webhook-Id"), Some("e1"));

    let nothing_there = referring(reference(Position { sequence: at.sequence, index: at.index + 1 }));
    let other = stage.event("e2");
    let another_there = referring(DeliveryRef::new(&other, at, webhook.id, Run::First));
    for gone in [nothing_there, another_there] {
        stage.hand_in(&[gone]).await;
        let attempted = stage.attempted().await;
        assert_eq!(ended(&attempted), failed(FailureReason::PayloadGone));
        assert_eq!((attempted.event, attempted.counts_for_health), (None, false));
    }
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn what_cannot_be_decrypted_waits_and_is_told_to_whoever_watches() {
    let stage = Stage::new().await;
    let receiver = Receiver::answering(200).await;
    let mut locked = stage::webhook(1, receiver.url("/"));
    locked.secrets.current = seal_elsewhere("whsec_secret", locked.id);
    stage.write(Entry::Webhook(Box::new(locked.clone()))).await;
    let open = stage.webhook(2, receiver.url("/")).await;
    assert_eq!(stage.worker.waits_for(), Vec::<String>::new());

    let delivery = stage.send("e1", &locked).await;
    let parked = stage.parked().await;
    assert_eq!((parked.delivery, parked.attempt, parked.parking), (delivery.reference, 1, Parking::InFlight));

    stage.send("e2", &open).await;
    assert_eq!(stage.attempted().await.follows, Follows::Settled(Settlement::Success));
    let waits_for = stage.worker.waits_for();
    assert!(matches!(&waits_for[..], [only] if only.starts_with("secrets: ")), "others that open hide it not");
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_left_to_it_and_what_is_damaged_is_a_dead_letter() {
    let stage = Stage::new().await;
    let receiver = Receiver::answering(200).await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    let (newer, damaged) = (Bytes::from_static(&[250, 1, 2, 3]), Bytes::from_static(&[1, 255]));
    let good = encode_delivery(&stage.delivery(&stage.event("e1"), &webhook));
    let topic = Topic::Deliveries(Lane::Fresh);
    stage.queue.publish(topic, vec![newer, damaged, good]).await.expect("stored");
    assert_eq!(stage.attempted().await.follows, Follows::Settled(Settlement::Success));

    let letters = stage.dead_letters(1).await;
    assert_eq!((letters[0].position.index, letters[0].record.as_ref()), (1, &[1, 255][..]));
    stage.taken(Lane::Fresh, 1).await;
}

#[tokio::test]
async fn what_was_asked_for_by_hand_and_finds_no_place_ends_after_a_while() {
    let stage = Stage::new().await;
    let (receiver, gate) = Receiver::patient().await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    let by_hand = |number: u8, age: Duration| Delivery {
        turn: Turn::Manual { id: AttemptId::from_bytes([number; 16]), number: 1 },
        due: stage.clock.now().minus(age),
        ..stage.delivery(&stage.event(&format!("e{number}")), &webhook)
    };
    for number in 0..8 {
        stage.hand_in(&[by_hand(number, Duration::ZERO)]).await;
        receiver.next().await;
    }
    let (old, new) = (by_hand(8, Duration::from_secs(61)), by_hand(9, Duration::ZERO));
    stage.hand_in(&[old]).await;
    stage.hand_in(&[new]).await;
    stage.handed_out(Lane::Fresh).await;
    stage.taken(Lane::Fresh, 9).await;
    gate.add_permits(100);
    receiver.next().await;
    stage.taken(Lane::Fresh, 0).await;
    assert_eq!(receiver.count(), 9, "the old one was not attempted");
}

#[tokio::test]
async fn pings_and_tests_count_for_no_disable_rule() {
    let stage = Stage::new().await;
    let receiver = Receiver::answering(500).await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    let mut ping = stage.event("ping");
    ping.purpose = Purpose::Trial(webhook.id);
    stage.hand_in(&[stage.delivery(&ping, &webhook)]).await;
    assert!(!stage.attempted().await.counts_for_health);
}
