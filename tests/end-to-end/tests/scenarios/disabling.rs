//! Webhooks that a rule switches off, and what operators are told of it in the reserved tenant.

use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Receiver, Tenant, eventually};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(10);

/// A receiver of what operators are told about webhooks that are switched off.
pub(crate) async fn operators(cluster: &Cluster) -> Receiver {
    let receiver = Receiver::start().await;
    let publisher = cluster.publisher(cluster.operator_key());
    let reserved = Tenant { id: "fanfare".to_owned(), rest: cluster.rest.for_tenant("fanfare"), publisher };
    reserved.webhook(&receiver, &["fanfare.webhook.disabled"]).await;
    receiver
}

async fn is_inactive(tenant: &Tenant, webhook: &str) -> Value {
    eventually("the webhook is inactive", LIMIT, || async {
        Some(tenant.webhook_now(webhook).await).filter(|webhook| webhook["is_active"] == false)
    })
    .await
}

async fn ten_failures_in_a_row_switch_a_qr3_webhook_off_and_operators_are_told(family: Family) {
    let cluster = Cluster::start(family).await;
    let operators = operators(&cluster).await;
    let receiver = Receiver::answering([500]).await;
    let tenant = cluster.tenant("acme").await;
    // QR3's three attempts, sooner after one another than its guide has them.
    let webhook = tenant
        .webhook_of(json!({
            "url": receiver.url_at("/hook?token=secret"), "events": ["*"], "profile": "qr3",
            "secret": "my-secret-key-min-16-chars", "retry": {"delays": ["0s", "100ms", "100ms"], "jitter": 0.0},
        }))
        .await;
    cluster.in_force().await;
    for _ in 0..3 {
        let event = tenant.publish("qr.scanned", &json!({})).await;
        tenant.delivery_in(&event, "failed").await;
    }
    let after_nine = tenant.webhook_now(&webhook.id).await;
    assert_eq!((&after_nine["is_active"], &after_nine["health"]["consecutive_failures"]), (&json!(true), &json!(9)));

    tenant.publish("qr.scanned", &json!({})).await;

    let now = is_inactive(&tenant, &webhook.id).await;
    assert_eq!(now["health"]["disabled_reason"], "failures_in_a_row");
    let told = operators.arrival().await.json();
    assert_eq!(told["type"], "fanfare.webhook.disabled");
    let data = &told["data"];
    assert_eq!((&data["tenant"], &data["webhook_id"]), (&json!("acme"), &json!(webhook.id)));
    assert_eq!((&data["url"], &data["reason"]), (&json!(receiver.url()), &json!("failures_in_a_row")));
    assert_eq!((&data["last_failure"]["status_code"], &data["disabled_at"]), (&json!(500), &told["timestamp"]));
    assert!(data["consecutive_failures"].as_u64().is_some_and(|failures| failures >= 10), "{data}");

    // Who has been told finds it in force.
    cluster.in_force().await;
    let arrived = receiver.log().arrivals().len();
    let later = tenant.publish("qr.scanned", &json!({})).await;
    tenant.event_with(&later, 0, &[]).await;
    assert_eq!(receiver.log().arrivals().len(), arrived);
    assert_eq!(operators.log().deliveries(), 1);
}

async fn what_somebody_switches_off_is_not_told(family: Family) {
    let cluster = Cluster::start(family).await;
    let operators = operators(&cluster).await;
    let receiver = Receiver::answering([410]).await;
    let tenant = cluster.tenant("acme").await;
    let by_hand = tenant.webhook(&receiver, &["*"]).await;
    let by_rule = tenant.webhook(&receiver, &["*"]).await;
    let path = format!("/v1/webhooks/{}", by_hand.id);
    let _ = tenant.rest.patch(&path, json!({"is_active": false})).await.expect(200);
    cluster.in_force().await;

    tenant.publish("order.paid", &json!({})).await;

    assert_eq!(is_inactive(&tenant, &by_rule.id).await["health"]["disabled_reason"], "gone");
    assert_eq!(operators.arrival().await.json()["data"]["webhook_id"], by_rule.id);
    assert_eq!(operators.log().deliveries(), 1);
    assert_eq!(tenant.webhook_now(&by_hand.id).await["health"]["disabled_reason"], Value::Null);
}

async fn operators_own_webhooks_are_switched_off_like_any_other_and_the_others_told(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([410]).await;
    let listening = operators(&cluster).await;
    let gone = operators(&cluster).await;
    gone.answer([410]);
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook(&receiver, &["*"]).await;
    cluster.in_force().await;

    tenant.publish("order.paid", &json!({})).await;

    let told = listening.arrivals(2).await;
    let about: Vec<Value> = told.iter().map(|one| one.json()["data"].clone()).collect();
    assert_eq!((&about[0]["tenant"], &about[0]["webhook_id"]), (&json!("acme"), &json!(webhook.id)));
    assert_eq!((&about[1]["tenant"], &about[1]["url"]), (&json!("fanfare"), &json!(gone.url())));
    // In the distributed system it may take a second until everybody knows.
    if family == Family::Embedded {
        assert_eq!(gone.log().deliveries(), 1, "it is not told of itself");
    }
}

scenarios! {
    ten_failures_in_a_row_switch_a_qr3_webhook_off_and_operators_are_told,
    what_somebody_switches_off_is_not_told,
    operators_own_webhooks_are_switched_off_like_any_other_and_the_others_told,
}
