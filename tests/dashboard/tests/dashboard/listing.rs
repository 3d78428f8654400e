//! A webhook's deliveries, when there are many.

use std::time::Duration;

use fanfare_cluster::{Answer, Cluster, Family, Receiver, numbered};
use serde_json::json;

use crate::journey::Journey;

const PAID: usize = 230;
const REFUSED: usize = 7;

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_filtered_and_paged_and_come_fast() {
    let cluster = Cluster::start(Family::Embedded).await;
    let receiver = Receiver::start().await;
    receiver.answer_at("/refusing", [Answer::status(503).body("closed")]);
    let tenant = cluster.tenant("acme").await;
    let refusing = json!({
        "url": receiver.url_at("/refusing"), "events": ["order.refused"], "retry": {"delays": ["0s"], "jitter": 0.0},
        "disable": {},
    });
    let refusing = tenant.webhook_of(refusing).await;
    let both = tenant.webhook(&receiver, &["order.*"]).await;
    for (event_type, prefix, count) in [("order.paid", "paid", PAID), ("order.refused", "refused", REFUSED)] {
        let sent = tenant.publisher.all(numbered("acme", event_type, prefix, count)).await;
        assert_eq!(sent.accepted.len(), count, "{:?}", sent.refused);
    }
    tenant.deliveries_in(&both.id, "success", PAID + REFUSED, Duration::from_secs(30)).await;
    tenant.deliveries_in(&refusing.id, "failed", REFUSED, Duration::from_secs(30)).await;

    let journey = Journey::through(&cluster, "deliveries").with("TENANT", "acme").with("WEBHOOK", &both.id);
    let journey = journey.with("REFUSING", &refusing.id).with("PAID", &PAID.to_string());
    journey.with("REFUSED", &REFUSED.to_string()).travel().await;
}
