//! The management interfaces of the published guides, called as their readers would call them, with deliveries that arrive.

use std::process::Stdio;
use std::time::Duration;

use fanfare_cluster::{Answer, Arrival, Cluster, Family, Receiver, Rest, Tenant, event, eventually, python};
use fanfare_proto::v1::PublishRequest;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// How long what happened may take to be shown, with room for a busy machine.
const SHOWN: Duration = Duration::from_secs(15);
/// Prints what a header must say: `sha256=` and the HMAC of what is read, with the key that is the argument.
const SIGN: &str = "import hashlib, hmac, sys; \
    print('sha256=' + hmac.new(sys.argv[1].encode(), sys.stdin.buffer.read(), hashlib.sha256).hexdigest())";

/// The interface with a key of the tenant's own, which is all that the reader of a guide has.
async fn client(cluster: &Cluster, tenant: &Tenant) -> Rest {
    let made = cluster.rest.post("/v1/api-keys", json!({"tenant": tenant.id})).await.expect(201);
    cluster.rest.with_key(made["key"].as_str().expect("a key"))
}

/// What Python's hmac makes of the body's bytes.
async fn signed_by_python(secret: &str, arrival: &Arrival) -> String {
    let mut command = Command::new(python());
    command.args(["-c", SIGN, secret]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("Python starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(&arrival.body).await.expect("Python reads");
    drop(stdin);
    let output = child.wait_with_output().await.expect("Python ends");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The rows at `path`, once there are `number` and all are a success.
async fn successes(client: &Rest, path: &str, rows: &str, number: usize) -> Vec<Value> {
    eventually(&format!("{number} successes at {path}"), SHOWN, || async {
        let found = client.get(path).await.expect(200)[rows].as_array().expect("rows").clone();
        (found.len() == number && found.iter().all(|row| row["status"] == "success")).then_some(found)
    })
    .await
}

async fn govalids_guide_is_followed(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let client = client(&cluster, &tenant).await;
    let registration = json!({"url": receiver.url_at("/webhook"), "events": ["qr.scanned", "qr.created"], "secret": "your_webhook_secret"});
    let webhook = client.post("/api/v1/webhooks/", registration).await.expect(201);
    let id = webhook["id"].as_str().expect("an id").to_owned();
    cluster.in_force().await;

    let sent = tenant.publish("qr.scanned", &json!({"qr_id": "abc123", "scan_count": 15})).await;
    let arrival = receiver.arrival().await;
    let body = arrival.json();
    assert_eq!((&body["event"], &body["webhook_id"]), (&json!("qr.scanned"), &json!(id)));
    assert_eq!(body["data"], json!({"qr_id": "abc123", "scan_count": 15}));
    assert_eq!(arrival.header("x-govalid-event-id"), Some(sent.as_str()));
    let signature = signed_by_python("your_webhook_secret", &arrival).await;
    assert_eq!(arrival.header("x-govalid-signature"), Some(signature.as_str()));

    let test = client.post(&format!("/api/v1/webhooks/{id}/test/"), json!({})).await.expect(202);
    let tested = receiver.arrivals(2).await.swap_remove(1);
    assert_eq!(tested.header("x-govalid-event-id"), test["event_id"].as_str());
    let logs = successes(&client, &format!("/api/v1/webhooks/{id}/logs/"), "results", 2).await;
    assert!(logs.iter().all(|log| log["event"] == "qr.scanned" && log["status_code"] == 200 && log["attempt"] == 1));
    let listed = client.get("/api/v1/webhooks/").await.expect(200);
    let item = &listed["results"][0];
    assert_eq!((&listed["count"], &item["success_count"], &item["failure_count"]), (&json!(1), &json!(2), &json!(0)));
    assert!(item["last_triggered"].as_str().is_some_and(|time| time.len() == 20), "{item}");

    let update = json!({"url": receiver.url_at("/moved"), "events": ["payment.failed"], "secret": "another secret"});
    let updated = client.patch(&format!("/api/v1/webhooks/{id}/"), update).await.expect(200);
    assert_eq!(updated["events"], json!(["payment.failed"]));
    cluster.in_force().await;
    tenant.publish("qr.scanned", &json!({})).await;
    tenant.publish("payment.failed", &json!({})).await;
    let moved = receiver.arrivals(3).await.swap_remove(2);
    assert_eq!((moved.path.as_str(), &moved.json()["event"]), ("/moved", &json!("payment.failed")));
    let signature = signed_by_python("another secret", &moved).await;
    assert_eq!(moved.header("x-govalid-signature"), Some(signature.as_str()));

    let paused = client.patch(&format!("/api/v1/webhooks/{id}/"), json!({"active": false})).await.expect(200);
    assert_eq!(paused["active"], false);
    cluster.in_force().await;
    let missed = tenant.publish("payment.failed", &json!({})).await;
    tenant.event_with(&missed, 0, &[]).await;
    let _ = client.delete(&format!("/api/v1/webhooks/{id}/")).await.expect(204);
    assert_eq!(client.get("/api/v1/webhooks/").await.expect(200), json!({"count": 0, "results": []}));
    assert_eq!(receiver.log().arrivals().len(), 3);
}

async fn validas_guide_is_followed(family: Family) {
    let cluster = Cluster::start(family).await;
    let token = json!({"access_token": "a token", "token_type": "Bearer", "expires_in": 3600}).to_string();
    let authority =
        Receiver::answering([Answer::status(200).header("Content-Type", "application/json").body(token)]).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let client = client(&cluster, &tenant).await;
    let settings = |path: &str| {
        let oauth =
            json!({"token_url": authority.url_at("/token"), "client_id": "us", "client_secret": "secret of ours"});
        json!({"url": receiver.url_at(path), "oauth": oauth})
    };
    let path = "/validas/v1/webhook/settings";
    let _ = client.get(path).await.problem(404);
    let _ = client.post(path, settings("/first")).await.expect(201);
    let shown = client.get(path).await.expect(200);
    assert_eq!((&shown["url"], &shown["oauth"]["client_id"]), (&json!(receiver.url_at("/first")), &json!("us")));
    assert!(!shown.to_string().contains("secret"), "{shown}");
    cluster.in_force().await;

    let test = client.post("/validas/v1/webhook/test", json!({})).await.expect(202);
    let delivery = tenant.delivery_in(test["event_id"].as_str().expect("an event"), "success").await;
    assert_eq!(delivery["id"], test["delivery_id"]);
    let arrival = receiver.arrival().await;
    assert_eq!(arrival.header("authorization"), Some("Bearer a token"));

    let of = |status: &str, validation: &str| PublishRequest {
        subject: validation.to_owned(),
        ..event("acme", &format!("validation.{status}"), &json!({"status": status}))
    };
    let created = tenant.publisher.publish(of("on-course", "val-1")).await.expect("accepted").id;
    tenant.delivery_in(&created, "success").await;
    let body = receiver.arrivals(2).await.swap_remove(1).json();
    assert_eq!((&body["type"], &body["subject"]), (&json!("validation.on-course"), &json!("val-1")));

    let _ = client.post(path, settings("/second")).await.expect(200);
    cluster.in_force().await;
    receiver.answer([500]);
    let confirmed = tenant.publisher.publish(of("confirmed", "val-1")).await.expect("accepted").id;
    let deleted = tenant.publisher.publish(of("deleted", "val-2")).await.expect("accepted").id;
    assert!(receiver.arrivals(4).await.iter().skip(2).all(|arrival| arrival.path == "/second"));
    tenant.event_with(&confirmed, 1, &["retrying"]).await;
    tenant.event_with(&deleted, 1, &["retrying"]).await;

    // What the guide promises to be found.
    for (query, mut expected) in [
        ("events?subject=val-1", vec![&created, &confirmed]),
        ("events?subject=val-1&delivered=true", vec![&created]),
        ("events?delivered=false", vec![&confirmed, &deleted]),
    ] {
        let found = client.all(&format!("/v1/{query}")).await;
        let mut ids: Vec<_> = found.iter().map(|row| row["id"].as_str().expect("an id")).collect();
        ids.sort_unstable();
        expected.sort_unstable();
        assert_eq!(ids, expected, "{query}");
    }
    assert_eq!(client.get(&format!("/v1/events/{created}")).await.expect(200)["delivered"], true);
    assert_eq!(client.all("/v1/subjects?delivered=false").await.len(), 2);
    assert_eq!(client.all("/v1/subjects?delivered=true").await.len(), 0);
}

async fn qr3s_guide_is_followed(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let _ = cluster.rest.put("/v1/tenants/acme", json!({"default_profile": "qr3"})).await.expect(200);
    let client = client(&cluster, &tenant).await;
    let secret = "my-secret-key-min-16-chars";
    let webhook = json!({"url": receiver.url(), "events": ["qr.scanned", "qr.created"], "secret": secret});
    let made = client.post("/v1/webhooks", webhook).await.expect(201);
    assert_eq!((&made["secret"], &made["secret_hint"]), (&json!(secret), &json!("my-s…")));
    let id = made["id"].as_str().expect("an id").to_owned();
    cluster.in_force().await;

    let _ = client.post(&format!("/v1/webhooks/{id}/ping"), json!({})).await.expect(202);
    assert_eq!(receiver.arrival().await.json()["type"], "webhook.ping");
    let sent = tenant.publish("scan.created", &json!({"code_id": "qr_abc123"})).await;
    let arrival = receiver.arrivals(2).await.swap_remove(1);
    let body = arrival.json();
    assert_eq!((&body["id"], &body["type"]), (&json!(sent), &json!("scan.created")));
    let signature = signed_by_python(secret, &arrival).await;
    assert_eq!(arrival.header("x-qr3-signature"), Some(signature.as_str()));

    let rows = successes(&client, &format!("/v1/webhooks/{id}/deliveries"), "data", 2).await;
    assert_eq!((&rows[0]["event_type"], &rows[1]["event_type"]), (&json!("scan.created"), &json!("webhook.ping")));
    assert!(rows.iter().all(|row| row["status_code"] == 200 && row["attempt"] == 1), "{rows:?}");
    assert!(!client.get("/v1/webhooks").await.expect(200).to_string().contains(secret));
    let _ = client.delete(&format!("/v1/webhooks/{id}")).await.expect(204);
}

scenarios! {
    govalids_guide_is_followed,
    validas_guide_is_followed,
    qr3s_guide_is_followed,
}
