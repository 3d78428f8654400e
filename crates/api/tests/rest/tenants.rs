//! Tenants come and go.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::{Clock, ManualClock};
use fanfare_ports::store::Registry;
use serde_json::json;

use crate::harness::{OPERATOR, Service};

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_made_changed_and_shown() {
    let service = Service::start().await;
    let made = service
        .call("PUT", "/v1/tenants/acme", json!({"name": "Acme", "quota": {"events_per_second": 5}}))
        .await
        .ok(201);
    assert_eq!(made["default_profile"], "standard");
    assert_eq!(made["quota"], json!({"events_per_second": 5}));
    let changed = service.call("PUT", "/v1/tenants/acme", None).await.ok(200);
    assert_eq!((&changed["name"], &changed["quota"]), (&json!(null), &json!(null)));
    assert_eq!(changed["created_at"], made["created_at"]);
    assert_eq!(service.call("GET", "/v1/tenants/acme", None).await.ok(200), changed);
    let listed = service.call("GET", "/v1/tenants", None).await.ok(200);
    let ids: Vec<_> = listed["data"].as_array().expect("rows").iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, ["acme", "fanfare"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_profile_brings_its_types_and_leaves_those_that_are_described() {
    let service = Service::start().await;
    service.call("PUT", "/v1/tenants/acme", None).await.ok(201);
    let own = json!({"description": "ours", "aliases": ["code.deleted"]});
    service.call("PUT", "/v1/event-types/qr.deleted", own.clone()).await.ok(201);
    assert_eq!(service.call("GET", "/v1/event-types", None).await.ok(200)["data"].as_array().map(Vec::len), Some(1));

    service.call("PUT", "/v1/tenants/acme", json!({"default_profile": "qr3"})).await.ok(200);

    let scanned = service.call("GET", "/v1/event-types/qr.scanned", None).await.ok(200);
    assert_eq!(scanned["aliases"], json!(["scan.created"]));
    let deleted = service.call("GET", "/v1/event-types/qr.deleted", None).await.ok(200);
    assert_eq!((&deleted["description"], &deleted["aliases"]), (&own["description"], &own["aliases"]));
    assert_eq!(service.call("GET", "/v1/event-types", None).await.ok(200)["data"].as_array().map(Vec::len), Some(6));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_holds_from_its_answer_on() {
    let service = Service::start().await;
    service.call("PUT", "/v1/tenants/acme", json!({"quota": {"events_per_second": 1}})).await.ok(201);
    let event = json!({"type": "a", "data": 1});
    let mut refused = None;
    for _ in 0..20 {
        let answer = service.call("POST", "/v1/events", event.clone()).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("over the quota");
    refused.problem(429);
    assert!(refused.headers["retry-after"].to_str().expect("text").parse::<u64>().expect("seconds") >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reserved_tenant_is_there_for_operators_and_stays() {
    let service = Service::start().await;
    service.call_as(OPERATOR, Some("fanfare"), "GET", "/v1/events", None).await.ok(200);
    let webhook = json!({"url": "https://example.com", "events": ["fanfare.*"]});
    service.call_as(OPERATOR, Some("fanfare"), "POST", "/v1/webhooks", webhook).await.ok(201);
    service
        .call_as(OPERATOR, Some("fanfare"), "POST", "/v1/events", json!({"type": "a", "data": 1}))
        .await
        .problem(403);
    service.call("DELETE", "/v1/tenants/fanfare", None).await.problem(409);
    service.call("PUT", "/v1/tenants/fanfare", json!({})).await.problem(409);
    assert_eq!(service.call("POST", "/v1/api-keys", json!({"tenant": "fanfare"})).await.problem(400), ["#/tenant"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_tenant_is_refused() {
    let service = Service::start().await;
    for (body, pointer) in [
        (json!({"default_profile": "odd"}), "#/default_profile"),
        (json!({"quota": {"events_per_second": 0}}), "#/quota/events_per_second"),
        (json!({"quota": {"events_per_second": -1}}), "#/quota/events_per_second"),
        (json!({"quota": {"per_second": 1}}), "#/quota/per_second"),
        (json!({"name": 5}), "#/name"),
        (json!({"name": "x".repeat(201)}), "#/name"),
        (json!({"more": 5}), "#/more"),
    ] {
        assert_eq!(service.call("PUT", "/v1/tenants/acme", body).await.problem(400), [pointer]);
    }
    service.call("PUT", "/v1/tenants/Acme", json!({})).await.problem(400);
    service.call("GET", "/v1/tenants/acme", None).await.problem(404);
    for (body, pointer) in [
        (json!({"tenant": "nobody"}), "#/tenant"),
        (json!({"tenant": "No Body"}), "#/tenant"),
        (json!({"scope": "odd"}), "#/scope"),
        (json!({"name": "x".repeat(201)}), "#/name"),
    ] {
        assert_eq!(service.call("POST", "/v1/api-keys", body).await.problem(400), [pointer]);
    }
    assert_eq!(service.call("GET", "/v1/api-keys", None).await.ok(200)["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_tenant_is_gone_at_once_and_erased_within_a_minute() {
    let clock = ManualClock::at(Timestamp::from_millis(1_800_000_000_000));
    let service = Service::on(Arc::new(clock.clone())).await;
    service.tenant("acme").await;
    let key = service.key("acme", "all").await;
    service.webhook(json!({})).await;
    service.publish(json!({"type": "a", "data": 1, "id": "one"})).await;
    service.log_event(&[]).await;

    service.call("DELETE", "/v1/tenants/acme", None).await.ok(204);
    service.call("DELETE", "/v1/tenants/acme", None).await.problem(404);
    service.call_as(&key, None, "GET", "/v1/events", None).await.problem(401);
    service.call("GET", "/v1/events", None).await.problem(404);
    service.call("POST", "/v1/events", json!({"type": "a", "data": 1})).await.problem(404);
    assert_eq!(service.call("GET", "/v1/api-keys", None).await.ok(200)["data"], json!([]));

    let store = service.embedded.store();
    assert_eq!(store.erasures().await.expect("asked").len(), 1);
    let deleted = clock.now();
    service
        .eventually("erased", async || {
            clock.advance(Duration::from_secs(1));
            store.erasures().await.expect("asked").is_empty()
        })
        .await;
    assert!(clock.now().since(deleted) > Duration::from_secs(20), "what was under way is erased too");

    service.tenant("acme").await;
    assert_eq!(service.call("GET", "/v1/events", None).await.ok(200)["data"], json!([]));
    let again = service.call("POST", "/v1/events", json!({"type": "a", "data": 1, "id": "one"})).await.ok(202);
    assert_eq!(again["duplicate"], false, "ids of the tenant before are forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_tells_who_changed_what() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let key = service.call("POST", "/v1/api-keys", json!({"tenant": "acme"})).await.ok(201);
    let text = key["key"].as_str().expect("a key");
    let webhook = json!({"url": "https://example.com", "events": ["*"]});
    let webhook = service.call_as(text, None, "POST", "/v1/webhooks", webhook).await.ok(201);
    let path = crate::harness::path_of(&webhook);
    service.call_as(text, None, "PATCH", &path, json!({"description": "mine", "timeout": "3s"})).await.ok(200);
    service.call_as(text, None, "PATCH", &path, json!({"description": "mine"})).await.ok(200);

    let lines = service.call("GET", "/v1/audit?limit=4", None).await.ok(200);
    let told: Vec<_> = lines["data"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|line| (line["action"].clone(), line["actor"].clone(), line["tenant"].clone(), line["fields"].clone()))
        .collect();
    let (id, acme, none) = (key["id"].clone(), json!("acme"), json!([]));
    assert_eq!(told[0], (json!("webhook.update"), id.clone(), acme.clone(), json!(["description", "timeout"])));
    assert_eq!(told[1], (json!("webhook.create"), id, acme.clone(), none.clone()), "what changes nothing is not told");
    assert_eq!(told[2], (json!("api_key.create"), json!("operator"), acme.clone(), none.clone()));
    assert_eq!(told[3], (json!("tenant.create"), json!("operator"), acme, none));
    assert_eq!(lines["data"][0]["target"], webhook["id"]);
}
