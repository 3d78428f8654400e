//! Bad input: a clear answer, and nothing changed.

use std::time::Duration;

use fanfare_cluster::{Body, Cluster, Family, Receiver, event, eventually};
use fanfare_proto::v1::PublishRequest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;

fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

/// A JSON text of exactly so many bytes.
fn sized(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes - 2))
}

fn with_data(data: impl Into<Vec<u8>>) -> PublishRequest {
    PublishRequest { data: data.into().into(), ..event("acme", "order.paid", &Value::Null) }
}

fn with_type(event_type: &str) -> PublishRequest {
    event("acme", event_type, &json!({}))
}

fn with_id(id: &str) -> PublishRequest {
    PublishRequest { id: id.to_owned(), ..with_type("order.paid") }
}

/// What gRPC refuses, with which code, and what the message names.
fn refused_over_grpc() -> Vec<(PublishRequest, Code, &'static str)> {
    use Code::{InvalidArgument, ResourceExhausted};
    let long_type = "a".repeat(129);
    let long_id = "a".repeat(129);
    vec![
        (with_data(""), InvalidArgument, "data"),
        (with_data("{"), InvalidArgument, "data"),
        (with_data("{\"a\":1,}"), InvalidArgument, "data"),
        (with_data("{} {}"), InvalidArgument, "data"),
        (with_data("NaN"), InvalidArgument, "data"),
        (with_data("'a'"), InvalidArgument, "data"),
        (with_data(*b"\"\xff\""), InvalidArgument, "data"),
        (with_data(nested(129)), InvalidArgument, "data"),
        (with_data(nested(100_000)), InvalidArgument, "data"),
        (with_data(sized(256 * 1024 + 1)), ResourceExhausted, "262144"),
        (with_type(""), InvalidArgument, "type"),
        (with_type("Order.Paid"), InvalidArgument, "type"),
        (with_type("order..paid"), InvalidArgument, "type"),
        (with_type(".order"), InvalidArgument, "type"),
        (with_type("order paid"), InvalidArgument, "type"),
        (with_type("order.*"), InvalidArgument, "type"),
        (with_type(&long_type), InvalidArgument, "type"),
        (with_type("webhook.ping"), InvalidArgument, "type"),
        (with_type("fanfare.webhook.disabled"), InvalidArgument, "type"),
        (with_id("white space"), InvalidArgument, "id"),
        (with_id("slash/slash"), InvalidArgument, "id"),
        (with_id(&long_id), InvalidArgument, "id"),
    ]
}

async fn publishing_refuses_what_is_not_an_event(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook(&receiver, &["*"]).await;
    cluster.in_force().await;

    for (number, (event, code, named)) in refused_over_grpc().into_iter().enumerate() {
        let refused = tenant.publisher.publish(event).await.expect_err(&format!("case {number} is refused"));
        assert_eq!(refused.code(), code, "case {number}: {}", refused.message());
        assert!(refused.message().contains(named), "case {number}: {:?} does not name {named}", refused.message());
    }
    let raw = |text: String| Body::Raw(text.into_bytes());
    for (body, status) in [
        (raw("{\"type\":\"a\",\"data\":".to_owned()), 400),
        (raw("not json".to_owned()), 400),
        (raw("{\"type\":\"a\"}".to_owned()), 400),
        (raw("{\"type\":\"a\",\"data\":1,\"colour\":\"red\"}".to_owned()), 400),
        (raw("{\"type\":\"A B\",\"data\":1}".to_owned()), 400),
        (raw("{\"type\":\"a\",\"data\":1,\"id\":\"a/b\"}".to_owned()), 400),
        (raw("{\"type\":\"a\",\"data\":1,\"created\":\"yesterday\"}".to_owned()), 400),
        (raw(format!("{{\"type\":\"a\",\"data\":{}}}", nested(129))), 400),
        (raw(format!("{{\"type\":\"a\",\"data\":{}}}", sized(256 * 1024 + 1))), 413),
    ] {
        let problem = tenant.rest.post("/v1/events", body).await.problem(status);
        assert!(problem["detail"].is_string() || problem["errors"].is_array(), "{problem}");
    }

    // What is just within the limits is taken, and nothing else was.
    for data in [nested(128), sized(256 * 1024)] {
        tenant.publisher.publish(with_data(data)).await.expect("within the limits");
    }
    receiver.until("the two good ones", Duration::from_secs(20), |log| log.deliveries() >= 2).await;
    eventually("two events are on record", Duration::from_secs(10), || async {
        (tenant.rest.all("/v1/events").await.len() == 2).then_some(())
    })
    .await;
    assert_eq!(receiver.log().deliveries(), 2);
}

/// Webhooks that are refused, and the field that is named.
fn refused_webhooks() -> Vec<(Value, &'static str)> {
    let url = "https://example.com/hooks";
    let with = |field: &str, value: Value| {
        let mut webhook = json!({"url": url, "events": ["*"]});
        webhook[field] = value;
        webhook
    };
    vec![
        (json!({"events": ["*"]}), "url"),
        (json!({"url": url}), "events"),
        (with("url", json!("example.com")), "url"),
        (with("url", json!("ftp://example.com/")), "url"),
        (with("url", json!("https://")), "url"),
        (with("url", json!("https://user:pass@example.com/")), "url"),
        (with("url", json!(17)), "url"),
        (with("events", json!([])), "events"),
        (with("events", json!(["Order.Paid"])), "events"),
        (with("events", json!(["*.paid"])), "events"),
        (with("events", json!("*")), "events"),
        (with("colour", json!("red")), "colour"),
        (with("timeout", json!("0s")), "timeout"),
        (with("timeout", json!("31s")), "timeout"),
        (with("retry", json!({"delays": []})), "retry"),
        (with("retry", json!({"delays": ["25h"]})), "retry"),
        (with("retry", json!({"delays": vec!["24h"; 5]})), "retry"),
        (with("retry", json!({"delays": vec!["1s"; 21]})), "retry"),
        (with("secret", json!("whsec_short")), "secret"),
        (with("secret", json!("not a secret")), "secret"),
        (with("headers", json!({"Host": "elsewhere"})), "headers"),
        (with("headers", json!({"Content-Length": "1"})), "headers"),
        (with("headers", json!({"Webhook-Id": "mine"})), "headers"),
        (with("headers", json!({"X-Bad": "a\r\nb: c"})), "headers"),
        (with("profile", json!("nobody's")), "profile"),
        (with("auth", json!({"type": "magic"})), "auth"),
        (with("rate_limit", json!({"per_second": 0})), "rate_limit"),
    ]
}

async fn rest_refuses_what_is_not_a_webhook_and_names_the_field(family: Family) {
    let cluster = Cluster::start(family).await;
    let tenant = cluster.tenant("acme").await;

    for (webhook, field) in refused_webhooks() {
        let problem = tenant.rest.post("/v1/webhooks", webhook.clone()).await.problem(400);
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let named = errors.iter().any(|error| {
            error["pointer"].as_str().is_some_and(|at| at.starts_with(&format!("#/{field}")))
                && error["detail"].is_string()
        });
        assert!(named, "{webhook} → {problem}");
    }

    assert_eq!(tenant.rest.all("/v1/webhooks").await.len(), 0);
    for path in
        ["/v1/webhooks?limit=0", "/v1/webhooks?limit=201", "/v1/webhooks?cursor=nonsense", "/v1/events?since=yesterday"]
    {
        let _ = tenant.rest.get(path).await.problem(400);
    }
    for path in ["/v1/webhooks/wh_nothing", "/v1/events/evt_nothing", "/v1/deliveries/whd_nothing", "/v1/nothing"] {
        let _ = tenant.rest.get(path).await.problem(404);
    }
    let _ = cluster.rest.put("/v1/tenants/Not%20Good", json!({})).await.problem(400);
}

async fn a_change_that_is_refused_changes_nothing(family: Family) {
    let cluster = Cluster::start(family).await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook_of(json!({"url": "https://example.com/hooks", "events": ["*"]})).await;
    let path = format!("/v1/webhooks/{}", webhook.id);
    let before = tenant.webhook_now(&webhook.id).await;

    for change in [
        json!({"url": "not a url", "description": "changed"}),
        json!({"events": null}),
        json!({"is_active": "yes"}),
        json!({"id": "wh_other"}),
        json!(["is_active"]),
    ] {
        let _ = tenant.rest.patch(&path, change).await.problem(400);
    }

    assert_eq!(tenant.webhook_now(&webhook.id).await, before);
}

async fn a_body_that_is_cut_off_changes_nothing(family: Family) {
    let cluster = Cluster::start(family).await;
    let tenant = cluster.tenant("acme").await;
    let address = cluster.rest.base().trim_start_matches("http://").to_owned();
    let body = r#"{"url":"https://example.com/","events":["*"]}"#;
    let head = format!(
        "POST /v1/webhooks HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nFanfare-Tenant: acme\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        cluster.operator_key(),
        body.len() + 10,
    );

    let mut connection = TcpStream::connect(&address).await.expect("it listens");
    connection.write_all(format!("{head}{body}").as_bytes()).await.expect("it reads");
    connection.shutdown().await.expect("the connection is half closed");
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer).await;

    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(tenant.rest.all("/v1/webhooks").await.len(), 0);
}

scenarios! {
    publishing_refuses_what_is_not_an_event,
    rest_refuses_what_is_not_a_webhook_and_names_the_field,
    a_change_that_is_refused_changes_nothing,
    a_body_that_is_cut_off_changes_nothing,
}
