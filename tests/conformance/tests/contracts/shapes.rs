//! What is sent looks as the guides show it: members, their order, times, and the spelling of headers.

use fanfare_cluster::{Arrival, Cluster, Family, Receiver};
use serde_json::json;

use crate::receivers::{GIVEN_SECRET, Receiving, VALIDAS, webhook};

/// The example of QR3's guide, shortened; its signature was made with Python's hmac.
const ID: &str = "evt_abc123xyz";
const CREATED: &str = "2026-03-15T10:00:00.000Z";
const DATA: &str = r#"{"code_id":"qr_abc123","country":"AT"}"#;
const QR3_SIGNATURE: &str = "sha256=0879f6bd20844cf6116294e2ed02a8f98d8b60e14567c3f94e5844a538d04fbb";

/// The example as it arrives under `profile`, and its webhook's id.
async fn example(profile: &str) -> (String, Arrival) {
    let cluster = Cluster::start(Family::Embedded).await;
    let tenant = cluster.tenant("acme").await;
    let recorder = Receiver::start().await;
    // Whose token endpoint it is does not matter here.
    let oauth = match profile {
        "validas" => Some(Receiving::start(VALIDAS[0], &cluster.tenant("other").await, &["*"]).await),
        _ => None,
    };
    let oauth = oauth.as_ref().map_or("", |receiving| &receiving.base);
    let webhook = tenant.webhook_of(webhook(profile, &recorder.url(), oauth, &["*"])).await;
    let data: serde_json::Value = serde_json::from_str(DATA).expect("JSON");
    let event = json!({"id": ID, "type": "qr.scanned", "subject": "code-7", "created": CREATED, "data": data});
    let _ = tenant.rest.post("/v1/events", event).await.expect(202);
    (webhook.id, recorder.arrival().await)
}

fn body(arrival: &Arrival) -> &str {
    std::str::from_utf8(&arrival.body).expect("UTF-8")
}

/// Whether it has headers with these names, in this spelling.
fn has_headers(arrival: &Arrival, names: &[&str]) -> bool {
    names.iter().all(|name| arrival.headers.iter().any(|(found, _)| found == name))
}

fn is_hex_signature(text: &str) -> bool {
    let digits = text.strip_prefix("sha256=").unwrap_or_default();
    digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[tokio::test(flavor = "multi_thread")]
async fn standard() {
    let (_, arrival) = example("standard").await;
    let expected = format!(r#"{{"id":"{ID}","type":"qr.scanned","timestamp":"{CREATED}","data":{DATA}}}"#);
    assert_eq!(body(&arrival), expected);
    assert!(has_headers(&arrival, &["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"]), "{arrival:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn govalid() {
    let (webhook, arrival) = example("govalid").await;
    let expected =
        format!(r#"{{"event":"qr.scanned","timestamp":"2026-03-15T10:00:00Z","webhook_id":"{webhook}","data":{DATA}"#);
    let signature = body(&arrival).strip_prefix(&format!(r#"{expected},"signature":""#));
    let signature = signature.and_then(|rest| rest.strip_suffix("\"}"));
    assert!(signature.is_some_and(is_hex_signature), "{arrival:?}");
    assert!(arrival.header("X-GoValid-Signature").is_some_and(is_hex_signature), "{arrival:?}");
    assert_eq!(arrival.header("X-GoValid-Event-Id"), Some(ID));
}

#[tokio::test(flavor = "multi_thread")]
async fn validas() {
    let (_, arrival) = example("validas").await;
    let expected =
        format!(r#"{{"id":"{ID}","type":"qr.scanned","timestamp":"{CREATED}","subject":"code-7","data":{DATA}}}"#);
    assert_eq!(body(&arrival), expected);
    assert!(arrival.header("authorization").is_some_and(|value| value.starts_with("Bearer ")), "{arrival:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn qr3() {
    let (_, arrival) = example("qr3").await;
    assert_eq!(GIVEN_SECRET, "my-secret-key-min-16-chars");
    assert_eq!(body(&arrival), format!(r#"{{"id":"{ID}","type":"qr.scanned","created":"{CREATED}","data":{DATA}}}"#));
    assert_eq!(arrival.header("X-QR3-Signature"), Some(QR3_SIGNATURE));
}

#[tokio::test(flavor = "multi_thread")]
async fn voveid() {
    let (_, arrival) = example("voveid").await;
    assert_eq!(body(&arrival), DATA);
    assert!(has_headers(&arrival, &["Svix-Id", "Svix-Timestamp", "Svix-Signature"]), "{arrival:?}");
    let signature = arrival.header("svix-signature").expect("a signature");
    assert!(signature.starts_with("v1,") && !signature.contains(' '), "{signature}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cloudevents() {
    let (_, arrival) = example("cloudevents").await;
    let before = format!(r#"{{"specversion":"1.0","id":"{ID}","source":"/fanfare/acme","type":"qr.scanned""#);
    let after = format!(r#""subject":"code-7","time":"{CREATED}","datacontenttype":"application/json""#);
    let expected = format!(r#"{before},{after},"data":{DATA}}}"#);
    assert_eq!(body(&arrival), expected);
    assert_eq!(arrival.header("content-type"), Some("application/cloudevents+json"));
}
