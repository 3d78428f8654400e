//! Who may do what.

use serde_json::json;

use crate::harness::{OPERATOR, Service, path_of};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_known_key_nothing_is_answered() {
    let service = Service::start().await;
    for request in [
        service.request("GET", "/v1/webhooks"),
        service.request("GET", "/v1/webhooks").bearer_auth("fk_nobody"),
        service.request("GET", "/v1/webhooks").header("Authorization", "Basic abc"),
        service.request("GET", "/v1/webhooks").header("Authorization", "Bearer "),
    ] {
        let answer = service.answer(request).await;
        answer.problem(401);
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_names_the_tenant_by_the_header() {
    let service = Service::start().await;
    service.tenant("acme").await;
    service.call_as(OPERATOR, None, "GET", "/v1/webhooks", None).await.problem(400);
    service.call_as(OPERATOR, Some("Not An Id"), "GET", "/v1/webhooks", None).await.problem(400);
    service.call_as(OPERATOR, Some("nobody"), "GET", "/v1/webhooks", None).await.problem(404);
    service.call_as(OPERATOR, Some("acme"), "GET", "/v1/webhooks", None).await.ok(200);
    let event = json!({"type": "a", "data": 1});
    service.call_as(OPERATOR, None, "POST", "/v1/events", event.clone()).await.problem(400);
    service.call_as(OPERATOR, Some("nobody"), "POST", "/v1/events", event).await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_key_sees_its_own_tenant_alone() {
    let service = Service::start().await;
    service.tenant("acme").await;
    service.tenant("other").await;
    let (acme, other) = (service.key("acme", "all").await, service.key("other", "all").await);
    let webhook = service.webhook(json!({})).await;
    let path = path_of(&webhook);

    service.call_as(&acme, None, "GET", &path, None).await.ok(200);
    service.call_as(&acme, Some("acme"), "GET", &path, None).await.ok(200);
    service.call_as(&acme, Some("other"), "GET", &path, None).await.problem(403);

    for (method, path) in [
        ("GET", path.clone()),
        ("PATCH", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/ping")),
        ("POST", format!("{path}/test")),
        ("POST", format!("{path}/secret/rotate")),
        ("GET", format!("{path}/deliveries")),
    ] {
        let body = (method != "GET").then(|| json!({}));
        service.call_as(&other, None, method, &path, body).await.problem(404);
    }
    let replay = json!({"since": "2020-01-01T00:00:00Z", "only": "all"});
    service.call_as(&other, None, "POST", &format!("{path}/replay"), replay).await.problem(404);
    assert_eq!(service.call_as(&other, None, "GET", "/v1/webhooks", None).await.ok(200)["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_operators_is_closed_to_tenants() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let key = service.key("acme", "all").await;
    for (method, path) in [
        ("GET", "/v1/tenants"),
        ("GET", "/v1/tenants/acme"),
        ("PUT", "/v1/tenants/acme"),
        ("DELETE", "/v1/tenants/acme"),
        ("GET", "/v1/api-keys"),
        ("POST", "/v1/api-keys"),
        ("DELETE", "/v1/api-keys/key_00000000000000000000000000"),
        ("GET", "/v1/audit"),
    ] {
        let body = (method != "GET").then(|| json!({}));
        service.call_as(&key, None, method, path, body).await.problem(403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publishing_key_publishes_and_nothing_else() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let key = service.key("acme", "publish").await;
    service.call_as(&key, None, "POST", "/v1/events", json!({"type": "a", "data": 1})).await.ok(202);
    service.call_as(&key, Some("other"), "POST", "/v1/events", json!({"type": "a", "data": 1})).await.problem(403);
    for path in ["/v1/events", "/v1/webhooks", "/v1/subjects", "/v1/event-types", "/v1/tenants", "/v1/audit"] {
        service.call_as(&key, None, "GET", path, None).await.problem(403);
    }
    let body = json!({"scope": "publish"});
    let operators = service.call("POST", "/v1/api-keys", body).await.ok(201);
    let operators = operators["key"].as_str().expect("a key");
    service.call_as(operators, None, "GET", "/v1/tenants", None).await.problem(403);
    service.call_as(operators, Some("acme"), "POST", "/v1/events", json!({"type": "a", "data": 1})).await.ok(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_key_is_refused_at_once() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let made = service.call("POST", "/v1/api-keys", json!({"tenant": "acme", "name": "ci"})).await.ok(201);
    let key = made["key"].as_str().expect("a key");
    service.call_as(key, None, "GET", "/v1/webhooks", None).await.ok(200);

    let listed = service.call("GET", "/v1/api-keys", None).await.ok(200);
    assert_eq!(listed["data"][0]["tenant"], "acme");
    assert_eq!(listed["data"][0]["name"], "ci");
    assert_eq!(listed["data"][0]["key"], json!(null));

    let path = format!("/v1/api-keys/{}", made["id"].as_str().expect("an id"));
    service.call("DELETE", &path, None).await.ok(204);
    service.call("DELETE", &path, None).await.problem(404);
    service.call_as(key, None, "GET", "/v1/webhooks", None).await.problem(401);
}
