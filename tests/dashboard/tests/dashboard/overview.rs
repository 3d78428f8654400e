//! What one sees first.

use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Receiver, numbered};
use serde_json::json;

use crate::journey::Journey;

const DELIVERED: usize = 12;
const FAILED: usize = 4;

async fn the_overview_shows_what_happened_and_goes_on_by_itself(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    receiver.answer_at("/broken", [500]);
    let tenant = cluster.tenant("acme").await;
    let taking = tenant.webhook(&receiver, &["order.paid"]).await;
    let broken = json!({
        "url": receiver.url_at("/broken"), "events": ["order.refunded"], "retry": {"delays": ["0s"], "jitter": 0.0},
        "disable": {}, "description": "the bookkeeping",
    });
    let broken = tenant.webhook_of(broken).await;
    cluster.in_force().await;
    tenant.publisher.all(numbered("acme", "order.paid", "paid", DELIVERED)).await;
    tenant.publisher.all(numbered("acme", "order.refunded", "refunded", FAILED)).await;
    tenant.deliveries_in(&taking.id, "success", DELIVERED, Duration::from_secs(30)).await;
    tenant.deliveries_in(&broken.id, "failed", FAILED, Duration::from_secs(30)).await;

    let journey = Journey::through(&cluster, "overview").with("TENANT", "acme");
    let journey = journey.with("BROKEN", &receiver.url_at("/broken")).with("BROKEN_ID", &broken.id);
    journey.with("DELIVERED", &DELIVERED.to_string()).with("FAILED", &FAILED.to_string()).travel().await;
}

on_both_families!(the_overview_shows_what_happened_and_goes_on_by_itself);
