//! What a tenant's own people see.

use fanfare_cluster::{Answer, Cluster, Family, Receiver, Tenant};
use fanfare_servers::free_port;
use serde_json::{Value, json};

use crate::journey::Journey;

async fn link(cluster: &Cluster, asked: Value) -> String {
    let made = cluster.rest.post("/v1/tenants/acme/portal-links", asked).await.expect(201);
    made["url"].as_str().expect("a link").to_owned()
}

async fn with_a_failed_delivery(cluster: &Cluster, receiver: &Receiver) -> (Tenant, String) {
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook_retried(receiver, &["0s"]).await;
    let event = tenant.publish("order.paid", &json!({"order": 4711})).await;
    tenant.delivery_in(&event, "failed").await;
    (tenant, webhook.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_look_and_managers_change() {
    let brand = "[dashboard]\nname = \"Hooks by Example\"\naccent = \"#7a1fa2\"";
    let cluster = Cluster::of(Family::Embedded).file(brand).start().await;
    let receiver = Receiver::answering([Answer::status(500), Answer::status(200)]).await;
    let (_tenant, webhook) = with_a_failed_delivery(&cluster, &receiver).await;
    // It has a second; the journeys before the one that opens it take more.
    let expired = link(&cluster, json!({"opens_within": "1s"})).await;
    let reading = link(&cluster, json!({"access": "read", "name": "Ada"})).await;
    let managing = link(&cluster, json!({"access": "manage"})).await;

    let journey = Journey::through(&cluster, "portal").with("TENANT", "acme").with("WEBHOOK", &webhook);
    let journey = journey.with("READING", &reading).with("MANAGING", &managing);
    let journey = journey.with("EXPIRED", &expired);
    journey.with("BRAND", "Hooks by Example").travel().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_portal_is_embedded_where_that_is_allowed() {
    let (allowed, foreign) = (free_port(), free_port());
    // Another site than the system's own, which is 127.0.0.1.
    let origins = format!("[dashboard]\nframe_origins = [\"http://localhost:{allowed}\"]");
    let cluster = Cluster::of(Family::Embedded).file(&origins).start().await;
    let receiver = Receiver::answering([500]).await;
    let _ = with_a_failed_delivery(&cluster, &receiver).await;

    let journey = Journey::through(&cluster, "portal-embedded").with("TENANT", "acme");
    let journey = journey.with("LINK", &link(&cluster, json!({})).await);
    let journey = journey.with("SECOND_LINK", &link(&cluster, json!({})).await);
    journey.with("ALLOWED_PORT", &allowed.to_string()).with("FOREIGN_PORT", &foreign.to_string()).travel().await;
}
