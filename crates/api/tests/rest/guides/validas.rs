//! vali-Das' guide.

use std::collections::BTreeMap;

use fanfare_domain::event::Purpose;
use fanfare_domain::webhook::Auth;
use serde_json::{Value, json};

use super::members;
use crate::harness::{Service, path_of, webhook_id};
use crate::webhooks::{opened, stored};

const SETTINGS: &str = "/validas/v1/webhook/settings";
const TEST: &str = "/validas/v1/webhook/test";
const CLIENT_SECRET: &str = "client-secret-of-acme";

fn settings() -> Value {
    json!({
        "url": "https://example.com/validas",
        "oauth": {"token_url": "https://id.example.com/token", "client_id": "us", "client_secret": CLIENT_SECRET,
            "scope": "hooks", "audience": "webhooks"},
    })
}

/// The tenant's webhooks as the native interface shows them.
async fn native(service: &Service) -> Vec<Value> {
    let listed = service.call("GET", "/v1/webhooks", None).await.ok(200);
    listed["data"].as_array().expect("rows").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_made_shown_and_replaced() {
    let service = Service::start().await;
    service.tenant("acme").await;
    service.call("GET", SETTINGS, None).await.problem(404);
    service.call("POST", TEST, None).await.problem(404);

    let answer = service.call("POST", SETTINGS, settings()).await;
    let made = answer.ok(201);
    assert!(!answer.text.contains(CLIENT_SECRET), "{made}");
    let secret = made["secret"].as_str().expect("shown this once").to_owned();
    assert!(secret.starts_with("whsec_"), "{secret}");
    let shown = service.call("GET", SETTINGS, None).await.ok(200);
    let expected = json!({"url": "https://example.com/validas", "is_active": true,
        "oauth": {"token_url": "https://id.example.com/token", "client_id": "us", "scope": "hooks", "audience": "webhooks"}});
    assert_eq!(shown, expected);
    let webhook = native(&service).await.remove(0);
    assert_eq!((&webhook["profile"], &webhook["events"]), (&json!("validas"), &json!(["validation.*"])));

    let path = path_of(&webhook);
    service.call("PATCH", &path, json!({"rate_limit": {"per_second": 5}})).await.ok(200);
    let next = json!({"url": "https://example.com/next", "is_active": false,
        "oauth": {"token_url": "https://id.example.com/2", "client_id": "them", "client_secret": "next secret"}});
    let replaced = service.call("POST", SETTINGS, next).await.ok(200);
    let expected = json!({"url": "https://example.com/next", "is_active": false,
        "oauth": {"token_url": "https://id.example.com/2", "client_id": "them"}});
    assert_eq!(replaced, expected);
    assert_eq!(service.call("GET", SETTINGS, None).await.ok(200), expected);

    let all = native(&service).await;
    assert_eq!((all.len(), &all[0]["id"]), (1, &webhook["id"]));
    assert_eq!(all[0]["rate_limit"]["per_second"], 5.0, "what the guide does not know stays");
    let kept = stored(&service, &webhook).await;
    assert_eq!(opened(&service, &kept, &kept.secrets.current), secret);
    let Some(Auth::OAuth2 { client_secret, scope: None, audience: None, .. }) = &kept.auth else {
        panic!("{:?}", kept.auth)
    };
    assert_eq!(opened(&service, &kept, client_secret), "next secret");

    let without = json!({"url": "https://example.com/next", "oauth": settings()["oauth"]});
    assert_eq!(service.call("POST", SETTINGS, without).await.ok(200)["is_active"], true, "it is the default");
    service.call("DELETE", &path, None).await.ok(204);
    service.call("GET", SETTINGS, None).await.problem(404);
    let again = service.call("POST", SETTINGS, settings()).await.ok(201);
    assert_ne!(again["secret"], secret);
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_the_same_time_make_one_webhook() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let write = async |place: u32| {
        let mut settings = settings();
        settings["url"] = json!(format!("https://example.com/{place}"));
        service.call("POST", SETTINGS, settings).await.status
    };
    let (a, b, c, d) = tokio::join!(write(1), write(2), write(3), write(4));
    let mut statuses = [a, b, c, d];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 201]);
    assert_eq!(native(&service).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_tells_its_event_and_delivery() {
    let service = Service::start().await;
    service.tenant("acme").await;
    service.call("POST", SETTINGS, settings()).await.ok(201);
    let sent = service.call("POST", TEST, None).await.ok(202);
    assert_eq!(members(&sent), ["delivery_id", "event_id"]);
    let webhook = native(&service).await.remove(0);
    let (event, references) = service.log_event(&[webhook_id(&webhook)]).await;
    assert_eq!(sent, json!({"event_id": event.id, "delivery_id": references[0].id}));
    assert_eq!(event.event_type.as_str(), "webhook.test", "no status of a validation that is none");
    assert_eq!(event.purpose, Purpose::Trial(webhook_id(&webhook)));

    assert_eq!(service.call("POST", TEST, json!({"more": 1})).await.problem(400), ["#/more"]);
    service.call("PATCH", &path_of(&webhook), json!({"is_active": false})).await.ok(200);
    service.call("POST", TEST, None).await.problem(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_in_the_guides_words() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let changes: [(&str, Value, &str); 11] = [
        ("/url", json!("http://example.com"), "#/url"),
        ("/url", Value::Null, "#/url"),
        ("/oauth", Value::Null, "#/oauth"),
        ("/oauth", json!("token"), "#/oauth"),
        ("/oauth/token_url", json!("https://10.0.0.1/token"), "#/oauth/token_url"),
        ("/oauth/token_url", Value::Null, "#/oauth/token_url"),
        ("/oauth/client_id", json!(""), "#/oauth/client_id"),
        ("/oauth/client_secret", Value::Null, "#/oauth/client_secret"),
        ("/oauth/scope", json!("a\nb"), "#/oauth/scope"),
        ("/oauth/audience", json!(5), "#/oauth/audience"),
        ("/is_active", json!("yes"), "#/is_active"),
    ];
    // First nothing is there yet, then something is to be replaced.
    for there in [false, true] {
        for (place, value, pointer) in &changes {
            let mut body = settings();
            body["is_active"] = json!(true);
            *body.pointer_mut(place).expect("there") = value.clone();
            let answer = service.call("POST", SETTINGS, body).await;
            assert_eq!(answer.problem(400), [*pointer], "{place} = {value}: {}", answer.text);
            assert!(!answer.text.contains(CLIENT_SECRET), "{}", answer.text);
        }
        for (place, pointer) in [("", "#/events"), ("oauth", "#/oauth/auth_method")] {
            let mut body = settings();
            let object = if place.is_empty() { &mut body } else { &mut body[place] };
            let name = pointer.rsplit('/').next().expect("a name");
            object[name] = json!("post");
            assert_eq!(service.call("POST", SETTINGS, body).await.problem(400), [pointer]);
        }
        assert_eq!(native(&service).await.len(), usize::from(there));
        service.call("POST", SETTINGS, settings()).await.ok(if there { 200 } else { 201 });
    }
    let odd = format!("{SETTINGS}?odd=1");
    assert_eq!(service.call("GET", &odd, None).await.problem(400), ["#/odd"]);
    service.call("DELETE", SETTINGS, None).await.problem(405);
    service.call("GET", TEST, None).await.problem(405);
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_others_and_of_other_profiles_are_not_there() {
    let service = Service::start().await;
    service.tenant("acme").await;
    service.tenant("other").await;
    let other = service.key("other", "all").await;
    let plain = service.webhook(json!({})).await;
    service.call("GET", SETTINGS, None).await.problem(404);
    service.call("POST", SETTINGS, settings()).await.ok(201);
    service.call_as(&other, None, "GET", SETTINGS, None).await.problem(404);
    service.call_as(&other, None, "POST", TEST, None).await.problem(404);
    service.call_as(&other, None, "POST", SETTINGS, settings()).await.ok(201);

    let kept: BTreeMap<_, _> =
        native(&service).await.into_iter().map(|webhook| (webhook["profile"].to_string(), webhook)).collect();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept["\"standard\""]["url"], plain["url"]);
    let publisher = service.key("acme", "publish").await;
    service.call_as(&publisher, None, "POST", SETTINGS, settings()).await.problem(403);
    service.call_as("fk_nobody", None, "GET", SETTINGS, None).await.problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_of_the_profile_that_was_made_natively_is_the_one() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let auth = json!({"type": "oauth2_client_credentials", "token_url": "https://id.example.com/", "client_id": "c",
        "client_secret": "s", "auth_method": "post"});
    let first = service.webhook(json!({"profile": "validas", "auth": auth})).await;
    // Webhooks of one millisecond would have no order that could be told.
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    service.webhook(json!({"profile": "validas", "auth": auth, "url": "https://example.com/second"})).await;
    assert_eq!(service.call("GET", SETTINGS, None).await.ok(200)["url"], first["url"]);
    service.call("POST", SETTINGS, settings()).await.ok(200);
    let kept = stored(&service, &first).await;
    assert_eq!(kept.url, "https://example.com/validas");
    assert_eq!(kept.events[0].to_string(), "*", "what the guide does not know stays");
}
