//! Tenants never see each other's anything.

use fanfare_cluster::{Cluster, Family, Receiver, Tenant, event};
use serde_json::{Value, json};
use tonic::Code;

/// A tenant's key, which names it.
async fn key_of(cluster: &Cluster, tenant: &str, scope: &str) -> String {
    let made = cluster.rest.post("/v1/api-keys", json!({"tenant": tenant, "name": "test", "scope": scope})).await;
    made.expect(201)["key"].as_str().expect("a key").to_owned()
}

/// One event, delivered once; gives it with its delivery.
async fn history(tenant: &Tenant) -> Value {
    let event = tenant.publish("order.paid", &json!({"whose": tenant.id})).await;
    tenant.event_with(&event, 1, &["success"]).await
}

async fn two_tenants_never_see_each_others_anything(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let (ours, theirs) = (cluster.tenant("ours").await, cluster.tenant("theirs").await);
    let our_webhook = ours.webhook_of(json!({"url": receiver.url_at("/ours"), "events": ["*"]})).await;
    let their_webhook = theirs.webhook_of(json!({"url": receiver.url_at("/theirs"), "events": ["*"]})).await;
    let key = key_of(&cluster, "ours", "all").await;
    cluster.in_force().await;
    let (our_event, their_event) = (history(&ours).await, history(&theirs).await);
    let ours = cluster.rest.with_key(&key);

    for arrival in receiver.arrivals(2).await {
        assert_eq!(arrival.path, format!("/{}", arrival.json()["data"]["whose"].as_str().expect("a tenant")));
    }
    for (list, field, only) in [
        ("/v1/webhooks", "id", &json!(our_webhook.id)),
        ("/v1/events", "id", &our_event["id"]),
        (&format!("/v1/webhooks/{}/deliveries", our_webhook.id), "id", &our_event["deliveries"][0]["id"]),
    ] {
        let rows = ours.all(list).await;
        assert_eq!(rows.iter().map(|row| &row[field]).collect::<Vec<_>>(), [only], "{list}");
    }
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    let (event, delivery) = (text(&their_event["id"]), text(&their_event["deliveries"][0]["id"]));
    let webhook = format!("/v1/webhooks/{}", their_webhook.id);
    for path in [
        webhook.clone(),
        format!("{webhook}/deliveries"),
        format!("/v1/events/{event}"),
        format!("/v1/deliveries/{delivery}"),
    ] {
        let _ = ours.get(&path).await.problem(404);
    }
    for path in
        [format!("{webhook}/ping"), format!("{webhook}/secret/rotate"), format!("/v1/deliveries/{delivery}/retry")]
    {
        let _ = ours.post(&path, json!({})).await.problem(404);
    }
    let _ = ours.patch(&webhook, json!({"is_active": false})).await.problem(404);
    let _ = ours.delete(&webhook).await.problem(404);
    assert_eq!(theirs.webhook_now(&their_webhook.id).await["is_active"], true);
    assert_eq!(receiver.log().arrivals().len(), 2);
}

async fn a_tenants_key_opens_its_tenant_and_nothing_else(family: Family) {
    let cluster = Cluster::start(family).await;
    cluster.tenant("ours").await;
    cluster.tenant("theirs").await;
    let key = key_of(&cluster, "ours", "all").await;
    let publishing = key_of(&cluster, "ours", "publish").await;
    cluster.in_force().await;
    let rest = cluster.rest.with_key(&key);

    for path in ["/v1/tenants", "/v1/api-keys", "/v1/audit"] {
        let _ = rest.get(path).await.problem(403);
    }
    let _ = rest.put("/v1/tenants/mine", json!({})).await.problem(403);
    let _ = rest.for_tenant("theirs").get("/v1/webhooks").await.problem(403);
    let _ = cluster.rest.with_key(&publishing).get("/v1/webhooks").await.problem(403);
    let _ = cluster.rest.with_key(&publishing).post("/v1/events", json!({"type": "a", "data": 1})).await.expect(202);
    let _ = cluster.rest.with_key("nobody's").get("/v1/webhooks").await.problem(401);
    let _ = cluster.rest.with_key("").get("/v1/webhooks").await.problem(401);

    let publisher = cluster.publisher(&key);
    publisher.publish(event("", "a", &json!(1))).await.expect("a tenant's key names it");
    publisher.publish(event("ours", "a", &json!(1))).await.expect("it may name itself");
    let code = |outcome: Result<_, tonic::Status>| {
        outcome.map(|_: fanfare_proto::v1::PublishResponse| ()).map_err(|status| status.code())
    };
    assert_eq!(code(publisher.publish(event("theirs", "a", &json!(1))).await), Err(Code::PermissionDenied));
    assert_eq!(
        code(cluster.publisher("nobody's").publish(event("ours", "a", &json!(1))).await),
        Err(Code::Unauthenticated)
    );
    assert_eq!(code(cluster.publisher("").publish(event("ours", "a", &json!(1))).await), Err(Code::Unauthenticated));
    let operator = cluster.publisher(cluster.operator_key());
    assert_eq!(code(operator.publish(event("nobody", "a", &json!(1))).await), Err(Code::NotFound));
    assert_eq!(code(operator.publish(event("", "a", &json!(1))).await), Err(Code::InvalidArgument));
}

async fn a_key_that_was_deleted_opens_nothing(family: Family) {
    let cluster = Cluster::start(family).await;
    cluster.tenant("ours").await;
    let made = cluster.rest.post("/v1/api-keys", json!({"tenant": "ours"})).await.expect(201);
    let (id, key) = (made["id"].as_str().expect("an id"), made["key"].as_str().expect("a key"));
    cluster.in_force().await;
    let _ = cluster.rest.with_key(key).get("/v1/webhooks").await.expect(200);

    let _ = cluster.rest.delete(&format!("/v1/api-keys/{id}")).await.expect(204);
    cluster.in_force().await;

    let _ = cluster.rest.with_key(key).get("/v1/webhooks").await.problem(401);
    let refused = cluster.publisher(key).publish(event("", "a", &json!(1))).await.expect_err("the key is gone");
    assert_eq!(refused.code(), Code::Unauthenticated);
}

async fn a_deleted_tenant_gets_and_shows_nothing_even_when_made_again(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([503]).await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook_retried(&receiver, &["0s", "2s"]).await;
    cluster.in_force().await;
    let event_id = tenant.publish("order.paid", &json!({})).await;
    tenant.event_with(&event_id, 1, &["retrying"]).await;

    let _ = cluster.rest.delete("/v1/tenants/acme").await.expect(204);
    cluster.in_force().await;
    let refused = tenant.publisher.publish(event("acme", "order.paid", &json!({}))).await.expect_err("it is gone");
    assert_eq!(refused.code(), Code::NotFound);
    let shown = tenant.rest.get("/v1/events").await.status;
    assert!(shown.is_client_error(), "{shown}");

    let again = cluster.tenant("acme").await;
    assert_eq!(again.rest.all("/v1/webhooks").await.len(), 0);
    assert_eq!(again.rest.all("/v1/events").await.len(), 0);
    again.webhook_of(json!({"url": receiver.url_at("/new"), "events": ["*"]})).await;
    cluster.in_force().await;
    let new = again.publish("order.paid", &json!({})).await;
    receiver
        .until("the new tenant's event", std::time::Duration::from_secs(10), |log| {
            log.arrivals().iter().any(|arrival| arrival.path == "/new" && arrival.event() == new)
        })
        .await;
    assert!(receiver.log().arrivals().iter().all(|arrival| arrival.path == "/new" || arrival.event() == event_id));
}

scenarios! {
    two_tenants_never_see_each_others_anything,
    a_tenants_key_opens_its_tenant_and_nothing_else,
    a_key_that_was_deleted_opens_nothing,
    a_deleted_tenant_gets_and_shows_nothing_even_when_made_again,
}
