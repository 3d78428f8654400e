//! Every view, in both themes and on a telephone.

use std::time::Duration;

use fanfare_cluster::{Answer, Cluster, Family, Receiver, numbered};
use serde_json::json;

use crate::journey::Journey;

#[tokio::test(flavor = "multi_thread")]
async fn every_view_looks_good_everywhere() {
    let cluster = Cluster::start(Family::Embedded).await;
    let receiver = Receiver::start().await;
    receiver.answer_at("/broken", [Answer::status(500).body("{\"error\":\"the orders database is down\"}")]);
    let tenant = cluster.tenant("acme").await;
    let _ = tenant.rest.put("/v1/tenants/acme", json!({"name": "Acme"})).await;
    let order_paid = json!({"description": "An order was paid", "example": {"order": 4711, "total": "12.50"}});
    let _ = tenant.rest.put("/v1/event-types/order.paid", order_paid).await;
    let taking = json!({"url": receiver.url(), "events": ["order.*"], "description": "the shop's own"});
    let taking = tenant.webhook_of(taking).await;
    let broken = json!({
        "url": receiver.url_at("/broken"), "events": ["order.refunded"], "retry": {"delays": ["0s"], "jitter": 0.0},
        "disable": {}, "description": "the bookkeeping",
    });
    let broken = tenant.webhook_of(broken).await;
    tenant.publisher.all(numbered("acme", "order.paid", "paid", 60)).await;
    tenant.publisher.all(numbered("acme", "order.refunded", "refunded", 8)).await;
    tenant.deliveries_in(&taking.id, "success", 68, Duration::from_secs(30)).await;
    let failed = tenant.deliveries_in(&broken.id, "failed", 8, Duration::from_secs(30)).await;

    let journey = Journey::through(&cluster, "views").with("TENANT", "acme").with("WEBHOOK", &taking.id);
    let journey = journey.with("BROKEN", &broken.id).with("EVENT", "refunded-1");
    journey.with("DELIVERY", failed[0]["id"].as_str().expect("an id")).travel().await;
}
