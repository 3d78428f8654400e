//! Postgres is away: deliveries go on, and the log is whole afterwards.

use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Receiver, Sent, Service, numbered};

use super::{all_are_accounted_for, all_arrive};

const EVENTS: usize = 500;
/// What a killed worker may have had in the air.
const IN_FLIGHT: usize = 512;

#[tokio::test(flavor = "multi_thread")]
async fn away_while_routers_and_workers_are_restarted() {
    let mut cluster = Cluster::start(Family::Distributed).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook(&receiver, &["*"]).await;
    cluster.in_force().await;

    cluster.backends().postgres.stop();
    let mut sent = Sent::default();
    for (round, service) in [Service::Router, Service::Worker].into_iter().enumerate() {
        let events = numbered("acme", "order.paid", &format!("round-{round}"), EVENTS);
        sent.accepted.extend(tenant.publisher.all(events).await.accepted);
        cluster.kill(service).await;
        cluster.start_again(service).await;
        all_arrive(&receiver, &sent, IN_FLIGHT, Duration::from_secs(30)).await;
    }
    assert_eq!(sent.accepted.len(), 2 * EVENTS);
    cluster.backends().postgres.start_again().expect("it comes back");

    cluster.ready().await;
    all_are_accounted_for(&tenant, &webhook.id, &sent).await;
}
