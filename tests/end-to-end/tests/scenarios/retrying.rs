//! Attempts after a failed one.

use std::time::Duration;

use fanfare_cluster::{Answer, Arrival, Cluster, Family, Receiver};
use serde_json::{Value, json};

use crate::disabling::operators;

/// How late an attempt may be.
const LATEST: Duration = Duration::from_millis(250);
/// The receiver notes the time a little after its answer has left.
const CLOCKS: Duration = Duration::from_millis(10);

/// Checks that each attempt came in time: `delays` after the end of the one before it.
fn came_in_time(arrivals: &[Arrival], delays: &[Duration]) {
    assert_eq!(arrivals.len(), delays.len() + 1);
    for (pair, delay) in arrivals.windows(2).zip(delays) {
        let due = pair[0].answered.expect("it was answered") + *delay;
        let at = pair[1].at;
        assert!(at + CLOCKS >= due, "attempt at {at:?} was due at {due:?}");
        assert!(at <= due + LATEST, "attempt at {at:?} was due at {due:?}");
    }
}

fn statuses(delivery: &Value) -> Vec<u64> {
    let attempts = delivery["attempts"].as_array().expect("attempts");
    attempts.iter().filter_map(|attempt| attempt["status_code"].as_u64()).collect()
}

async fn attempts_come_at_their_times_until_one_succeeds(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([503, 503, 200]).await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook_retried(&receiver, &["0s", "1s", "2s"]).await;
    cluster.in_force().await;

    let event = tenant.publish("order.paid", &json!({"order": 1})).await;

    let arrivals = receiver.answered(3).await;
    came_in_time(&arrivals, &[Duration::from_secs(1), Duration::from_secs(2)]);
    assert!(arrivals.iter().all(|arrival| arrival.event() == event && arrival.body == arrivals[0].body));
    let delivery = tenant.delivery_in(&event, "success").await;
    assert_eq!(statuses(&delivery), [503, 503, 200]);
    let numbers: Vec<_> =
        delivery["attempts"].as_array().into_iter().flatten().map(|one| one["attempt"].clone()).collect();
    assert_eq!(numbers, [1, 2, 3]);
}

async fn a_delivery_that_always_fails_ends_with_all_its_attempts_on_record(family: Family) {
    let cluster = Cluster::start(family).await;
    let answers = ["one", "two", "three"].map(|body| Answer::status(500).body(body));
    let receiver = Receiver::answering(answers).await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook_retried(&receiver, &["0s", "200ms", "200ms"]).await;
    cluster.in_force().await;

    let event = tenant.publish("order.paid", &json!({})).await;

    let delivery = tenant.delivery_in(&event, "failed").await;
    assert_eq!(statuses(&delivery), [500, 500, 500]);
    let bodies: Vec<_> =
        delivery["attempts"].as_array().into_iter().flatten().map(|one| one["response_body"].clone()).collect();
    assert_eq!(bodies, ["one", "two", "three"]);
    assert!(delivery["error"].as_str().is_some_and(|error| error.contains("attempts")), "{delivery}");
    assert_eq!(tenant.webhook_now(&webhook.id).await["failure_count"], 3);
    assert_eq!(receiver.log().arrivals().len(), 3);
}

async fn while_it_waits_a_delivery_says_when_it_is_due(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([503]).await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook_retried(&receiver, &["0s", "1h"]).await;
    cluster.in_force().await;

    let event = tenant.publish("order.paid", &json!({})).await;

    tenant.event_with(&event, 1, &["retrying"]).await;
    let rows = tenant.deliveries_in(&webhook.id, "retrying", 1, Duration::from_secs(5)).await;
    assert_eq!(
        (&rows[0]["event_id"], &rows[0]["status_code"], &rows[0]["attempt"]),
        (&json!(event), &json!(503), &json!(1))
    );
    assert!(rows[0]["next_attempt_at"].is_string(), "{rows:?}");
}

async fn retry_after_postpones_and_never_brings_forward(family: Family) {
    let cluster = Cluster::start(family).await;
    let asked = |seconds| Answer::status(503).header("Retry-After", seconds);
    let receiver = Receiver::answering([asked("2"), asked("0"), Answer::status(200)]).await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook_retried(&receiver, &["0s", "100ms", "1s", "2s"]).await;
    cluster.in_force().await;

    tenant.publish("order.paid", &json!({})).await;

    came_in_time(&receiver.answered(3).await, &[Duration::from_secs(2), Duration::from_secs(1)]);
}

async fn gone_disables_the_webhook_at_once(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([410]).await;
    let operators = operators(&cluster).await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook_retried(&receiver, &["0s", "100ms"]).await;
    cluster.in_force().await;

    let event = tenant.publish("order.paid", &json!({})).await;

    let delivery = tenant.delivery_in(&event, "failed").await;
    assert_eq!(statuses(&delivery), [410]);
    operators.arrival().await;
    let now = tenant.webhook_now(&webhook.id).await;
    assert_eq!((&now["is_active"], &now["health"]["disabled_reason"]), (&json!(false), &json!("gone")));
    // What operators are told of is in force like any other change.
    cluster.in_force().await;
    let later = tenant.publish("order.paid", &json!({})).await;
    tenant.event_with(&later, 0, &[]).await;
    assert_eq!(receiver.log().arrivals().len(), 1);
    let _ = tenant.rest.patch(&format!("/v1/webhooks/{}", webhook.id), json!({"is_active": true})).await.expect(200);
    let now = tenant.webhook_now(&webhook.id).await;
    assert_eq!((&now["is_active"], &now["health"]["disabled_reason"]), (&json!(true), &Value::Null));
}

async fn failures_in_a_row_disable_where_the_webhook_says_so(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([500]).await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant
        .webhook_of(json!({
            "url": receiver.url(), "events": ["*"], "retry": {"delays": ["0s"], "jitter": 0.0},
            "disable": {"failures_in_a_row": 3},
        }))
        .await;
    cluster.in_force().await;

    for number in 0..3 {
        let event = tenant.publish("order.paid", &json!({"number": number})).await;
        tenant.delivery_in(&event, "failed").await;
    }

    fanfare_cluster::eventually("the webhook is inactive", Duration::from_secs(10), || async {
        (tenant.webhook_now(&webhook.id).await["is_active"] == false).then_some(())
    })
    .await;
}

async fn a_failed_delivery_is_retried_by_hand(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([500, 200]).await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook_retried(&receiver, &["0s"]).await;
    cluster.in_force().await;
    let event = tenant.publish("order.paid", &json!({"order": 1})).await;
    let failed = tenant.delivery_in(&event, "failed").await;
    let id = failed["id"].as_str().expect("an id");

    let _ = tenant.rest.post(&format!("/v1/deliveries/{id}/retry"), json!({})).await.expect(202);

    let delivery = tenant.delivery_in(&event, "success").await;
    assert_eq!(delivery["id"], id);
    assert_eq!(statuses(&delivery), [500, 200]);
    let arrivals = receiver.arrivals(2).await;
    assert_eq!(arrivals[0].body, arrivals[1].body);
    assert_eq!(arrivals[1].event(), event);
}

scenarios! {
    attempts_come_at_their_times_until_one_succeeds,
    a_delivery_that_always_fails_ends_with_all_its_attempts_on_record,
    while_it_waits_a_delivery_says_when_it_is_due,
    retry_after_postpones_and_never_brings_forward,
    gone_disables_the_webhook_at_once,
    failures_in_a_row_disable_where_the_webhook_says_so,
    a_failed_delivery_is_retried_by_hand,
}
