//! What became of deliveries over time, and pages that are told of it.

use std::time::Duration;

use fanfare_domain::delivery::{FailureReason, Settlement};
use fanfare_ports::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::harness::{OPERATOR, Service, webhook_id};

fn sums(stats: &Value) -> [u64; 5] {
    ["deliveries", "delivered", "failed", "attempts", "failed_attempts"].map(|name| {
        let points = stats["points"].as_array().expect("points");
        points.iter().map(|point| point[name].as_u64().expect("a count")).sum()
    })
}

async fn all(service: &Service, path: &str) -> Value {
    service.call_as(OPERATOR, None, "GET", path, None).await.ok(200)
}

/// One delivery that succeeded, one that failed, and one that waits.
async fn three(service: &Service) {
    let webhook = webhook_id(&service.webhook(json!({})).await);
    for settled in
        [Some((200, Settlement::Success)), Some((500, Settlement::Failed(FailureReason::AttemptsUsedUp))), None]
    {
        service.publish(json!({"type": "a.b", "data": {}})).await;
        let (event, references) = service.log_event(&[webhook]).await;
        if let Some((status, settlement)) = settled {
            service.log_attempt(&event, references[0], status, settlement).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_deliveries_is_told_for_one_tenant_and_for_all() {
    let service = Service::start().await;
    service.tenant("acme").await;
    three(&service).await;
    service.tenant("other").await;
    for stats in [service.call("GET", "/v1/stats", None).await.ok(200), all(&service, "/v1/stats").await] {
        assert_eq!(stats["step_seconds"], 60);
        assert_eq!(sums(&stats), [3, 1, 1, 2, 1]);
        assert_eq!(stats["waiting"], 1);
        assert!(stats["oldest_waiting_at"].is_string());
        let points = stats["points"].as_array().expect("points");
        assert!((60..=62).contains(&points.len()), "an hour by the minute: {}", points.len());
        assert_eq!(points.last().expect("now")["waiting"], 1);
        let median = points.iter().find_map(|point| point["p50_ms"].as_f64()).expect("attempts took 12 ms");
        assert!((9.0..=16.0).contains(&median), "{median}");
    }
    let other = service.call_as(OPERATOR, Some("other"), "GET", "/v1/stats", None).await.ok(200);
    assert_eq!((sums(&other), &other["waiting"]), ([0; 5], &json!(0)));
    let since = SystemClock.now().minus(Duration::from_secs(7 * 86_400));
    let week = all(&service, &format!("/v1/stats?since={since}")).await;
    assert_eq!((&week["step_seconds"], sums(&week)), (&json!(3600), [3, 1, 1, 2, 1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fails_and_who_is_busiest_is_told() {
    let service = Service::start().await;
    service.tenant("acme").await;
    three(&service).await;
    for failing in
        [service.call("GET", "/v1/stats/failing", None).await.ok(200), all(&service, "/v1/stats/failing").await]
    {
        let rows = failing["data"].as_array().expect("rows");
        assert_eq!(rows.len(), 1, "{failing}");
        assert_eq!((&rows[0]["tenant"], &rows[0]["consecutive_failures"]), (&json!("acme"), &json!(1)));
        assert_eq!(rows[0]["url"], "https://example.com/hooks");
    }
    let busiest = all(&service, "/v1/stats/tenants").await;
    assert_eq!((&busiest["data"][0]["tenant"], &busiest["data"][0]["attempts"]), (&json!("acme"), &json!(2)));
    let key = service.key("acme", "all").await;
    service.call_as(&key, None, "GET", "/v1/stats/tenants", None).await.problem(403);
    assert_eq!(sums(&service.call_as(&key, None, "GET", "/v1/stats", None).await.ok(200)), [3, 1, 1, 2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_told_is_a_problem() {
    let service = Service::start().await;
    for (query, pointer) in [
        ("since=2026-03-15T00:00:00Z&until=2026-03-14T00:00:00Z", "#/since"),
        ("since=2026-01-01T00:00:00Z&until=2026-03-14T00:00:00Z", "#/since"),
        ("since=yesterday", "#/since"),
    ] {
        let answer = service.call_as(OPERATOR, None, "GET", &format!("/v1/stats?{query}"), None).await;
        assert_eq!(answer.problem(400), [pointer], "{query}");
    }
    let answer = service.call_as(OPERATOR, None, "GET", "/v1/stats/failing?limit=51", None).await;
    assert_eq!(answer.problem(400), ["#/limit"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_told_when_something_happens_and_let_go_at_the_end() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let request = service.request("GET", "/v1/live").bearer_auth(OPERATOR).header("Fanfare-Tenant", "acme");
    let mut live = request.send().await.expect("an answer");
    assert_eq!(live.headers()["content-type"], "text/event-stream");
    three(&service).await;
    let chunk = tokio::time::timeout(Duration::from_secs(20), live.chunk()).await.expect("soon").expect("read");
    let text = String::from_utf8(chunk.expect("an event").to_vec()).expect("text");
    assert!(text.starts_with("event: activity\ndata: {\"at\":\""), "{text}");
    // A page that listens holds up no shutdown.
    tokio::time::timeout(Duration::from_secs(20), service.stop()).await.expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_are_told_and_show_what_they_send() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let profiles = service.call("GET", "/v1/profiles", None).await.ok(200);
    let names: Vec<_> = profiles["data"].as_array().expect("rows").iter().map(|row| &row["name"]).collect();
    let standard = profiles["data"].as_array().expect("rows").iter().find(|row| row["name"] == "standard");
    let signature = &standard.expect("there is one")["signature"];
    assert_eq!((&signature["header"], &signature["id_header"]), (&json!("webhook-signature"), &json!("webhook-id")));
    assert!(names.contains(&&json!("standard")) && names.contains(&&json!("qr3")), "{names:?}");
    let body = json!({"type": "a.b", "data": {"a": [1]}});
    let sample = service.call("POST", "/v1/profiles/standard/sample", body.clone()).await.ok(200);
    assert!(sample["body"].as_str().expect("a body").ends_with(r#""data":{"a":[1]}}"#), "{sample}");
    let headers: Vec<_> = sample["headers"].as_array().expect("headers").iter().map(|header| &header[0]).collect();
    assert_eq!(headers, ["Content-Type", "webhook-id", "webhook-timestamp", "webhook-signature"]);
    assert!(sample["secret"].as_str().expect("a secret").starts_with("whsec_"));
    for unknown in ["none", "%FF"] {
        service.call("POST", &format!("/v1/profiles/{unknown}/sample"), body.clone()).await.problem(404);
    }
    let wrong = service.call("POST", "/v1/profiles/standard/sample", json!({"type": "a b"})).await;
    assert_eq!(wrong.problem(400), ["#/type"]);
}
