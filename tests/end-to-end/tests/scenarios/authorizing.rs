//! Webhooks that need a token: OAuth 2.0 client credentials.

use fanfare_cluster::{Answer, Cluster, Family, Receiver};
use serde_json::{Value, json};

fn token(token: &str) -> Answer {
    let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600}).to_string();
    Answer::status(200).header("Content-Type", "application/json").body(body)
}

fn with_token(receiver: &Receiver, authority: &Receiver) -> Value {
    json!({
        "url": receiver.url(), "events": ["*"], "retry": {"delays": ["0s"], "jitter": 0.0},
        "auth": {
            "type": "oauth2_client_credentials", "token_url": authority.url_at("/token"), "client_id": "us",
            "client_secret": "secret of ours", "scope": "hooks",
        },
    })
}

async fn a_token_is_fetched_used_again_and_dropped_when_it_is_refused(family: Family) {
    let cluster = Cluster::start(family).await;
    let authority = Receiver::answering([token("first"), token("second")]).await;
    let receiver = Receiver::answering([200]).await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook_of(with_token(&receiver, &authority)).await;
    cluster.in_force().await;

    for number in 0..2 {
        let event = tenant.publish("order.paid", &json!({"number": number})).await;
        tenant.delivery_in(&event, "success").await;
    }
    receiver.answer([401, 200]);
    let event = tenant.publish("order.paid", &json!({"number": 2})).await;
    let delivery = tenant.delivery_in(&event, "success").await;

    let sent: Vec<_> = receiver
        .log()
        .arrivals()
        .iter()
        .map(|one| one.header("authorization").unwrap_or_default().to_owned())
        .collect();
    assert_eq!(sent, ["Bearer first", "Bearer first", "Bearer first", "Bearer second"]);
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(1), "the 401 is part of the same attempt");
    let asked = authority.log().arrivals().to_vec();
    assert_eq!(asked.len(), 2);
    let form = String::from_utf8_lossy(&asked[0].body).into_owned();
    assert!(form.contains("grant_type=client_credentials") && form.contains("scope=hooks"), "{form}");
    assert!(
        asked[0].header("authorization").is_some_and(|value| value.starts_with("Basic ")),
        "{:?}",
        asked[0].headers
    );
    assert!(
        !delivery.to_string().contains("secret of ours") && !delivery.to_string().contains("Bearer second"),
        "{delivery}"
    );
}

async fn without_a_token_the_attempt_fails_and_says_so(family: Family) {
    let cluster = Cluster::start(family).await;
    let authority = Receiver::answering([500]).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook_of(with_token(&receiver, &authority)).await;
    cluster.in_force().await;

    for _ in 0..3 {
        let event = tenant.publish("order.paid", &json!({})).await;
        let delivery = tenant.delivery_in(&event, "failed").await;
        let error = delivery["attempts"][0]["error"].as_str().unwrap_or_default();
        assert!(error.starts_with("credentials: "), "{delivery}");
    }

    assert_eq!(receiver.log().arrivals().len(), 0);
    assert_eq!(authority.log().arrivals().len(), 1, "it is asked once in 10 s");
}

scenarios! {
    a_token_is_fetched_used_again_and_dropped_when_it_is_refused,
    without_a_token_the_attempt_fails_and_says_so,
}
