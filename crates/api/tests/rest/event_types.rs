//! Described types: schemas, examples, other names.

use serde_json::json;

use crate::harness::Service;

#[tokio::test(flavor = "multi_thread")]
async fn a_description_is_made_changed_shown_and_deleted() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let path = "/v1/event-types/qr.scanned";
    let made = service
        .call("PUT", path, json!({"description": "A scan", "example": {"b": 1.0, "a": 2}, "aliases": ["scan.created"]}))
        .await
        .ok(201);
    assert_eq!(made["example"], json!({"b": 1, "a": 2}));
    assert_eq!(made["deprecated"], false);

    let changed = service.call("PUT", path, json!({"description": "A scan", "deprecated": true})).await.ok(200);
    assert_eq!((&changed["aliases"], changed.get("example")), (&json!([]), None));
    assert_eq!(changed["created_at"], made["created_at"]);
    assert_eq!(service.call("GET", path, None).await.ok(200), changed);
    assert_eq!(service.call("GET", "/v1/event-types", None).await.ok(200)["data"], json!([changed]));

    service.call("DELETE", path, None).await.ok(204);
    service.call("DELETE", path, None).await.problem(404);
    service.call("GET", path, None).await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_is_enforced_from_its_answer_on_and_under_each_name() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let schema = json!({"type": "object", "required": ["code"]});
    let body =
        json!({"description": "A scan", "schema": schema, "aliases": ["scan.created"], "example": {"code": "x"}});
    service.call("PUT", "/v1/event-types/qr.scanned", body).await.ok(201);
    for event_type in ["qr.scanned", "scan.created"] {
        let answer = service.call("POST", "/v1/events", json!({"type": event_type, "data": {}})).await;
        assert_eq!(answer.problem(400), ["#/data"]);
        service.publish(json!({"type": event_type, "data": {"code": "x"}})).await;
    }
    service.call("DELETE", "/v1/event-types/qr.scanned", None).await.ok(204);
    service.publish(json!({"type": "qr.scanned", "data": {}})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_belongs_to_one_type() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let body = json!({"description": "x", "aliases": ["shared"]});
    service.call("PUT", "/v1/event-types/one", body.clone()).await.ok(201);
    service.call("PUT", "/v1/event-types/one", body.clone()).await.ok(200);
    let answer = service.call("PUT", "/v1/event-types/two", body).await;
    answer.problem(409);
    assert!(answer.text.contains("alias of one"), "{}", answer.text);
    service.call("GET", "/v1/event-types/two", None).await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_described_is_refused() {
    let service = Service::start().await;
    service.tenant("acme").await;
    for (body, pointer) in [
        (json!({}), "#/description"),
        (json!({"description": "x", "schema": {"type": "odd"}}), "#/schema"),
        (json!({"description": "x", "schema": 5}), "#/schema"),
        (json!({"description": "x", "schema": {"type": "object"}, "example": 5}), "#/example"),
        (json!({"description": "x", "aliases": ["a.*"]}), "#/aliases/0"),
        (json!({"description": "x", "aliases": ["b", "webhook.x"]}), "#/aliases/1"),
        (json!({"description": "x", "aliases": ["a"]}), "#/aliases/0"),
        (json!({"description": "x", "aliases": ["b", "b"]}), "#/aliases/1"),
        (json!({"description": "x", "more": 1}), "#/more"),
        (json!({"description": "x".repeat(4001)}), "#/description"),
    ] {
        let answer = service.call("PUT", "/v1/event-types/a", body).await;
        assert_eq!(answer.problem(400), [pointer], "{}", answer.text);
    }
    let good = json!({"description": "x"});
    for name in ["webhook.ping", "fanfare.x", "A", "a..b", "a.*"] {
        service.call("PUT", &format!("/v1/event-types/{name}"), good.clone()).await.problem(400);
    }
    assert_eq!(service.call("GET", "/v1/event-types", None).await.ok(200)["data"], json!([]));
}
