//! Publishing, and looking at what was published.

use std::time::Duration;

use fanfare_domain::delivery::Settlement;
use fanfare_ports::queue::{Queue, Stream};
use serde_json::{Value, json};

use crate::harness::{Service, webhook_id};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[tokio::test(flavor = "multi_thread")]
async fn an_event_arrives_in_the_queue_as_it_was_published() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let body = json!({"type": "order.paid", "data": {"b": 1.50, "a": [null]}, "id": "order-1", "subject": "order/1",
        "created": "2026-03-15T11:00:00+01:00"});
    let request = service
        .request("POST", "/v1/events")
        .bearer_auth(crate::harness::OPERATOR)
        .header("Fanfare-Tenant", "acme")
        .header("traceparent", PARENT)
        .json(&body);
    let accepted = service.answer(request).await.ok(202);
    assert_eq!(accepted, json!({"id": "order-1", "duplicate": false}));

    let (_, event) = service.routed_events(1).await.remove(0);
    assert_eq!(event.tenant_id.as_str(), "acme");
    assert_eq!(event.event_type.as_str(), "order.paid");
    assert_eq!(event.subject.as_deref(), Some("order/1"));
    assert_eq!(event.created.to_string(), "2026-03-15T10:00:00.000Z");
    assert_eq!(event.trace.parent.as_deref(), Some(PARENT));
    assert_eq!(serde_json::from_slice::<Value>(&event.data).expect("JSON"), json!({"a": [null], "b": 1.5}));

    let again = service.call("POST", "/v1/events", json!({"type": "other", "data": 2, "id": "order-1"})).await.ok(202);
    assert_eq!(again, json!({"id": "order-1", "duplicate": true}));
}

#[tokio::test(flavor = "multi_thread")]
async fn null_is_data() {
    let service = Service::start().await;
    service.tenant("acme").await;
    service.publish(json!({"type": "a", "data": null})).await;
    assert_eq!(&service.routed_events(1).await[0].1.data[..], b"null");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_shows_its_data_while_it_is_kept_and_where_it_went() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let webhook = service.webhook(json!({})).await;
    let id = service.publish(json!({"type": "a.b", "data": {"x": 1}, "subject": "s"})).await;
    let (event, references) = service.log_event(&[webhook_id(&webhook)]).await;
    let path = format!("/v1/events/{id}");

    let shown = service.call("GET", &path, None).await.ok(200);
    assert_eq!(shown["data"], json!({"x": 1}));
    assert_eq!((&shown["type"], &shown["subject"], &shown["delivered"]), (&json!("a.b"), &json!("s"), &json!(false)));
    assert_eq!(shown["deliveries"][0]["id"], references[0].id.to_string());
    assert_eq!(shown["deliveries"][0]["status"], "pending");
    assert_eq!(shown["deliveries"][0]["webhook_id"], webhook["id"]);

    service.log_attempt(&event, references[0], 200, Settlement::Success).await;
    assert_eq!(service.call("GET", &path, None).await.ok(200)["delivered"], true);

    service.publish(json!({"type": "a.c", "data": 2})).await;
    service.routed_events(1).await;
    service.embedded.queue().trim(Stream::Events, 2).await.expect("trims");
    let shown = service.call("GET", &path, None).await.ok(200);
    assert_eq!((shown.get("data"), &shown["data_retained"]), (None, &json!(false)));
    service.call("GET", "/v1/events/nothing", None).await.problem(404);
    service.call("GET", "/v1/events/%20", None).await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_and_paged_newest_first() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let webhook = webhook_id(&service.webhook(json!({})).await);
    let mut ids = Vec::new();
    for place in 0..5 {
        let subject = format!("s{}", place % 2);
        ids.push(service.publish(json!({"type": format!("t{}", place % 3), "data": place, "subject": subject})).await);
        let webhooks = [webhook];
        let (event, references) = service.log_event(if place == 0 { &[] } else { &webhooks }).await;
        if let (1, [reference]) = (place, references.as_slice()) {
            service.log_attempt(&event, *reference, 200, Settlement::Success).await;
        }
        // Events of one millisecond would have no order that could be told.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let listed = async |query: &str| -> Vec<usize> {
        let rows = service.call("GET", &format!("/v1/events{query}"), None).await.ok(200);
        let place = |row: &Value| ids.iter().position(|id| row["id"] == **id).expect("one of ours");
        rows["data"].as_array().expect("rows").iter().map(place).collect()
    };
    assert_eq!(listed("").await, [4, 3, 2, 1, 0]);
    assert_eq!(listed("?type=t1").await, [4, 1]);
    assert_eq!(listed("?subject=s1").await, [3, 1]);
    assert_eq!(listed("?delivered=true").await, [1]);
    assert_eq!(listed("?delivered=false").await, [4, 3, 2]);
    assert_eq!(listed("?since=2100-01-01T00:00:00Z").await, [0; 0]);
    assert_eq!(listed("?until=2100-01-01T00:00:00%2B01:00&limit=2").await, [4, 3]);

    let first = service.call("GET", "/v1/events?limit=3", None).await.ok(200);
    let cursor = first["next_cursor"].as_str().expect("more").to_owned();
    assert_eq!(listed(&format!("?limit=3&cursor={cursor}")).await, [1, 0]);
    let last = service.call("GET", &format!("/v1/events?cursor={cursor}"), None).await.ok(200);
    assert_eq!(last["next_cursor"], json!(null));
    let foreign = service.call("GET", &format!("/v1/subjects?cursor={cursor}"), None).await;
    assert_eq!(foreign.problem(400), ["#/cursor"]);

    let subjects = service.call("GET", "/v1/subjects", None).await.ok(200);
    assert_eq!(subjects["data"][0]["subject"], "s0");
    assert_eq!(subjects["data"][0]["newest_event"]["id"], ids[4]);
    assert_eq!(service.call("GET", "/v1/subjects?delivered=true", None).await.ok(200)["data"], json!([]));
}
