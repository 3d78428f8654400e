//! GoValid's guide.

use fanfare_domain::delivery::{FailureReason, Settlement};
use fanfare_domain::event::Purpose;
use serde_json::{Value, json};

use super::{is_in_seconds, members};
use crate::harness::{Answer, OPERATOR, Service, webhook_id};
use crate::webhooks::{opened, stored};

const BASE: &str = "/api/v1/webhooks";
const SECRET: &str = "your_webhook_secret";
const ITEM: [&str; 8] =
    ["active", "created_at", "events", "failure_count", "id", "last_triggered", "success_count", "url"];

/// The guide's own example, with other members.
fn example(more: Value) -> Value {
    let mut body = json!({
        "url": "https://your-server.com/webhook", "events": ["qr.scanned", "qr.created", "qr.expired"], "secret": SECRET,
    });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

async fn registered(service: &Service, more: Value) -> Value {
    service.call("POST", &format!("{BASE}/"), example(more)).await.ok(201)
}

fn path_of(webhook: &Value) -> String {
    format!("{BASE}/{}", webhook["id"].as_str().expect("an id"))
}

/// The same call with and without the last slash.
async fn both(service: &Service, method: &str, path: &str, body: Option<Value>) -> [Answer; 2] {
    [service.call(method, path, body.clone()).await, service.call(method, &format!("{path}/"), body).await]
}

#[tokio::test(flavor = "multi_thread")]
async fn registering_answers_what_the_guide_shows() {
    let service = Service::start().await;
    service.tenant("acme").await;
    for answer in both(&service, "POST", BASE, Some(example(json!({})))).await {
        let made = answer.ok(201);
        assert_eq!(members(&made), ["active", "created_at", "events", "id", "url"]);
        assert_eq!(made["url"], "https://your-server.com/webhook");
        assert_eq!(made["events"], json!(["qr.scanned", "qr.created", "qr.expired"]));
        assert_eq!(made["active"], true);
        assert!(is_in_seconds(&made["created_at"]), "{made}");
        assert!(!answer.text.contains(SECRET), "{made}");

        let kept = stored(&service, &made).await;
        assert_eq!(kept.profile, "govalid", "whatever the tenant's default is");
        assert_eq!(opened(&service, &kept, &kept.secrets.current), SECRET);
    }
    let paused = registered(&service, json!({"active": false, "description": "mine"})).await;
    let kept = stored(&service, &paused).await;
    assert_eq!((paused["active"].clone(), kept.description.as_deref()), (json!(false), Some("mine")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_counts_and_tells_how_each_fares() {
    let service = Service::start().await;
    service.tenant("acme").await;
    for answer in both(&service, "GET", BASE, None).await {
        assert_eq!(answer.ok(200), json!({"count": 0, "results": []}));
    }
    let first = registered(&service, json!({})).await;
    let second = registered(&service, json!({"url": "https://your-server.com/2"})).await;
    for settled in [Settlement::Success, Settlement::Failed(FailureReason::AttemptsUsedUp), Settlement::Success] {
        service.publish(json!({"type": "qr.scanned", "data": 1})).await;
        let (event, references) = service.log_event(&[webhook_id(&first)]).await;
        let status = if settled == Settlement::Success { 200 } else { 500 };
        service.log_attempt(&event, references[0], status, settled).await;
    }
    for answer in both(&service, "GET", BASE, None).await {
        let listed = answer.ok(200);
        assert_eq!((members(&listed), &listed["count"]), (vec!["count", "results"], &json!(2)));
        let results = listed["results"].as_array().expect("items");
        let item = |webhook: &Value| results.iter().find(|item| item["id"] == webhook["id"]).expect("listed");
        let (used, unused) = (item(&first), item(&second));
        assert_eq!((members(used), members(unused)), (ITEM.to_vec(), ITEM.to_vec()));
        assert_eq!((&used["success_count"], &used["failure_count"]), (&json!(2), &json!(1)));
        assert!(is_in_seconds(&used["last_triggered"]) && is_in_seconds(&used["created_at"]), "{used}");
        assert_eq!((&unused["success_count"], &unused["last_triggered"]), (&json!(0), &Value::Null));
        assert!(!answer.text.contains(SECRET), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_all_webhooks_at_once() {
    let service = Service::start().await;
    service.tenant("acme").await;
    for place in 0..205 {
        registered(&service, json!({"url": format!("https://your-server.com/{place}")})).await;
    }
    service.webhook(json!({})).await;
    let listed = service.call("GET", BASE, None).await.ok(200);
    assert_eq!((&listed["count"], listed["results"].as_array().map(Vec::len)), (&json!(205), Some(205)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_takes_every_field_of_registering() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let made = registered(&service, json!({"description": "first"})).await;
    let path = path_of(&made);
    let body = json!({"url": "https://your-server.com/other", "events": ["payment.failed"], "secret": "another one",
        "description": "second", "active": false});
    for answer in both(&service, "PATCH", &path, Some(body)).await {
        let changed = answer.ok(200);
        assert_eq!(members(&changed), ITEM);
        assert_eq!((&changed["url"], &changed["active"]), (&json!("https://your-server.com/other"), &json!(false)));
        assert_eq!((&changed["events"], &changed["id"]), (&json!(["payment.failed"]), &made["id"]));
        assert!(!answer.text.contains("another one"), "{}", answer.text);
    }
    let kept = stored(&service, &made).await;
    assert_eq!(kept.description.as_deref(), Some("second"));
    assert_eq!(opened(&service, &kept, &kept.secrets.current), "another one");
    assert_eq!(kept.secrets.previous, None, "the new secret signs at once");

    let changed = service.call("PATCH", &path, json!({"active": true, "description": null})).await.ok(200);
    assert_eq!((&changed["active"], &changed["events"]), (&json!(true), &json!(["payment.failed"])));
    let after = stored(&service, &made).await;
    assert_eq!((after.description, after.secrets), (None, kept.secrets));
    service.call("PATCH", &path, json!({})).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_webhook_is_gone() {
    let service = Service::start().await;
    service.tenant("acme").await;
    for slash in ["", "/"] {
        let path = format!("{}{slash}", path_of(&registered(&service, json!({})).await));
        service.call("DELETE", &path, None).await.ok(204);
        service.call("DELETE", &path, None).await.problem(404);
        service.call("PATCH", &path, json!({})).await.problem(404);
    }
    assert_eq!(service.call("GET", BASE, None).await.ok(200)["count"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_goes_to_its_webhook_alone() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let described = json!({"description": "A scan", "example": {"qr_id": "abc123"}});
    service.call("PUT", "/v1/event-types/qr.scanned", described).await.ok(201);
    let made = registered(&service, json!({})).await;
    let path = format!("{}/test", path_of(&made));
    for answer in both(&service, "POST", &path, None).await {
        let sent = answer.ok(202);
        let (_, event) = service.routed_events(1).await.remove(0);
        assert_eq!(sent["event_id"], json!(event.id));
        assert_eq!((event.event_type.as_str(), &event.data[..]), ("qr.scanned", &br#"{"qr_id":"abc123"}"#[..]));
        assert_eq!(event.purpose, Purpose::Trial(webhook_id(&made)));
    }
    assert_eq!(service.call("POST", &path, json!({"type": "qr.created"})).await.problem(400), ["#/type"]);
    service.call("PATCH", &path_of(&made), json!({"active": false})).await.ok(200);
    service.call("POST", &path, None).await.problem(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logs_show_deliveries_newest_first() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let made = registered(&service, json!({})).await;
    let path = format!("{}/logs", path_of(&made));
    for answer in both(&service, "GET", &path, None).await {
        assert_eq!(answer.ok(200), json!({"count": 0, "results": []}));
    }
    service.publish(json!({"type": "qr.scanned", "data": 1})).await;
    let (event, references) = service.log_event(&[webhook_id(&made)]).await;
    service.log_attempt(&event, references[0], 200, Settlement::Success).await;
    // Events of one millisecond would have no order that could be told.
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    service.publish(json!({"type": "qr.expired", "data": 2})).await;
    service.log_event(&[webhook_id(&made)]).await;

    for answer in both(&service, "GET", &path, None).await {
        let logs = answer.ok(200);
        assert_eq!((members(&logs), &logs["count"]), (vec!["count", "results"], &json!(2)));
        let (waiting, done) = (&logs["results"][0], &logs["results"][1]);
        assert!(is_in_seconds(&done["created_at"]), "{done}");
        assert_eq!(
            done,
            &json!({"id": references[0].id, "event": "qr.scanned", "status": "success", "status_code": 200,
                "response_time_ms": 12, "attempt": 1, "created_at": done["created_at"]})
        );
        assert_eq!((&waiting["event"], &waiting["status"]), (&json!("qr.expired"), &json!("pending")));
        assert_eq!((&waiting["status_code"], &waiting["attempt"]), (&Value::Null, &json!(0)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_others_and_of_other_profiles_are_not_there() {
    let service = Service::start().await;
    service.tenant("acme").await;
    service.tenant("other").await;
    let other = service.key("other", "all").await;
    let made = registered(&service, json!({})).await;
    let native = service.webhook(json!({})).await;
    let calls = |webhook: &Value| {
        let path = path_of(webhook);
        [
            ("PATCH", path.clone(), Some(json!({"description": "mine now"}))),
            ("POST", format!("{path}/test"), None),
            ("GET", format!("{path}/logs"), None),
            ("DELETE", path, None),
        ]
    };
    for (method, path, body) in calls(&native) {
        service.call(method, &path, body.clone()).await.problem(404);
        service.call(method, &format!("{path}/"), body).await.problem(404);
    }
    for (method, path, body) in calls(&made) {
        service.call_as(&other, None, method, &path, body).await.problem(404);
    }
    assert_eq!(service.call_as(&other, None, "GET", BASE, None).await.ok(200)["count"], 0);
    let listed = service.call("GET", BASE, None).await.ok(200);
    assert_eq!((&listed["count"], &listed["results"][0]["id"]), (&json!(1), &made["id"]));
    assert_eq!(stored(&service, &native).await.description, None);
    assert_eq!(stored(&service, &made).await.description, None);

    let publisher = service.key("acme", "publish").await;
    service.call_as(&publisher, None, "GET", BASE, None).await.problem(403);
    service.call_as("fk_nobody", None, "GET", BASE, None).await.problem(401);
    service.call_as(OPERATOR, None, "GET", BASE, None).await.problem(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_in_the_guides_words() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let made = registered(&service, json!({})).await;
    assert_eq!(service.call("POST", BASE, json!({})).await.problem(400), ["#/secret", "#/url", "#/events"]);
    for (members, pointer) in [
        (json!({"url": "http://your-server.com"}), "#/url"),
        (json!({"url": null}), "#/url"),
        (json!({"events": []}), "#/events"),
        (json!({"events": ["qr.scanned", "QR"]}), "#/events/1"),
        (json!({"events": "qr.scanned"}), "#/events"),
        (json!({"secret": ""}), "#/secret"),
        (json!({"secret": null}), "#/secret"),
        (json!({"secret": 5}), "#/secret"),
        (json!({"description": 5}), "#/description"),
        (json!({"active": "yes"}), "#/active"),
        (json!({"is_active": true}), "#/is_active"),
        (json!({"headers": {}}), "#/headers"),
        (json!({"profile": "standard"}), "#/profile"),
    ] {
        let answer = service.call("POST", BASE, example(members.clone())).await;
        assert_eq!(answer.problem(400), [pointer], "{members}: {}", answer.text);
        let answer = service.call("PATCH", &path_of(&made), members.clone()).await;
        assert_eq!(answer.problem(400), [pointer], "{members}: {}", answer.text);
    }
    service.call("PATCH", &path_of(&made), json!([1])).await.problem(400);
    // Whoever pages would never come to an end if that were passed over.
    assert_eq!(service.call("GET", &format!("{BASE}/?page=2"), None).await.problem(400), ["#/page"]);
    let logs = format!("{}/logs/?page=2", path_of(&made));
    assert_eq!(service.call("GET", &logs, None).await.problem(400), ["#/page"]);
    service.call("GET", &path_of(&made), None).await.problem(405);
    service.call("PUT", &format!("{BASE}/"), json!({})).await.problem(405);
    service.call("DELETE", &format!("{BASE}/wh-001/"), None).await.problem(404);
    assert_eq!(service.call("GET", BASE, None).await.ok(200)["count"], 1);
}
