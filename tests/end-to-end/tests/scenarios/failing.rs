//! Attempts that get no answer, and what the log says of them.

use std::time::Duration;

use fanfare_cluster::{Answer, Cluster, Family, Receiver, Tenant};
use fanfare_servers::free_port;
use serde_json::{Value, json};

/// Publishes to a webhook with one attempt at each URL; gives these attempts as the log has them.
async fn only_attempts<const N: usize>(cluster: &Cluster, tenant: &Tenant, urls: [&str; N]) -> [Value; N] {
    for (number, url) in urls.iter().enumerate() {
        tenant
            .webhook_of(json!({
                "url": url, "events": [format!("kind.{number}")], "timeout": "1s",
                "retry": {"delays": ["0s"], "jitter": 0.0},
            }))
            .await;
    }
    cluster.in_force().await;
    let mut attempts = [const { Value::Null }; N];
    for (number, attempt) in attempts.iter_mut().enumerate() {
        let event = tenant.publish(&format!("kind.{number}"), &json!({})).await;
        let delivery = tenant.delivery_in(&event, "failed").await;
        assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(1), "{delivery}");
        *attempt = delivery["attempts"][0].clone();
    }
    attempts
}

async fn every_kind_of_failure_is_named(family: Family) {
    let cluster = Cluster::start(family).await;
    let tenant = cluster.tenant("acme").await;
    let silent = Receiver::answering([Answer::never()]).await;
    let rude = Receiver::answering([Answer::hang_up()]).await;
    let unknown = Receiver::unknown().await;
    let nobody = format!("http://127.0.0.1:{}/", free_port());

    let urls = [&silent.url(), &nobody, &unknown.url(), "http://no-such-host.invalid/", &rude.url()];
    let attempts = only_attempts(&cluster, &tenant, urls).await;

    for (attempt, error) in attempts.iter().zip(["timeout: ", "connect: ", "tls: ", "dns: ", "http: "]) {
        let said = attempt["error"].as_str().unwrap_or_default();
        assert!(said.starts_with(error), "{attempt} says {said:?} instead of {error:?}");
        assert_eq!(attempt["status_code"], Value::Null, "{attempt}");
    }
    assert_eq!(unknown.log().arrivals().len(), 0);
}

async fn a_receiver_that_never_answers_is_given_up_at_the_limit(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([Answer::never()]).await;
    let tenant = cluster.tenant("acme").await;

    let [attempt] = only_attempts(&cluster, &tenant, [&receiver.url()]).await;

    let took = attempt["response_time_ms"].as_u64().map(Duration::from_millis).expect("a time");
    assert!(took >= Duration::from_millis(990) && took <= Duration::from_millis(1_500), "{attempt}");
}

async fn only_the_beginning_of_a_long_answer_is_kept(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([Answer::status(500).body("x".repeat(1 << 20))]).await;
    let tenant = cluster.tenant("acme").await;

    let [attempt] = only_attempts(&cluster, &tenant, [&receiver.url()]).await;

    assert_eq!(attempt["response_body"].as_str().map(str::len), Some(16 * 1024));
    assert_eq!(attempt["status_code"], 500);
}

async fn a_redirect_is_a_failure_and_not_followed(family: Family) {
    let cluster = Cluster::start(family).await;
    let elsewhere = Receiver::start().await;
    let receiver = Receiver::answering([Answer::status(307).header("Location", &elsewhere.url())]).await;
    let tenant = cluster.tenant("acme").await;

    let [attempt] = only_attempts(&cluster, &tenant, [&receiver.url()]).await;

    assert_eq!(attempt["status_code"], 307);
    assert_eq!(elsewhere.log().arrivals().len(), 0);
}

scenarios! {
    every_kind_of_failure_is_named,
    a_receiver_that_never_answers_is_given_up_at_the_limit,
    only_the_beginning_of_a_long_answer_is_kept,
    a_redirect_is_a_failure_and_not_followed,
}
