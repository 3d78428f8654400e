//! NATS is killed under load and started again.

use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Receiver, numbered};

use super::{all_are_accounted_for, all_arrive};

const EVENTS: usize = 8_000;
const PER_SECOND: u32 = 2_000;
/// Acknowledgements are applied to disk a little later, and what a killed server forgets of them is handed out again: what a
/// worker has in the air, and up to a second of what it has finished, each time.
const REPEATS: usize = KILLS * (512 + PER_SECOND as usize);
const KILLS: usize = 2;
const AWAY: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn killed_under_load() {
    let mut cluster = Cluster::start(Family::Distributed).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook(&receiver, &["*"]).await;
    cluster.in_force().await;

    let publisher = tenant.publisher.clone();
    let events = numbered("acme", "order.paid", "event", EVENTS);
    let publishing = tokio::spawn(async move { publisher.paced(events, Some(PER_SECOND)).await });
    for kill in 1..=KILLS {
        let share = EVENTS * kill / (KILLS + 1);
        receiver.until("a share of events", Duration::from_secs(60), |log| log.deliveries() >= share).await;
        cluster.backends().nats.kill();
        tokio::time::sleep(AWAY).await; // how long the outage is
        cluster.backends().nats.start_again().expect("it comes back");
    }
    let sent = publishing.await.expect("the publisher does not fail");

    assert_eq!(sent.accepted.len(), EVENTS);
    all_arrive(&receiver, &sent, REPEATS, Duration::from_secs(60)).await;
    all_are_accounted_for(&tenant, &webhook.id, &sent).await;
    cluster.ready().await;
}
