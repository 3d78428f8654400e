//! A schedule that forgets, lags or is away.

mod scene;

use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::{Lane, Settlement};
use fanfare_domain::ids::{DeliveryId, Run};
use fanfare_domain::journal::Follows;
use fanfare_ports::queue::{Consumer, Topic};
use fanfare_proto::records::decode_delivery;
use fanfare_scheduler::Config;

use self::scene::{Scene, attempted, delivery, waiting};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_lost_everything_is_filled_again_and_repeats_nothing_that_ended() {
    let mut scene = Scene::new().await;
    let running = scene.run("one");
    scene.tell(&waiting(delivery(1, Run::First), SECOND)).await;
    scene.tell(&waiting(delivery(2, Run::First), 600 * SECOND)).await;
    scene.finish(Consumer::Worker(Lane::Retry)).await;
    scene.tell(&attempted(delivery(1, Run::First), Follows::Settled(Settlement::Success))).await;
    scene.until_waiting(1).await;

    scene.empty_schedule().await;
    scene.until_waiting(1).await;
    assert!(scene.next(Lane::Retry, 60 * SECOND).await.is_none(), "the first has ended");
    scene.clock.advance(500 * SECOND);
    let leased = scene.next(Lane::Retry, 100 * SECOND).await.expect("the second comes");
    assert_eq!(decode_delivery(&leased.record).expect("readable").reference.id, DeliveryId::from_bytes([2; 16]));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_process_dispatches_before_the_schedule_has_caught_up() {
    let scene = Scene::new().await;
    for number in 0..100 {
        scene.tell(&waiting(delivery(number, Run::First), SECOND)).await;
    }
    for number in 0..100 {
        scene.tell(&attempted(delivery(number, Run::First), Follows::Settled(Settlement::Success))).await;
    }
    scene.clock.advance(60 * SECOND);

    // One record at a time, so that there is something to be seen halfway.
    let slow = Config { apply_batch: std::num::NonZeroUsize::MIN, ..Config::default() };
    let running = [scene.run_as("one", slow.clone()), scene.run_as("two", slow)];
    scene.tell(&waiting(delivery(200, Run::First), 61 * SECOND)).await;
    let leased = scene.next(Lane::Retry, 60 * SECOND).await.expect("what has not ended comes");
    assert_eq!(decode_delivery(&leased.record).expect("readable").reference.id, DeliveryId::from_bytes([200; 16]));
    assert!(scene.next(Lane::Retry, 30 * SECOND).await.is_none());
    for running in running {
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_is_away_is_waited_for() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    scene.tell(&waiting(delivery(1, Run::First), 60 * SECOND)).await;
    scene.until_waiting(1).await;
    scene.until("it is ready", async || running.scheduler.waits_for().is_empty()).await;

    let schedule = scene.schedule.take_away().expect("it was there");
    scene.until("it says what it waits for", async || !running.scheduler.waits_for().is_empty()).await;
    assert_eq!(running.scheduler.waits_for(), ["schedule is unavailable: it is away"]);
    scene.tell(&waiting(delivery(2, Run::First), 61 * SECOND)).await;
    scene.clock.advance(60 * SECOND);

    scene.schedule.lead_to(schedule);
    scene.until("it is ready again", async || running.scheduler.waits_for().is_empty()).await;
    let mut back = Vec::new();
    while back.len() < 2 {
        let records = scene.finish(Consumer::Worker(Lane::Retry)).await;
        assert!(!records.is_empty(), "both come");
        back.extend(records.iter().map(|record| decode_delivery(record).expect("readable").reference.id));
    }
    assert_eq!(back, [1, 2].map(|number| DeliveryId::from_bytes([number; 16])));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_a_newer_version_is_not_passed_over() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    scene.tell(&waiting(delivery(1, Run::First), 600 * SECOND)).await;
    scene.store(Topic::JournalSchedule, Bytes::from_static(&[250, 1])).await;
    scene.tell(&waiting(delivery(2, Run::First), 600 * SECOND)).await;
    let names_it = |text: &String| text.contains("format 250");
    scene.until("it says what it waits for", async || running.scheduler.waits_for().iter().any(names_it)).await;
    scene.until_waiting(1).await;
    scene.pass(20 * SECOND).await;
    scene.until_waiting(1).await;
    running.stop().await;
}
