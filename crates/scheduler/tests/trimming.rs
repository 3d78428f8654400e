//! What the scheduler removes from the streams, and what it leaves.

mod scene;

use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::{Lane, Settlement};
use fanfare_domain::ids::Run;
use fanfare_domain::journal::Follows;
use fanfare_ports::queue::{Consumer, Stream, Topic};

use self::scene::{RETENTION, Scene, attempted, delivery, waiting};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

async fn is_empty(scene: &Scene, stream: Stream) -> bool {
    let usage = scene.usage(stream).await;
    usage.first > usage.last
}

#[tokio::test(flavor = "multi_thread")]
async fn events_leave_when_their_retention_is_over() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    scene.store(Topic::Events, Bytes::from_static(b"an old one")).await;
    scene.finish(Consumer::Router).await;
    scene.clock.advance(RETENTION - HOUR);
    scene.store(Topic::Events, Bytes::from_static(b"a newer one")).await;
    scene.finish(Consumer::Router).await;
    scene.pass(30 * SECOND).await;
    assert_eq!(scene.usage(Stream::Events).await.first, 1);

    scene.clock.advance(HOUR);
    scene.until("the old one has left", async || scene.usage(Stream::Events).await.first == 2).await;
    scene.pass(30 * SECOND).await;
    assert_eq!(scene.usage(Stream::Events).await.first, 2);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_leave_when_they_are_finished() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    scene.store(Topic::Deliveries(Lane::Fresh), Bytes::from_static(b"a delivery")).await;
    scene.pass(30 * SECOND).await;
    assert!(!is_empty(&scene, Stream::Deliveries).await);

    scene.finish(Consumer::Worker(Lane::Fresh)).await;
    scene.until("it has left", async || is_empty(&scene, Stream::Deliveries).await).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_keeps_what_waiting_deliveries_need() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    scene.tell(&waiting(delivery(1, Run::First), 24 * HOUR)).await;
    scene.tell(&attempted(delivery(2, Run::First), Follows::Settled(Settlement::Success))).await;
    scene.until_waiting(1).await;
    scene.log_everything().await;
    scene.clock.advance(HOUR);
    scene.pass(30 * SECOND).await;
    assert_eq!(scene.usage(Stream::Journal).await.first, 1);

    scene.tell(&attempted(delivery(1, Run::First), Follows::Settled(Settlement::Success))).await;
    scene.until_waiting(0).await;
    scene.log_everything().await;
    scene.clock.advance(HOUR);
    let only_the_last = async || {
        let usage = scene.usage(Stream::Journal).await;
        usage.first == usage.last
    };
    scene.until("nobody needs more than the message at which the schedule is", only_the_last).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_keeps_what_a_schedule_that_is_away_may_need() {
    let mut scene = Scene::new().await;
    let running = scene.run("one");
    scene.tell(&waiting(delivery(1, Run::First), 24 * HOUR)).await;
    scene.until_waiting(1).await;
    scene.log_everything().await;
    scene.schedule.take_away();
    scene.tell(&waiting(delivery(2, Run::First), 24 * HOUR)).await;
    scene.log_everything().await;
    scene.clock.advance(200 * HOUR);
    scene.pass(30 * SECOND).await;
    assert_eq!(scene.usage(Stream::Journal).await.first, 1);

    scene.empty_schedule().await;
    assert!(scene.next(Lane::Retry, 60 * SECOND).await.is_some(), "both are there to be read again");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_without_anything_for_the_schedule_leaves_too() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    scene.store(Topic::JournalLog, Bytes::from_static(b"of no concern")).await;
    scene.log_everything().await;
    scene.clock.advance(HOUR);
    scene.until("nobody needs it", async || scene.usage(Stream::Journal).await.bytes == 0).await;
    running.stop().await;
}
