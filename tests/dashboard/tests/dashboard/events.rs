//! Events, and what describes them.

use fanfare_cluster::{Cluster, Family, Receiver};
use serde_json::json;

use crate::journey::Journey;

#[tokio::test(flavor = "multi_thread")]
async fn events_are_found_and_followed() {
    let cluster = Cluster::start(Family::Embedded).await;
    let (taking, refusing) = (Receiver::start().await, Receiver::answering([422]).await);
    let tenant = cluster.tenant("acme").await;
    let _ = tenant.webhook(&taking, &["order.*"]).await;
    let refuser = json!({
        "url": refusing.url(), "events": ["order.refunded"], "retry": {"delays": ["0s"], "jitter": 0.0}, "disable": {},
    });
    let _ = tenant.webhook_of(refuser).await;
    for (id, event_type, subject) in [
        ("paid-1", "order.paid", "order/1"),
        ("paid-2", "order.paid", "order/2"),
        ("back-1", "order.refunded", "order/1"),
    ] {
        let event = json!({"type": event_type, "id": id, "subject": subject, "data": {"is": id}});
        let _ = tenant.rest.post("/v1/events", event).await.expect(202);
    }
    let _ =
        tenant.rest.post("/v1/events", json!({"type": "nobody.listens", "id": "lost-1", "data": 1})).await.expect(202);
    tenant.event_with("paid-2", 1, &["success"]).await;
    tenant.event_with("back-1", 2, &["success", "failed"]).await;
    tenant.event_with("lost-1", 0, &[]).await;

    let journey = Journey::through(&cluster, "events").with("TENANT", "acme").with("TAKING", &taking.url());
    journey.with("REFUSING", &refusing.url()).travel().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn types_of_event_are_described() {
    let cluster = Cluster::start(Family::Embedded).await;
    let tenant = cluster.tenant("acme").await;

    Journey::through(&cluster, "event-types").with("TENANT", "acme").travel().await;

    let types = tenant.rest.all("/v1/event-types").await;
    assert!(types.iter().all(|found| found["name"] != "order.paid"), "it was deleted: {types:?}");
}
