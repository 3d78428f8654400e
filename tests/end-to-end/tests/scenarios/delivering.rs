//! From a publish to a receiver.

use std::collections::BTreeSet;
use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Receiver, event};
use fanfare_proto::v1::PublishRequest;
use serde_json::json;

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn one_publish_is_one_whole_delivery(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([fanfare_cluster::Answer::status(200).body("thanks")]).await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook(&receiver, &["order.paid"]).await;
    cluster.in_force().await;

    let event = tenant.publish("order.paid", &json!({"order": 4711})).await;

    let arrival = receiver.arrival().await;
    assert_eq!(arrival.event(), event);
    let body = arrival.json();
    assert_eq!(
        (&body["id"], &body["type"], &body["data"]),
        (&json!(event), &json!("order.paid"), &json!({"order": 4711}))
    );
    assert!(body["timestamp"].as_str().is_some_and(|time| time.ends_with('Z') && time.len() == 24), "{body}");

    let delivery = tenant.delivery_in(&event, "success").await;
    let attempts = delivery["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 1, "{delivery}");
    assert_eq!(attempts[0]["attempt"], 1);
    assert_eq!(attempts[0]["status_code"], 200);
    assert_eq!(attempts[0]["response_body"], "thanks");
    assert!(attempts[0]["response_time_ms"].is_number(), "{delivery}");
    let webhook = tenant.webhook_now(&webhook.id).await;
    assert_eq!((&webhook["success_count"], &webhook["failure_count"]), (&json!(1), &json!(0)));
    assert_eq!(receiver.log().arrivals().len(), 1);
}

async fn the_request_has_the_form_that_receivers_rely_on(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let webhook = json!({"url": receiver.url(), "events": ["*"], "headers": {"x-shop-name": "corner"}});
    let _ = tenant.webhook_of(webhook).await;
    cluster.in_force().await;

    // Written out: the members' order is part of it.
    let data = r#"{ "b": 1, "a": [1.0, "é"] }"#.to_owned().into_bytes().into();
    let traced = PublishRequest { data, ..event("acme", "order.paid", &json!(null)) };
    let accepted = tenant.publisher.publish_traced(traced, TRACEPARENT).await.expect("accepted");

    let arrival = receiver.arrival().await;
    let names: BTreeSet<&str> = arrival.headers.iter().map(|(name, _)| name.as_str()).collect();
    for name in [
        "Host",
        "Content-Type",
        "Content-Length",
        "User-Agent",
        "Traceparent",
        "Webhook-Id",
        "Webhook-Timestamp",
        "Webhook-Signature",
        "X-Shop-Name",
    ] {
        assert!(names.contains(name), "{name} is not among {names:?}");
    }
    assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("transfer-encoding")), "{names:?}");
    assert_eq!(arrival.header("content-type"), Some("application/json"));
    assert_eq!(arrival.header("content-length"), Some(arrival.body.len().to_string().as_str()));
    assert!(arrival.header("user-agent").is_some_and(|agent| agent.starts_with("Fanfare/")), "{:?}", arrival.headers);
    assert_eq!(arrival.header("x-shop-name"), Some("corner"));
    // The trace is the publisher's; the span may be one of ours.
    let trace = arrival.header("traceparent").and_then(|value| value.get(..35));
    assert_eq!(trace, TRACEPARENT.get(..35));
    let text = String::from_utf8(arrival.body.to_vec()).expect("UTF-8");
    assert!(text.ends_with(r#""data":{"b":1,"a":[1,"é"]}}"#), "{text}");
    assert_eq!(arrival.event(), accepted.id);
}

async fn an_event_reaches_every_webhook_that_wants_it_and_no_other(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let wanted = ["qr.scanned", "qr.*", "*"];
    for number in 0..100 {
        let pattern = wanted[number % wanted.len()];
        let url = receiver.url_at(&format!("/wanted/{number}"));
        tenant.webhook_of(json!({"url": url, "events": [pattern]})).await;
    }
    for (number, pattern) in ["qr.scanned.twice", "qr", "qrs.*", "scanned"].iter().enumerate() {
        let url = receiver.url_at(&format!("/unwanted/{number}"));
        tenant.webhook_of(json!({"url": url, "events": [pattern]})).await;
    }
    let url = receiver.url_at("/paused");
    let paused = tenant.webhook_of(json!({"url": url, "events": ["*"], "is_active": false})).await;
    cluster.in_force().await;

    let event = tenant.publish("qr.scanned", &json!({"code": 1})).await;

    receiver.until("100 deliveries", Duration::from_secs(20), |log| log.deliveries() >= 100).await;
    let event = tenant.event_with(&event, 100, &["success"]).await;
    assert_eq!(event["deliveries"].as_array().map(Vec::len), Some(100));
    {
        let log = receiver.log();
        assert_eq!((log.deliveries(), log.repeats()), (100, 0));
        assert!(log.arrivals().iter().all(|arrival| arrival.path.starts_with("/wanted/")));
    }
    let none = tenant.rest.all(&format!("/v1/webhooks/{}/deliveries", paused.id)).await;
    assert_eq!(none.len(), 0, "{none:?}");
}

async fn a_webhook_that_is_paused_and_made_active_again_gets_what_comes_then(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook(&receiver, &["*"]).await;
    let path = format!("/v1/webhooks/{}", webhook.id);

    let _ = tenant.rest.patch(&path, json!({"is_active": false})).await.expect(200);
    cluster.in_force().await;
    let missed = tenant.publish("order.paid", &json!({})).await;
    tenant.event_with(&missed, 0, &[]).await;
    let _ = tenant.rest.patch(&path, json!({"is_active": true})).await.expect(200);
    cluster.in_force().await;
    let event = tenant.publish("order.paid", &json!({})).await;

    assert_eq!(receiver.arrival().await.event(), event);
    tenant.delivery_in(&event, "success").await;
    assert_eq!(receiver.log().arrivals().len(), 1);
}

async fn an_event_that_nobody_wants_is_still_on_record(family: Family) {
    let cluster = Cluster::start(family).await;
    let tenant = cluster.tenant("acme").await;
    cluster.in_force().await;
    let id = tenant.publish("order.paid", &json!({"order": 1})).await;

    let event = tenant.event_with(&id, 0, &[]).await;

    assert_eq!(event["data"], json!({"order": 1}));
    for (filter, rows) in
        [("type=order.paid", 1), ("type=order.lost", 0), ("delivered=true", 0), ("delivered=false", 0)]
    {
        let found = tenant.rest.all(&format!("/v1/events?{filter}")).await;
        assert_eq!(found.len(), rows, "{filter}: {found:?}");
    }
}

scenarios! {
    one_publish_is_one_whole_delivery,
    the_request_has_the_form_that_receivers_rely_on,
    an_event_reaches_every_webhook_that_wants_it_and_no_other,
    a_webhook_that_is_paused_and_made_active_again_gets_what_comes_then,
    an_event_that_nobody_wants_is_still_on_record,
}
