//! Credentials: what is sent, what is shown, and tokens that are fetched.

mod stage;

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::Settlement;
use fanfare_domain::journal::Follows;
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::{Auth, ClientAuth, Webhook};
use fanfare_ports::clock::ManualClock;
use fanfare_ports::directory::Entry;

use stage::{Receiver, Reply, Setting, Stage, seal};

fn shown(attempt: &Attempt, name: &str) -> Option<String> {
    let headers = attempt.request_headers.pairs().expect("a list");
    headers.into_iter().find(|(header, _)| header == name).map(|(_, value)| value)
}

fn with_tokens(endpoint: &Receiver, receiver: &Receiver, auth_method: ClientAuth) -> Webhook {
    let mut webhook = stage::webhook(1, receiver.url("/"));
    webhook.auth = Some(Auth::OAuth2 {
        token_url: endpoint.url("/token"),
        client_id: "id with spaces".to_owned(),
        client_secret: seal("s:cret", webhook.id),
        scope: Some("send".to_owned()),
        audience: None,
        auth_method,
    });
    webhook
}

/// An endpoint that gives out `token-0`, `token-1` and so on.
async fn endpoint() -> Receiver {
    Receiver::start(|number, _| {
        Reply::status(
            200,
            "",
            &format!(r#"{{"access_token":"token-{number}","token_type":"bearer","expires_in":3600}}"#),
        )
    })
    .await
}

async fn put(stage: &Stage, webhook: &Webhook) {
    stage.write(Entry::Webhook(Box::new(webhook.clone()))).await;
}

#[tokio::test]
async fn credentials_and_own_headers_are_sent_and_not_shown() {
    let stage = Stage::new().await;
    let receiver = Receiver::answering(200).await;
    let mut webhook = stage::webhook(1, receiver.url("/"));
    webhook.headers = vec![("x-own".to_owned(), seal("own value", webhook.id))];
    webhook.auth = Some(Auth::Basic { username: "user".to_owned(), password: seal("pass", webhook.id) });
    put(&stage, &webhook).await;
    stage.send("e1", &webhook).await;
    let seen = receiver.next().await;
    assert_eq!(seen.header("Authorization"), Some("Basic dXNlcjpwYXNz"));
    assert_eq!(seen.header("X-Own"), Some("own value"));
    let attempt = stage.attempted().await.attempt.expect("made");
    assert_eq!(
        (shown(&attempt, "authorization").as_deref(), shown(&attempt, "x-own").as_deref()),
        (Some("…"), Some("…"))
    );
    assert_eq!(shown(&attempt, "webhook-id").as_deref(), Some("e1"));

    webhook.auth = Some(Auth::Bearer { token: seal("tok", webhook.id) });
    webhook.version += 1;
    put(&stage, &webhook).await;
    stage.send("e2", &webhook).await;
    assert_eq!(receiver.next().await.header("Authorization"), Some("Bearer tok"), "as the webhook is now");
}

#[tokio::test]
async fn attempts_at_the_same_time_share_one_token() {
    let stage = Stage::new().await;
    let (endpoint, receiver) = (endpoint().await, Receiver::answering(200).await);
    let webhook = with_tokens(&endpoint, &receiver, ClientAuth::Basic);
    put(&stage, &webhook).await;
    let deliveries: Vec<_> = (0..20).map(|n| stage.delivery(&stage.event(&format!("e{n}")), &webhook)).collect();
    stage.hand_in(&deliveries).await;
    for _ in 0..20 {
        assert_eq!(receiver.next().await.header("Authorization"), Some("Bearer token-0"));
        let attempted = stage.attempted().await;
        assert_eq!(attempted.follows, Follows::Settled(Settlement::Success), "{attempted:?}");
        assert!(!format!("{attempted:?}").contains("token-0"));
    }
    assert_eq!(endpoint.count(), 1);
    let asked = endpoint.next().await;
    assert!(asked.head.starts_with("POST /token "));
    assert_eq!(asked.header("Content-Type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(asked.header("Authorization"), Some("Basic aWQrd2l0aCtzcGFjZXM6cyUzQWNyZXQ="));
    assert_eq!(String::from_utf8_lossy(&asked.body), "grant_type=client_credentials&scope=send");
}

#[tokio::test]
async fn a_token_that_is_refused_is_fetched_anew_once_within_the_same_attempt() {
    let stage = Stage::new().await;
    let endpoint = endpoint().await;
    let receiver = Receiver::start(|number, seen| {
        let fresh = seen.header("Authorization") != Some("Bearer token-0");
        Reply::status(if fresh && number < 2 { 200 } else { 401 }, "", "")
    })
    .await;
    let webhook = with_tokens(&endpoint, &receiver, ClientAuth::Post);
    put(&stage, &webhook).await;
    stage.send("e1", &webhook).await;
    let attempted = stage.attempted().await;
    assert_eq!(attempted.follows, Follows::Settled(Settlement::Success));
    assert_eq!(attempted.attempt.expect("made").status, Some(200));
    assert_eq!((endpoint.count(), receiver.count()), (2, 2));
    let body = String::from_utf8(endpoint.next().await.body).expect("text");
    assert!(body.contains("client_id=id+with+spaces&client_secret=s%3Acret"), "{body}");

    stage.send("e2", &webhook).await;
    let attempt = stage.attempted().await.attempt.expect("made");
    assert_eq!(attempt.error.as_deref(), Some("answered 401"), "the second answer counts");
    assert_eq!((endpoint.count(), receiver.count()), (3, 4));
}

#[tokio::test]
async fn an_endpoint_that_fails_is_asked_once_in_ten_seconds_and_the_attempt_says_so() {
    let clock = ManualClock::at(Timestamp::from_millis(1_800_000_000_000));
    let stage = Stage::with(Setting { clock: Arc::new(clock.clone()), ..Setting::default() }).await;
    let endpoint = Receiver::answering(500).await;
    let receiver = Receiver::answering(200).await;
    let webhook = with_tokens(&endpoint, &receiver, ClientAuth::Basic);
    put(&stage, &webhook).await;
    for (id, wait, asked) in [("a", 0, 1), ("b", 4, 1), ("c", 4, 1), ("d", 3, 2)] {
        clock.advance(Duration::from_secs(wait));
        stage.send(id, &webhook).await;
        let attempt = stage.attempted().await.attempt.expect("made");
        assert_eq!(attempt.error.as_deref(), Some("credentials: token endpoint answered 500"));
        assert_eq!(endpoint.count(), asked, "after {id}");
    }
    assert_eq!(receiver.count(), 0);
}

#[tokio::test]
async fn an_endpoint_that_never_answers_is_one_that_fails() {
    let stage = Stage::new().await;
    let (endpoint, _gate) = Receiver::patient().await;
    let receiver = Receiver::answering(200).await;
    let mut webhook = with_tokens(&endpoint, &receiver, ClientAuth::Basic);
    webhook.timeout = Some(Duration::from_millis(300));
    put(&stage, &webhook).await;
    let deliveries: Vec<_> = (0..5).map(|n| stage.delivery(&stage.event(&format!("e{n}")), &webhook)).collect();
    stage.hand_in(&deliveries).await;
    for _ in 0..5 {
        let error = stage.attempted().await.attempt.expect("made").error.expect("failed");
        assert!(error.starts_with("credentials: token endpoint: "), "{error}");
    }
    assert_eq!(endpoint.count(), 1);
}
