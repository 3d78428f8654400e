//! Sending again what failed.

use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Receiver, numbered};

use crate::journey::Journey;

const EVENTS: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_counted_and_then_sent_again() {
    let cluster = Cluster::start(Family::Embedded).await;
    let receiver = Receiver::answering([500, 200]).await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook_retried(&receiver, &["0s"]).await;
    tenant.publisher.all(numbered("acme", "order.paid", "event", EVENTS)).await;
    tenant.deliveries_in(&webhook.id, "failed", EVENTS, Duration::from_secs(30)).await;

    let journey = Journey::through(&cluster, "replay").with("TENANT", "acme").with("WEBHOOK", &webhook.id);
    journey.with("EVENTS", &EVENTS.to_string()).travel().await;

    tenant.deliveries_in(&webhook.id, "success", EVENTS, Duration::from_secs(30)).await;
    assert_eq!(receiver.log().succeeded(), EVENTS);
}
