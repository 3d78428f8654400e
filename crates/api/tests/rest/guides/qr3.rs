//! QR3's guide: the native interface, for a tenant whose default profile is QR3's.

use fanfare_domain::delivery::Settlement;
use fanfare_domain::event::Purpose;
use serde_json::{Value, json};

use crate::harness::{Service, path_of, webhook_id};
use crate::webhooks::{opened, stored};

const SECRET: &str = "my-secret-key-min-16-chars";

fn example() -> Value {
    json!({"url": "https://example.com/webhooks/qr3", "events": ["qr.scanned", "qr.created"], "secret": SECRET})
}

async fn started() -> Service {
    let service = Service::start().await;
    service.call("PUT", "/v1/tenants/acme", json!({"default_profile": "qr3"})).await.ok(201);
    service
}

#[tokio::test(flavor = "multi_thread")]
async fn creating_answers_what_the_guide_shows_and_the_secret_once() {
    let service = started().await;
    let made = service.call("POST", "/v1/webhooks", example()).await.ok(201);
    for (name, value) in [
        ("url", json!("https://example.com/webhooks/qr3")),
        ("events", json!(["qr.scanned", "qr.created"])),
        ("is_active", json!(true)),
        ("secret", json!(SECRET)),
        ("secret_hint", json!("my-s…")),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    assert!(made["id"].as_str().is_some_and(|id| id.starts_with("wh_")), "{made}");
    let time = made["created_at"].as_str().expect("a time");
    assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    let kept = stored(&service, &made).await;
    assert_eq!(kept.profile, "qr3");
    assert_eq!(opened(&service, &kept, &kept.secrets.current), SECRET);

    for path in [path_of(&made), "/v1/webhooks".to_owned()] {
        let answer = service.call("GET", &path, None).await;
        answer.ok(200);
        assert!(!answer.text.contains(SECRET) && answer.text.contains("my-s…"), "{}", answer.text);
    }
    let changed = service.call("PATCH", &path_of(&made), json!({"is_active": false, "events": ["*"]})).await.ok(200);
    assert_eq!((&changed["is_active"], &changed["events"]), (&json!(false), &json!(["*"])));
    service.call("DELETE", &path_of(&made), None).await.ok(204);
    service.call("GET", &path_of(&made), None).await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_has_at_least_sixteen_characters_and_is_given() {
    let service = started().await;
    for (secret, wrong) in [(Value::Null, true), (json!("fifteen-letters"), true), (json!("sixteen-letters!"), false)] {
        let mut body = example();
        body["secret"] = secret;
        let answer = service.call("POST", "/v1/webhooks", body).await;
        if wrong {
            assert_eq!(answer.problem(400), ["#/secret"]);
        } else {
            answer.ok(201);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_answer_what_the_guide_shows() {
    let service = started().await;
    let made = service.call("POST", "/v1/webhooks", example()).await.ok(201);
    service.publish(json!({"type": "qr.scanned", "data": {"code_id": "qr_abc123"}})).await;
    let (event, references) = service.log_event(&[webhook_id(&made)]).await;
    service.log_attempt(&event, references[0], 200, Settlement::Success).await;
    let listed = service.call("GET", &format!("{}/deliveries", path_of(&made)), None).await.ok(200);
    let rows = listed["data"].as_array().expect("rows");
    assert_eq!(rows.len(), 1);
    for (name, value) in [
        ("id", json!(references[0].id)),
        ("event_type", json!("qr.scanned")),
        ("status", json!("success")),
        ("status_code", json!(200)),
        ("response_time_ms", json!(12)),
        ("attempt", json!(1)),
        ("created_at", json!(event.accepted)),
    ] {
        assert_eq!(rows[0][name], value, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_is_an_event_of_its_type() {
    let service = started().await;
    let made = service.call("POST", "/v1/webhooks", example()).await.ok(201);
    service.call("POST", &format!("{}/ping", path_of(&made)), None).await.ok(202);
    let (_, event) = service.routed_events(1).await.remove(0);
    assert_eq!(event.event_type.as_str(), "webhook.ping");
    assert_eq!(event.purpose, Purpose::Trial(webhook_id(&made)));
}
