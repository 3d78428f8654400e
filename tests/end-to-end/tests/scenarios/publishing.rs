//! Publishing: one by one, in batches, as a stream; ids of the publisher's own; over HTTP.

use std::collections::HashSet;
use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Receiver, event, numbered};
use fanfare_proto::v1::PublishRequest;
use serde_json::json;
use tonic::Code;

async fn a_batch_is_answered_event_by_event(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook(&receiver, &["*"]).await;
    cluster.in_force().await;
    let mut events = numbered("acme", "order.paid", "batch", 1_000);
    events[7].r#type = "not a type".to_owned();

    let answers = tenant.publisher.batch(events).await.expect("the batch is taken");

    assert_eq!(answers.len(), 1_000);
    for (number, answer) in answers.iter().enumerate() {
        match &answer.error {
            None => assert_eq!(answer.id, format!("batch-{number}")),
            Some(error) => assert_eq!((number, error.code), (7, Code::InvalidArgument as i32), "{}", error.message),
        }
    }
    receiver.until("999 deliveries", Duration::from_secs(20), |log| log.deliveries() >= 999).await;
    assert_eq!(receiver.log().repeats(), 0);
}

async fn a_stream_takes_thousands_in_flight(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook(&receiver, &["*"]).await;
    cluster.in_force().await;

    let sent = tenant.publisher.all(numbered("acme", "order.paid", "stream", 3_000)).await;

    assert_eq!((sent.accepted.len(), sent.again, sent.refused.len()), (3_000, 0, 0), "{:?}", sent.refused.first());
    receiver.until("3,000 deliveries", Duration::from_secs(30), |log| log.deliveries() >= 3_000).await;
    let log = receiver.log();
    let arrived: HashSet<&str> = log.arrivals().iter().map(fanfare_cluster::Arrival::event).collect();
    assert_eq!((arrived.len(), log.repeats()), (3_000, 0));
}

async fn an_id_of_the_publishers_own_is_accepted_once(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook(&receiver, &["*"]).await;
    cluster.in_force().await;
    let first = PublishRequest { id: "order:4711".to_owned(), ..event("acme", "order.paid", &json!({"first": true})) };
    let second = PublishRequest { data: b"{\"first\":false}".to_vec().into(), ..first.clone() };

    let accepted = tenant.publisher.publish(first).await.expect("accepted");
    let repeated = tenant.publisher.publish(second.clone()).await.expect("answered");
    let over_http = json!({"type": "order.paid", "data": {}, "id": "order:4711"});
    let over_http = tenant.rest.post("/v1/events", over_http).await.expect(202);

    assert_eq!((accepted.id.as_str(), accepted.duplicate), ("order:4711", false));
    assert_eq!((repeated.id.as_str(), repeated.duplicate), ("order:4711", true));
    assert_eq!(over_http, json!({"id": "order:4711", "duplicate": true}));
    tenant.delivery_in("order:4711", "success").await;
    let log = receiver.log();
    assert_eq!(log.arrivals().len(), 1);
    assert_eq!(log.arrivals()[0].json()["data"], json!({"first": true}));
}

async fn an_event_over_http_is_the_same_as_one_over_grpc(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook(&receiver, &["order.*"]).await;
    cluster.in_force().await;

    let body = json!({
        "type": "order.paid", "data": [1, 2], "subject": "order 1", "created": "2026-03-15T10:00:00.000Z",
    });
    let accepted = tenant.rest.post("/v1/events", body).await.expect(202);

    let arrival = receiver.arrival().await;
    assert_eq!(arrival.event(), accepted["id"]);
    assert_eq!(
        arrival.json(),
        json!({"id": accepted["id"], "type": "order.paid", "timestamp": "2026-03-15T10:00:00.000Z", "data": [1, 2]})
    );
    let id = accepted["id"].as_str().expect("an id");
    tenant.event_with(id, 1, &["success"]).await;
    let subjects = tenant.rest.all("/v1/subjects?delivered=true").await;
    assert_eq!(subjects.len(), 1, "{subjects:?}");
    assert_eq!(subjects[0]["subject"], "order 1");
}

async fn a_types_schema_is_enforced(family: Family) {
    let cluster = Cluster::start(family).await;
    let tenant = cluster.tenant("acme").await;
    let schema = json!({"type": "object", "required": ["order"], "properties": {"order": {"type": "integer"}}});
    let reply = tenant.rest.put("/v1/event-types/order.paid", json!({"description": "Paid", "schema": schema})).await;
    assert!(reply.status.is_success(), "{}", reply.body);
    cluster.in_force().await;

    let wrong = event("acme", "order.paid", &json!({"order": "4711"}));
    let refused = tenant.publisher.publish(wrong).await.expect_err("does not match the schema");
    let right = tenant.publisher.publish(event("acme", "order.paid", &json!({"order": 4711}))).await;
    let over_http = tenant.rest.post("/v1/events", json!({"type": "order.paid", "data": {}})).await.problem(400);

    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains("data"), "{}", refused.message());
    right.expect("matches the schema");
    assert!(over_http["errors"][0]["pointer"].as_str().is_some_and(|at| at.starts_with("#/data")), "{over_http}");
}

async fn an_alias_works_both_ways_and_makes_one_delivery(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let alias = json!({"description": "A code was scanned", "aliases": ["scan.created"]});
    assert!(tenant.rest.put("/v1/event-types/qr.scanned", alias).await.status.is_success());
    for (path, events) in [
        ("/new", json!(["qr.scanned"])),
        ("/old", json!(["scan.created"])),
        ("/both", json!(["qr.scanned", "scan.created"])),
    ] {
        tenant.webhook_of(json!({"url": receiver.url_at(path), "events": events})).await;
    }
    cluster.in_force().await;

    let new = tenant.publish("qr.scanned", &json!({})).await;
    let old = tenant.publish("scan.created", &json!({})).await;

    tenant.event_with(&new, 3, &["success"]).await;
    tenant.event_with(&old, 3, &["success"]).await;
    let log = receiver.log();
    assert_eq!((log.deliveries(), log.repeats()), (6, 0));
    for arrival in log.arrivals() {
        let published = if arrival.event() == new { "qr.scanned" } else { "scan.created" };
        assert_eq!(arrival.json()["type"], published, "the body shows the type as it was published");
    }
}

scenarios! {
    a_batch_is_answered_event_by_event,
    a_stream_takes_thousands_in_flight,
    an_id_of_the_publishers_own_is_accepted_once,
    an_event_over_http_is_the_same_as_one_over_grpc,
    a_types_schema_is_enforced,
    an_alias_works_both_ways_and_makes_one_delivery,
}
