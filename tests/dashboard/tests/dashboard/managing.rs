//! What is done with a webhook that is there.

use fanfare_cluster::{Cluster, Family, Receiver};
use serde_json::json;

use crate::journey::Journey;

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_paused_rotated_changed_and_deleted() {
    let cluster = Cluster::start(Family::Embedded).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook(&receiver, &["order.*"]).await;

    let journey = Journey::through(&cluster, "manage-webhook").with("TENANT", "acme").with("WEBHOOK", &webhook.id);
    journey.with("SECRET", &webhook.secret).with("RECEIVER", &receiver.url()).travel().await;

    let _ = tenant.rest.get(&format!("/v1/webhooks/{}", webhook.id)).await.problem(404);
    let log = tenant.rest.all("/v1/webhooks").await;
    assert_eq!(log, Vec::<serde_json::Value>::new());
    let tested = receiver.arrival().await;
    assert_eq!(tested.json()["data"], json!({"while": "active"}), "what was published while it was paused never came");
    assert_eq!(receiver.log().arrivals().len(), 1);
}
