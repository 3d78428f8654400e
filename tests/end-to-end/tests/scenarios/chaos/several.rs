//! Several processes of each service at once.

use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Receiver, Service, numbered};

use super::{all_are_accounted_for, all_arrive};

const EVENTS: usize = 4_000;
const PER_SECOND: u32 = 1_000;
/// What the killed worker may have had in the air.
const REPEATS: usize = 512;
const LIMIT: Duration = Duration::from_secs(60);
/// The first ingest and api are what publisher and REST client speak to.
const KILLED: [Service; 4] = [Service::Router, Service::Worker, Service::Scheduler, Service::Logs];

/// What a killed process had, its twin takes up within seconds.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_dies_for_good() {
    let two = Service::APART.into_iter().fold(Cluster::of(Family::Distributed), |all, one| all.instances(one, 2));
    let mut cluster = two.start().await;
    let receiver = Receiver::answering([503, 200]).await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook_retried(&receiver, &["0s", "500ms", "1s", "1s"]).await;
    cluster.in_force().await;

    let publisher = tenant.publisher.clone();
    let events = numbered("acme", "order.paid", "event", EVENTS);
    let publishing = tokio::spawn(async move { publisher.paced(events, Some(PER_SECOND)).await });
    receiver.until("a share of events", LIMIT, |log| log.deliveries() >= EVENTS / 4).await;
    for service in KILLED {
        cluster.process(service).kill().await;
    }
    let sent = publishing.await.expect("the publisher does not fail");

    assert_eq!((sent.accepted.len(), sent.again), (EVENTS, 0));
    receiver.until("all retries", LIMIT, |log| log.succeeded() >= EVENTS).await;
    // Each is attempted twice.
    all_arrive(&receiver, &sent, EVENTS + REPEATS, LIMIT).await;
    all_are_accounted_for(&tenant, &webhook.id, &sent).await;
}
