//! What waits comes back when it is due.

mod scene;

use std::time::Duration;

use fanfare_domain::delivery::{Lane, Settlement, Turn};
use fanfare_domain::ids::{DeliveryId, ReplayId, Run};
use fanfare_domain::journal::{Follows, JournalRecord, PaceKind, Parked, Parking};
use fanfare_ports::clock::Clock;

use fanfare_proto::records::decode_delivery;

use self::scene::{START, Scene, attempted, delivery, waiting};

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_comes_back_when_it_is_due_and_not_before() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    scene.tell(&waiting(delivery(1, Run::First), Duration::from_secs(60))).await;
    scene.until_waiting(1).await;
    assert!(scene.next(Lane::Retry, Duration::from_secs(30)).await.is_none(), "too early");
    let leased = scene.next(Lane::Retry, Duration::from_secs(60)).await.expect("it comes");
    let back = decode_delivery(&leased.record).expect("readable");
    assert_eq!((back.reference, back.turn), (delivery(1, Run::First), Turn::Scheduled(2)));
    assert!(back.waited && !back.paced);
    assert_eq!(back.due, START.plus(Duration::from_secs(60)));
    scene.until_waiting(0).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_falls_due_one_by_one_is_moved_together() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    let first_due = Duration::from_secs(3600);
    for (number, later) in [(1, 0), (2, 5), (3, 7)] {
        scene.tell(&waiting(delivery(number, Run::First), first_due + Duration::from_millis(later))).await;
    }
    scene.until_waiting(3).await;
    scene.pass(Duration::from_secs(1)).await;
    scene.clock.advance(START.plus(first_due).since(scene.clock.now()));
    // So slowly that each would be moved by itself if nothing were gathered.
    let positions = scene.positions_of(Lane::Retry, 3, Duration::from_millis(1)).await;
    let messages: Vec<_> = positions.iter().map(|position| position.sequence).collect();
    assert!(matches!(messages[..], [_, second, third] if second == third), "{messages:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replays_delivery_comes_back_in_the_bulk_lane() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    let replayed = delivery(1, Run::Replay(ReplayId::from_bytes([3; 16])));
    scene.tell(&waiting(replayed, Duration::from_secs(1))).await;
    let leased = scene.next(Lane::Bulk, Duration::from_secs(60)).await.expect("it comes");
    assert_eq!(decode_delivery(&leased.record).expect("readable").reference, replayed);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_settled_does_not_come_back() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    scene.tell(&waiting(delivery(1, Run::First), Duration::from_secs(60))).await;
    scene.tell(&waiting(delivery(2, Run::First), Duration::from_secs(60))).await;
    scene.until_waiting(2).await;
    scene.tell(&attempted(delivery(1, Run::First), Follows::Settled(Settlement::Success))).await;
    scene.until_waiting(1).await;
    let leased = scene.next(Lane::Retry, Duration::from_secs(90)).await.expect("the other comes");
    assert_eq!(decode_delivery(&leased.record).expect("readable").reference.id, DeliveryId::from_bytes([2; 16]));
    assert!(scene.next(Lane::Retry, Duration::from_secs(30)).await.is_none());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_delivery_is_let_through_and_says_so() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    let parking = Parking::Webhook { per_second: 1.0, burst: 1, pace: PaceKind::Limit };
    for number in 1..=2 {
        let delivery = delivery(number, Run::First);
        scene.tell(&JournalRecord::Parked(Parked { delivery, attempt: 1, due: START, parking })).await;
    }
    let first = scene.next(Lane::Retry, Duration::from_secs(30)).await.expect("the first comes");
    assert!(decode_delivery(&first.record).expect("readable").paced);
    assert!(scene.next(Lane::Retry, Duration::from_secs(30)).await.is_some(), "the second follows");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_takes_over_when_the_leader_goes() {
    let scene = Scene::new().await;
    let first = scene.run("one");
    scene.tell(&waiting(delivery(1, Run::First), Duration::from_secs(600))).await;
    scene.until_waiting(1).await;
    let second = scene.run("two");
    first.stop().await;
    scene.tell(&waiting(delivery(2, Run::First), Duration::from_secs(600))).await;
    scene.until_waiting(2).await;
    second.stop().await;
}
