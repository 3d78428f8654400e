//! From nothing to the first delivery.

use fanfare_cluster::{Cluster, Family, Receiver};
use serde_json::json;

use crate::journey::Journey;

async fn a_webhook_is_added_and_tested(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let order_paid = json!({"description": "An order was paid", "example": {"order": 4711, "total": "12.50"}});
    let _ = tenant.rest.put("/v1/event-types/order.paid", order_paid).await;
    let refunded = json!({"description": "Money went back", "example": {"order": 4711}});
    let _ = tenant.rest.put("/v1/event-types/order.refunded", refunded).await;
    cluster.in_force().await;

    Journey::through(&cluster, "add-webhook").with("TENANT", "acme").with("RECEIVER", &receiver.url()).travel().await;

    let tests: Vec<_> = receiver.arrivals(2).await.iter().map(fanfare_cluster::Arrival::json).collect();
    assert_eq!(tests[0]["type"], "order.paid");
    assert_eq!(tests[0]["data"], json!({"order": 4711, "total": "12.50"}), "the type's example");
    assert_eq!(tests[1]["data"], json!({"order": 4712}), "what was written instead");
}

on_both_families!(a_webhook_is_added_and_tested);

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_added_with_the_keyboard_alone() {
    let cluster = Cluster::start(Family::Embedded).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let _ = tenant.rest.put("/v1/event-types/order.paid", json!({"description": "An order was paid"})).await;

    let journey = Journey::through(&cluster, "keyboard").with("TENANT", "acme").with("RECEIVER", &receiver.url());
    journey.travel().await;

    let webhooks = tenant.rest.all("/v1/webhooks").await;
    assert_eq!(webhooks.len(), 1, "{webhooks:?}");
    assert_eq!((&webhooks[0]["url"], &webhooks[0]["events"]), (&json!(receiver.url()), &json!(["order.paid"])));
}
