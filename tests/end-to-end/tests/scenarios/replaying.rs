//! Sending again what failed or was missed.

use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Receiver, Tenant, eventually, since_start};
use serde_json::{Value, json};

const EVENTS: usize = 20;
const SINCE: &str = "2000-01-01T00:00:00.000Z";

async fn publish_all(tenant: &Tenant) -> Vec<String> {
    let mut events = Vec::new();
    for number in 0..EVENTS {
        events.push(tenant.publish("order.paid", &json!({"number": number})).await);
    }
    events
}

/// Waits until the replay is done.
async fn finished(tenant: &Tenant, replay: &Value) -> Value {
    let path = format!("/v1/replays/{}", replay["id"].as_str().expect("an id"));
    eventually("the replay is done", Duration::from_secs(15), || async {
        let now = tenant.rest.get(&path).await.expect(200);
        (now["state"] == "done" || now["status"] == "done").then_some(now)
    })
    .await
}

async fn what_failed_is_replayed(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([500]).await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook_retried(&receiver, &["0s"]).await;
    cluster.in_force().await;
    publish_all(&tenant).await;
    let failed = tenant.deliveries_in(&webhook.id, "failed", EVENTS, Duration::from_secs(15)).await;
    receiver.answer([200]);
    let path = format!("/v1/webhooks/{}/replay", webhook.id);

    let tried = tenant.rest.post(&path, json!({"since": SINCE, "only": "failed", "dry_run": true})).await.expect(202);
    assert_eq!(tried["matched"], EVENTS);
    assert_eq!(receiver.log().arrivals().len(), EVENTS, "a dry run sends nothing");
    let replay = tenant.rest.post(&path, json!({"since": SINCE, "only": "failed"})).await.expect(202);

    assert_eq!(replay["matched"], EVENTS);
    let done = tenant.deliveries_in(&webhook.id, "success", EVENTS, Duration::from_secs(15)).await;
    assert!(done.iter().all(|new| failed.iter().all(|old| old["id"] != new["id"])), "a replayed delivery has a new id");
    finished(&tenant, &replay).await;
    assert_eq!(receiver.log().succeeded(), EVENTS);
}

async fn what_was_missed_while_a_webhook_was_paused_is_replayed(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook(&receiver, &["order.*"]).await;
    let path = format!("/v1/webhooks/{}", webhook.id);
    cluster.in_force().await;
    let had = tenant.publish("order.paid", &json!({"had": true})).await;
    tenant.delivery_in(&had, "success").await;
    let _ = tenant.rest.patch(&path, json!({"is_active": false})).await.expect(200);
    cluster.in_force().await;
    let missed = publish_all(&tenant).await;
    tenant.event_with(missed.last().expect("several"), 0, &[]).await;
    let _ = tenant.rest.patch(&path, json!({"is_active": true})).await.expect(200);
    cluster.in_force().await;

    let replay = json!({"since": SINCE, "only": "missing", "types": ["order.paid"]});
    let replay = tenant.rest.post(&format!("{path}/replay"), replay).await.expect(202);

    assert_eq!(replay["matched"], EVENTS);
    receiver.until("what was missed", Duration::from_secs(15), |log| log.deliveries() > EVENTS).await;
    tenant.deliveries_in(&webhook.id, "success", EVENTS + 1, Duration::from_secs(15)).await;
    assert_eq!(receiver.log().repeats(), 0);
}

async fn a_replay_keeps_its_pace(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook(&receiver, &["*"]).await;
    cluster.in_force().await;
    publish_all(&tenant).await;
    tenant.deliveries_in(&webhook.id, "success", EVENTS, Duration::from_secs(15)).await;

    let began = since_start();
    let replay = json!({"since": SINCE, "only": "all", "max_per_second": 10});
    let _ = tenant.rest.post(&format!("/v1/webhooks/{}/replay", webhook.id), replay).await.expect(202);

    receiver.until("all of them again", Duration::from_secs(20), |log| log.arrivals().len() >= 2 * EVENTS).await;
    let took = since_start() - began;
    // The first second's share may come at once.
    assert!(took >= Duration::from_millis(900), "20 at 10 a second took {took:?}");
}

scenarios! {
    what_failed_is_replayed,
    what_was_missed_while_a_webhook_was_paused_is_replayed,
    a_replay_keeps_its_pace,
}
