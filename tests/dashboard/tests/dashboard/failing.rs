//! Why a delivery failed, and what to do about it.

use fanfare_cluster::{Answer, Cluster, Family, Receiver};
use serde_json::json;

use crate::journey::Journey;

#[tokio::test(flavor = "multi_thread")]
async fn somebody_finds_out_why_a_delivery_failed() {
    let cluster = Cluster::start(Family::Embedded).await;
    let broken = Answer::status(500).header("X-Request-Id", "7f3a").body("the orders database is down");
    // The first attempt of each delivery is refused; by the second, the receiver has been mended.
    let receiver = Receiver::answering([broken, Answer::status(200).body("thank you")]).await;
    let tenant = cluster.tenant("acme").await;
    let _ = tenant.webhook_retried(&receiver, &["0s"]).await;
    let event = tenant.publish("order.paid", &json!({"order": 4711})).await;
    let delivery = tenant.delivery_in(&event, "failed").await;

    let journey = Journey::through(&cluster, "why-it-failed").with("TENANT", "acme").with("EVENT", &event);
    journey.with("RECEIVER", &receiver.url()).travel().await;

    let delivery = tenant.delivery(delivery["id"].as_str().expect("an id")).await;
    assert_eq!(delivery["status"], "success", "{delivery}");
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(2), "{delivery}");
}
