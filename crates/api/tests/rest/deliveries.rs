//! Looking at deliveries, pings and tests, and trying once more.

use fanfare_domain::delivery::{FailureReason, Lane, Settlement, Turn};
use fanfare_domain::event::Purpose;
use fanfare_domain::ids::{DeliveryId, Run};
use fanfare_ports::queue::{Consumer, Queue};
use fanfare_proto::records::decode_delivery;
use serde_json::{Value, json};
use std::time::Duration;

use crate::harness::{Service, path_of, webhook_id};

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_shows_its_attempts() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let webhook = service.webhook(json!({})).await;
    service.publish(json!({"type": "a", "data": 1})).await;
    let (event, references) = service.log_event(&[webhook_id(&webhook)]).await;
    service.log_attempt(&event, references[0], 500, Settlement::Failed(FailureReason::AttemptsUsedUp)).await;

    let shown = service.call("GET", &format!("/v1/deliveries/{}", references[0].id), None).await.ok(200);
    assert_eq!((&shown["status"], &shown["error"]), (&json!("failed"), &json!("attempts used up")));
    let attempt = &shown["attempts"][0];
    assert_eq!((&attempt["attempt"], &attempt["status_code"]), (&json!(1), &json!(500)));
    assert_eq!(attempt["response_headers"], json!({"Set-Cookie": "a=1, b=2"}));
    assert_eq!(attempt["response_body"], "hello \u{fffd}");
    assert_eq!(attempt["response_time_ms"], 12);

    let path = format!("{}/deliveries", path_of(&webhook));
    let rows = async |query: &str| -> usize {
        let listed = service.call("GET", &format!("{path}{query}"), None).await.ok(200);
        listed["data"].as_array().expect("rows").len()
    };
    assert_eq!(rows("").await, 1);
    assert_eq!(rows("?status=failed&event_type=a&since=2020-01-01T00:00:00Z").await, 1);
    assert_eq!(rows("?status=success").await, 0);
    assert_eq!(rows("?event_type=b").await, 0);
    assert_eq!(service.call("GET", &format!("{path}?status=odd"), None).await.problem(400), ["#/status"]);

    service.call("DELETE", &path_of(&webhook), None).await.ok(204);
    assert_eq!(rows("").await, 1, "those of a deleted webhook stay to be seen");
    service.call("GET", "/v1/webhooks/wh_00000000000000000000000000/deliveries", None).await.problem(404);
    service.call("GET", "/v1/deliveries/whd_00000000000000000000000000", None).await.problem(404);
    service.call("GET", "/v1/deliveries/whd_nothing", None).await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_more_attempt_goes_to_the_workers_at_once() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let webhook = service.webhook(json!({})).await;
    service.publish(json!({"type": "a", "data": 1})).await;
    let (event, references) = service.log_event(&[webhook_id(&webhook)]).await;
    service.log_attempt(&event, references[0], 500, Settlement::Failed(FailureReason::AttemptsUsedUp)).await;
    let path = format!("/v1/deliveries/{}/retry", references[0].id);

    let asked = service.call("POST", &path, None).await.ok(202);
    let taken =
        service.embedded.queue().take(Consumer::Worker(Lane::Fresh), 1, Duration::from_secs(10)).await.expect("takes");
    let delivery = decode_delivery(&taken[0].record).expect("a delivery");
    assert_eq!(delivery.reference, references[0]);
    let Turn::Manual { id, number } = delivery.turn else { panic!("{delivery:?}") };
    assert_eq!((json!(id), number), (asked["attempt_id"].clone(), 1));
    assert!(delivery.waited);

    service.call("PATCH", &path_of(&webhook), json!({"is_active": false})).await.ok(200);
    service.call("POST", &path, json!({})).await.problem(409);
    service.call("DELETE", &path_of(&webhook), None).await.ok(204);
    service.call("POST", &path, None).await.problem(409);
    service.call("POST", "/v1/deliveries/whd_00000000000000000000000000/retry", None).await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_is_for_one_webhook_alone() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let webhook = service.webhook(json!({"events": ["qr.scanned"]})).await;
    let sent = service.call("POST", &format!("{}/ping", path_of(&webhook)), None).await.ok(202);
    let (_, event) = service.routed_events(1).await.remove(0);
    assert_eq!(event.event_type.as_str(), "webhook.ping");
    assert_eq!(event.purpose, Purpose::Trial(webhook_id(&webhook)));
    let delivery = DeliveryId::derive(event.tenant, &event.id, webhook_id(&webhook), Run::First);
    assert_eq!(sent, json!({"event_id": event.id, "delivery_id": delivery}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_sends_the_types_example() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let described = json!({"description": "A scan", "example": {"code": "abc"}, "aliases": ["scan.created"]});
    service.call("PUT", "/v1/event-types/qr.scanned", described).await.ok(201);
    let webhook = service.webhook(json!({"events": ["*", "qr.scanned"]})).await;
    let path = format!("{}/test", path_of(&webhook));
    for (body, event_type, data) in [
        (None, "qr.scanned", json!({"code": "abc"})),
        (Some(json!({"type": "scan.created"})), "scan.created", json!({"code": "abc"})),
        (Some(json!({"type": "other"})), "other", json!({"test": true})),
        (Some(json!({"type": "other", "data": null})), "other", Value::Null),
    ] {
        service.call("POST", &path, body).await.ok(202);
        let (_, event) = service.routed_events(1).await.remove(0);
        assert_eq!(event.event_type.as_str(), event_type);
        assert_eq!(serde_json::from_slice::<Value>(&event.data).expect("JSON"), data);
    }
    let broad = service.webhook(json!({"events": ["*"]})).await;
    service.call("POST", &format!("{}/test", path_of(&broad)), json!({})).await.ok(202);
    assert_eq!(service.routed_events(1).await[0].1.event_type.as_str(), "webhook.test");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_an_inactive_webhook_by_hand() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let webhook = service.webhook(json!({"is_active": false})).await;
    for action in ["ping", "test"] {
        let answer = service.call("POST", &format!("{}/{action}", path_of(&webhook)), None).await;
        answer.problem(409);
        assert!(answer.text.contains("make it active"), "{}", answer.text);
    }
}
