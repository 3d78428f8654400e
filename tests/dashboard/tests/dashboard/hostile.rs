//! What receivers answer and publishers send is shown, and does nothing.

use fanfare_cluster::{Answer, Cluster, Family, Receiver};
use serde_json::json;

use crate::journey::Journey;

const SCRIPT: &str = "<script>alert('answer')</script><img src=x onerror=\"alert('image')\">";
/// Overrides the direction of what follows, so that it reads as another text than it is.
const BIDIRECTIONAL: &str = "invoice\u{202e}fdp.exe\u{2066}\u{200f}";
const LARGE: usize = 200 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn hostile_content_is_shown_harmlessly() {
    let cluster = Cluster::start(Family::Embedded).await;
    let receiver = Receiver::start().await;
    let html = Answer::status(500).header("Content-Type", "text/html").header("X-Hostile", "<b>bold</b>").body(SCRIPT);
    receiver.answer_at("/script", [html]);
    receiver.answer_at("/bidirectional", [Answer::status(500).body(BIDIRECTIONAL)]);
    receiver.answer_at("/large", [Answer::status(500).body("x".repeat(LARGE))]);
    receiver.answer_at("/binary", [Answer::status(500).body((0..=255).cycle().take(2048).collect::<Vec<u8>>())]);
    let tenant = cluster.tenant("acme").await;
    let mut journey = Journey::through(&cluster, "hostile").with("TENANT", "acme");
    for name in ["script", "bidirectional", "large", "binary"] {
        let webhook = json!({
            "url": receiver.url_at(&format!("/{name}")), "events": [format!("hostile.{name}")],
            "retry": {"delays": ["0s"], "jitter": 0.0}, "disable": {},
            "description": format!("<script>alert('{name}')</script>"),
        });
        let _ = tenant.webhook_of(webhook).await;
    }
    for (variable, name, data) in [
        ("SCRIPT", "script", json!({"<script>alert('key')</script>": SCRIPT})),
        ("BIDIRECTIONAL", "bidirectional", json!({"file": BIDIRECTIONAL})),
        ("LARGE", "large", json!({"text": "x".repeat(LARGE)})),
        ("BINARY", "binary", json!({"bytes": "\u{0}\u{1}\u{7f}\u{feff}"})),
    ] {
        let event = tenant.publish(&format!("hostile.{name}"), &data).await;
        let delivery = tenant.delivery_in(&event, "failed").await;
        journey = journey.with(variable, delivery["id"].as_str().expect("an id"));
    }

    journey.travel().await;
}
