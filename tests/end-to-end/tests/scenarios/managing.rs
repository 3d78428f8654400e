//! What is done with webhooks: pings, tests, what is shown of them.

use fanfare_cluster::{Cluster, Family, Receiver};
use serde_json::{Value, json};

async fn a_ping_goes_to_its_webhook_alone(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let pinged = tenant.webhook_of(json!({"url": receiver.url_at("/pinged"), "events": ["qr.scanned"]})).await;
    tenant.webhook_of(json!({"url": receiver.url_at("/other"), "events": ["*"]})).await;
    cluster.in_force().await;

    let ping = tenant.rest.post(&format!("/v1/webhooks/{}/ping", pinged.id), json!({})).await.expect(202);

    let event = ping["event_id"].as_str().expect("an event");
    let delivery = tenant.delivery_in(event, "success").await;
    assert_eq!(delivery["id"], ping["delivery_id"]);
    let arrival = receiver.arrival().await;
    assert_eq!((arrival.path.as_str(), arrival.event()), ("/pinged", event));
    assert_eq!(arrival.json()["type"], "webhook.ping");
    assert_eq!(receiver.log().arrivals().len(), 1);
}

async fn a_test_sends_the_types_example(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let kind = json!({"description": "Paid", "example": {"order": 1, "total": "9.90"}});
    assert!(tenant.rest.put("/v1/event-types/order.paid", kind).await.status.is_success());
    let webhook = tenant.webhook(&receiver, &["order.*"]).await;
    cluster.in_force().await;
    let path = format!("/v1/webhooks/{}/test", webhook.id);

    let _ = tenant.rest.post(&path, json!({"type": "order.paid"})).await.expect(202);
    let sample = receiver.arrival().await;
    let _ = tenant.rest.post(&path, json!({"type": "order.paid", "data": {"mine": true}})).await.expect(202);
    let given = receiver.arrivals(2).await.swap_remove(1);

    assert_eq!(sample.json()["type"], "order.paid");
    assert_eq!(sample.json()["data"], json!({"order": 1, "total": "9.90"}));
    assert_eq!(given.json()["data"], json!({"mine": true}));
}

async fn what_is_secret_is_shown_once(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant
        .webhook_of(json!({
            "url": receiver.url(), "events": ["*"], "headers": {"x-token": "open sesame"},
            "auth": {"type": "bearer", "token": "bearer-of-secrets"},
        }))
        .await;
    cluster.in_force().await;
    assert!(webhook.secret.starts_with("whsec_"), "{}", webhook.created);
    let hint = webhook.created["secret_hint"].as_str().expect("a hint").to_owned();
    assert!(webhook.secret.starts_with(hint.trim_end_matches('…')) && hint.ends_with('…'), "{hint}");

    let event = tenant.publish("order.paid", &json!({})).await;

    let arrival = receiver.arrival().await;
    assert_eq!(arrival.header("x-token"), Some("open sesame"));
    assert_eq!(arrival.header("authorization"), Some("Bearer bearer-of-secrets"));
    let delivery = tenant.delivery_in(&event, "success").await;
    let shown = [delivery, tenant.webhook_now(&webhook.id).await, json!(tenant.rest.all("/v1/webhooks").await)];
    for answer in shown.iter().map(Value::to_string) {
        for secret in ["open sesame", "bearer-of-secrets", webhook.secret.as_str()] {
            assert!(!answer.contains(secret), "{secret} is shown in {answer}");
        }
    }
}

async fn a_change_names_its_fields_and_leaves_the_others(family: Family) {
    let cluster = Cluster::start(family).await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant
        .webhook_of(json!({
            "url": "https://example.com/hooks", "events": ["a"], "description": "first", "metadata": {"team": "blue"},
        }))
        .await;
    let path = format!("/v1/webhooks/{}", webhook.id);

    let changed = tenant.rest.patch(&path, json!({"events": ["b.*"], "description": null})).await.expect(200);

    assert_eq!(changed["events"], json!(["b.*"]));
    assert!(changed["description"].is_null() || changed["description"] == "", "{changed}");
    assert_eq!(
        (&changed["url"], &changed["metadata"]),
        (&json!("https://example.com/hooks"), &json!({"team": "blue"}))
    );
    let _ = tenant.rest.patch(&path, json!({"profile": "qr3"})).await.problem(409);
    let _ = tenant.rest.delete(&path).await.expect(204);
    let _ = tenant.rest.get(&path).await.problem(404);
}

async fn lists_are_paged_newest_first(family: Family) {
    let cluster = Cluster::start(family).await;
    let tenant = cluster.tenant("acme").await;
    let mut made = Vec::new();
    for number in 0..7 {
        let url = format!("https://example.com/{number}");
        made.push(tenant.webhook_of(json!({"url": url, "events": ["*"]})).await.id);
    }
    made.reverse();

    let mut listed = Vec::new();
    let mut path = "/v1/webhooks?limit=3".to_owned();
    loop {
        let page = tenant.rest.get(&path).await.expect(200);
        let rows = page["data"].as_array().expect("rows");
        assert!(rows.len() <= 3, "{page}");
        listed.extend(rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/webhooks?limit=3&cursor={next}");
    }

    assert_eq!(listed, made);
}

async fn every_change_is_on_the_audit_list(family: Family) {
    let cluster = Cluster::start(family).await;
    let tenant = cluster.tenant("acme").await;
    let made = cluster.rest.post("/v1/api-keys", json!({"tenant": "acme", "name": "of acme"})).await.expect(201);
    let theirs = cluster.rest.with_key(made["key"].as_str().expect("a key"));
    cluster.in_force().await;
    let webhook = tenant.webhook_of(json!({"url": "https://example.com/", "events": ["*"]})).await;
    let changed = json!({"description": "changed", "is_active": false});
    let _ = theirs.patch(&format!("/v1/webhooks/{}", webhook.id), changed).await.expect(200);

    let list = cluster.rest.get("/v1/audit").await.expect(200);

    let lines = list["data"].as_array().expect("lines");
    let told: Vec<_> = lines.iter().map(|line| (&line["action"], &line["actor"], &line["target"])).collect();
    let (operator, key) = (json!("operator"), made["id"].clone());
    assert_eq!(told[0], (&json!("webhook.update"), &key, &json!(webhook.id)), "{list}");
    assert_eq!(told[1], (&json!("webhook.create"), &operator, &json!(webhook.id)), "{list}");
    assert_eq!(lines[0]["fields"], json!(["description", "is_active"]), "{list}");
    let known = |action: &str| lines.iter().any(|line| line["action"] == action && line["actor"] == "operator");
    assert!(known("api_key.create") && known("tenant.create"), "{list}");
}

async fn the_description_of_rest_is_served(family: Family) {
    let cluster = Cluster::start(family).await;

    let description = cluster.rest.with_key("").get("/openapi.json").await.expect(200);

    assert!(description["openapi"].as_str().is_some_and(|version| version.starts_with("3.")), "{description}");
    assert!(description["paths"]["/v1/webhooks"]["post"].is_object());
}

scenarios! {
    a_ping_goes_to_its_webhook_alone,
    a_test_sends_the_types_example,
    what_is_secret_is_shown_once,
    a_change_names_its_fields_and_leaves_the_others,
    lists_are_paged_newest_first,
    every_change_is_on_the_audit_list,
    the_description_of_rest_is_served,
}
