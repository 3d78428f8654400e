//! Attempts that get no answer, and what the log says of them.

use std::time::Duration;

use fanfare_cluster::{Answer, Cluster, Family, Receiver, Tenant};
use fanfare_servers::free_port;
use serde_json::{Value, json};

/// Publishes to a webhook with one attempt at `url`; gives that attempt as the log has it.
async fn only_attempt(cluster: &Cluster, tenant: &Tenant, url: &str) -> Value {
    let webhook = json!({"url": url, "events": ["*"], "timeout": "1s", "retry": {"delays": ["0s"], "jitter": 0.0}});
    let webhook = tenant.webhook_of(webhook).await;
    cluster.in_force().await;
    let event = tenant.publish("order.paid", &json!({"url": url})).await;
    let delivery = tenant.delivery_in(&event, "failed").await;
    let _ = tenant.rest.delete(&format!("/v1/webhooks/{}", webhook.id)).await.expect(204);
    cluster.in_force().await;
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(1), "{delivery}");
    delivery["attempts"][0].clone()
}

async fn every_kind_of_failure_is_named(family: Family) {
    let cluster = Cluster::start(family).await;
    let tenant = cluster.tenant("acme").await;
    let silent = Receiver::answering([Answer::never()]).await;
    let rude = Receiver::answering([Answer::hang_up()]).await;
    let unknown = Receiver::self_signed().await;
    let nobody = format!("http://127.0.0.1:{}/", free_port());

    for (url, error) in [
        (silent.url(), "timeout: "),
        (nobody, "connect: "),
        (unknown.url(), "tls: "),
        ("http://no-such-host.invalid/".to_owned(), "dns: "),
        (rude.url(), "http: "),
    ] {
        let attempt = only_attempt(&cluster, &tenant, &url).await;
        let said = attempt["error"].as_str().unwrap_or_default();
        assert!(said.starts_with(error), "{url}: {said:?} instead of {error:?}");
        assert_eq!(attempt["status_code"], Value::Null, "{attempt}");
    }
    assert_eq!(unknown.log().arrivals().len(), 0);
}

async fn a_receiver_that_never_answers_is_given_up_at_the_limit(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([Answer::never()]).await;
    let tenant = cluster.tenant("acme").await;

    let attempt = only_attempt(&cluster, &tenant, &receiver.url()).await;

    let took = attempt["response_time_ms"].as_u64().map(Duration::from_millis).expect("a time");
    assert!(took >= Duration::from_millis(990) && took <= Duration::from_millis(1_500), "{attempt}");
}

async fn only_the_beginning_of_a_long_answer_is_kept(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([Answer::status(500).body("x".repeat(1 << 20))]).await;
    let tenant = cluster.tenant("acme").await;

    let attempt = only_attempt(&cluster, &tenant, &receiver.url()).await;

    assert_eq!(attempt["response_body"].as_str().map(str::len), Some(16 * 1024));
    assert_eq!(attempt["status_code"], 500);
}

async fn a_redirect_is_a_failure_and_not_followed(family: Family) {
    let cluster = Cluster::start(family).await;
    let elsewhere = Receiver::start().await;
    let receiver = Receiver::answering([Answer::status(307).header("Location", &elsewhere.url())]).await;
    let tenant = cluster.tenant("acme").await;

    let attempt = only_attempt(&cluster, &tenant, &receiver.url()).await;

    assert_eq!(attempt["status_code"], 307);
    assert_eq!(elsewhere.log().arrivals().len(), 0);
}

scenarios! {
    every_kind_of_failure_is_named,
    a_receiver_that_never_answers_is_given_up_at_the_limit,
    only_the_beginning_of_a_long_answer_is_kept,
    a_redirect_is_a_failure_and_not_followed,
}
