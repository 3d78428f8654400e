//! Webhooks: what is stored, shown, changed and rotated.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::health::DisabledReason;
use fanfare_domain::ids::TenantId;
use fanfare_domain::signature::Ed25519PublicKey;
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::{Auth, Webhook};
use fanfare_ports::clock::{Clock, ManualClock};
use fanfare_ports::store::{Actor, AuditEntry, Change, Registry};
use serde_json::{Value, json};

use crate::harness::{Service, path_of, webhook_id};

pub(crate) async fn stored(service: &Service, webhook: &Value) -> Webhook {
    let store = service.embedded.store();
    let acme = store.tenant(&TenantId::new("acme").expect("valid")).await.expect("asked").expect("there");
    store.webhook(acme.number, webhook_id(webhook)).await.expect("asked").expect("there")
}

pub(crate) fn opened(service: &Service, webhook: &Webhook, sealed: &fanfare_domain::sealed::Sealed) -> String {
    let bytes = service.keyring.open(sealed, webhook.id.as_bytes()).expect("sealed for this webhook");
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_shows_what_it_is_set_to_and_its_secret_once() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let settings = json!({
        "url": "https://example.com/hooks?a=b", "events": ["qr.scanned", "order.*", "*"], "description": "mine",
        "timeout": "10s", "retry": {"delays": ["0s", "90s", "24h"], "jitter": 0.1},
        "rate_limit": {"per_second": 0.5, "burst": 3}, "max_in_flight": 7,
        "disable": {"gone": true, "failing_for": "5d", "failures_in_a_row": 9, "delivery_exhausted": false},
        "metadata": {"team": "blue"}, "headers": {"X-One": "1"}, "signing": "both",
        "auth": {"type": "basic", "username": "u", "password": "p"}
    });
    let made = service.call("POST", "/v1/webhooks", settings).await.ok(201);
    let secret = made["secret"].as_str().expect("shown once");
    assert!(secret.starts_with("whsec_"));
    assert_eq!(made["secret_hint"], "whse…");
    assert!(Ed25519PublicKey::parse(made["public_key"].as_str().expect("a key")).is_ok());
    assert_eq!(
        (&made["profile"], &made["signing"], &made["is_active"]),
        (&json!("standard"), &json!("both"), &json!(true))
    );
    assert_eq!(made["retry"], json!({"delays": ["0s", "1m 30s", "24h"], "jitter": 0.1}));
    assert_eq!(made["headers"], json!({"X-One": "…"}));
    assert_eq!(made["auth"], json!({"type": "basic", "username": "u", "password": "…"}));
    assert_eq!(made["rate_limit"], json!({"per_second": 0.5, "burst": 3}));
    assert_eq!(made["disable"]["failures_in_a_row"], 9);
    assert_eq!(made["health"]["state"], "healthy");
    assert_eq!((&made["success_count"], &made["last_triggered"]), (&json!(0), &json!(null)));

    let shown = service.call("GET", &path_of(&made), None).await.ok(200);
    assert_eq!(shown.get("secret"), None);
    let mut expected = made.clone();
    expected.as_object_mut().expect("an object").remove("secret");
    assert_eq!(shown, expected);
    assert_eq!(service.call("GET", "/v1/webhooks", None).await.ok(200)["data"], json!([expected]));

    let kept = stored(&service, &made).await;
    assert_eq!(opened(&service, &kept, &kept.secrets.current), secret);
    assert_eq!(opened(&service, &kept, &kept.headers[0].1), "1");
    let Some(Auth::Basic { password, .. }) = &kept.auth else { panic!("{:?}", kept.auth) };
    assert_eq!(opened(&service, &kept, password), "p");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_secret_is_taken_as_it_is() {
    let service = Service::start().await;
    service.tenant("acme").await;
    for secret in ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let made = service.webhook(json!({"secret": secret})).await;
        assert_eq!(made["secret"], secret);
        let kept = stored(&service, &made).await;
        assert_eq!(opened(&service, &kept, &kept.secrets.current), secret);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_changes_what_it_names_and_keeps_what_is_hidden() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let oauth = json!({"type": "oauth2_client_credentials", "token_url": "https://id.example.com/token",
        "client_id": "c", "client_secret": "s1"});
    let made = service
        .webhook(
            json!({"headers": {"X-One": "1", "X-Two": "2"}, "auth": oauth, "timeout": "9s", "metadata": {"a": "1"}}),
        )
        .await;
    let path = path_of(&made);
    let patch = json!({"headers": {"X-One": null, "X-Three": "3"}, "auth": {"scope": "hooks"}, "timeout": null,
        "metadata": {"b": "2"}});
    let changed = service.call("PATCH", &path, patch).await.ok(200);
    assert_eq!(changed["headers"], json!({"X-Two": "…", "X-Three": "…"}));
    assert_eq!((&changed["timeout"], &changed["url"]), (&json!(null), &made["url"]));
    assert_eq!(changed["metadata"], json!({"a": "1", "b": "2"}));
    assert_eq!((&changed["auth"]["scope"], &changed["auth"]["client_secret"]), (&json!("hooks"), &json!("…")));
    let kept = stored(&service, &made).await;
    assert_eq!(opened(&service, &kept, &kept.headers.iter().find(|(name, _)| name == "X-Two").expect("kept").1), "2");
    let Some(Auth::OAuth2 { client_secret, .. }) = &kept.auth else { panic!("{:?}", kept.auth) };
    assert_eq!(opened(&service, &kept, client_secret), "s1");
    assert_eq!(kept.version, 2);

    // What an answer shows can be given back, but for what Fanfare itself sets.
    let mut whole = changed.as_object().expect("an object").clone();
    whole.retain(|name, _| {
        ![
            "id",
            "secret_hint",
            "previous_secret_until",
            "public_key",
            "created_at",
            "updated_at",
            "last_triggered",
            "success_count",
            "failure_count",
            "health",
        ]
        .contains(&name.as_str())
    });
    service.call("PATCH", &path, Value::Object(whole)).await.ok(200);
    assert_eq!(stored(&service, &made).await, kept, "nothing changed");

    let other = service.call("PATCH", &path, json!({"auth": {"type": "bearer", "token": "t"}})).await.ok(200);
    assert_eq!(other["auth"], json!({"type": "bearer", "token": "…"}));
    assert_eq!(service.call("PATCH", &path, json!({"auth": null})).await.ok(200)["auth"], json!(null));
    assert_eq!(
        service.call("PATCH", &path, json!({"auth": {"type": "basic", "username": "u"}})).await.problem(400),
        ["#/auth/password"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_taken_from_the_tenant_and_never_changes() {
    let service = Service::start().await;
    service.call("PUT", "/v1/tenants/acme", json!({"default_profile": "one"})).await.ok(201);
    let made = service.webhook(json!({})).await;
    assert_eq!((&made["profile"], &made["signing"]), (&json!("one"), &json!(null)));
    let path = path_of(&made);
    service.call("PATCH", &path, json!({"profile": "standard"})).await.problem(409);
    service.call("PATCH", &path, json!({"profile": null})).await.problem(409);
    service.call("PATCH", &path, json!({"profile": "one", "description": "x"})).await.ok(200);
    assert_eq!(service.call("PATCH", &path, json!({"signing": "hmac"})).await.problem(400), ["#/signing"]);
    assert_eq!(service.webhook(json!({"profile": "standard"})).await["signing"], "hmac");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_begins_anew_when_a_webhook_is_enabled_or_moves() {
    let clock = ManualClock::at(Timestamp::from_millis(1_800_000_000_000));
    let service = Service::on(Arc::new(clock.clone())).await;
    service.tenant("acme").await;
    let made = service.webhook(json!({})).await;
    let path = path_of(&made);
    let since = async || stored(&service, &made).await.health_since;
    let begun = since().await;

    clock.advance(Duration::from_secs(1));
    service.call("PATCH", &path, json!({"description": "x"})).await.ok(200);
    assert_eq!(since().await, begun);
    service.call("PATCH", &path, json!({"url": "https://example.com/other"})).await.ok(200);
    assert_eq!(since().await, clock.now());

    let mut disabled = stored(&service, &made).await;
    disabled.version += 1;
    disabled.is_active = false;
    disabled.disabled_reason = Some(DisabledReason::FailingFor);
    let audit = AuditEntry {
        at: clock.now(),
        actor: Actor::Fanfare,
        action: "webhook.disable".to_owned(),
        tenant: None,
        target: disabled.id.to_string(),
        fields: Vec::new(),
    };
    service.embedded.store().change(Change::PutWebhook(Box::new(disabled)), audit).await.expect("changed");
    let shown = service.call("GET", &path, None).await.ok(200);
    assert_eq!(
        (&shown["health"]["state"], &shown["health"]["disabled_reason"]),
        (&json!("disabled"), &json!("failing_for"))
    );

    clock.advance(Duration::from_secs(1));
    let shown = service.call("PATCH", &path, json!({"is_active": true})).await.ok(200);
    assert_eq!((&shown["health"]["state"], &shown["health"]["disabled_reason"]), (&json!("healthy"), &json!(null)));
    assert_eq!(since().await, clock.now());
}

#[tokio::test(flavor = "multi_thread")]
async fn rotation_keeps_the_old_secret_for_the_overlap() {
    let clock = ManualClock::at(Timestamp::from_millis(1_800_000_000_000));
    let service = Service::on(Arc::new(clock.clone())).await;
    service.tenant("acme").await;
    let made = service.webhook(json!({})).await;
    let (path, rotate) = (path_of(&made), format!("{}/secret/rotate", path_of(&made)));

    let rotated = service.call("POST", &rotate, None).await.ok(200);
    let until = clock.now().plus(Duration::from_secs(24 * 3600));
    assert_eq!(rotated["previous_secret_until"], json!(until));
    let kept = stored(&service, &made).await;
    assert_eq!(json!(opened(&service, &kept, &kept.secrets.current)), rotated["secret"]);
    let (previous, ends) = kept.secrets.previous.clone().expect("overlaps");
    assert_eq!((json!(opened(&service, &kept, &previous)), ends), (made["secret"].clone(), until));
    assert_eq!(service.call("GET", &path, None).await.ok(200)["previous_secret_until"], json!(until));

    let given = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let rotated = service.call("POST", &rotate, json!({"secret": given, "overlap": "0s"})).await.ok(200);
    assert_eq!(rotated, json!({"secret": given, "previous_secret_until": null}));
    assert_eq!(stored(&service, &made).await.secrets.previous, None);

    for (body, pointer) in [
        (json!({"secret": "short"}), "#/secret"),
        (json!({"overlap": "soon"}), "#/overlap"),
        (json!({"overlap": "31d"}), "#/overlap"),
        (json!({"more": 1}), "#/more"),
    ] {
        assert_eq!(service.call("POST", &rotate, body).await.problem(400), [pointer]);
    }
    let pair = service.webhook(json!({"signing": "ed25519"})).await;
    service.call("POST", &format!("{}/secret/rotate", path_of(&pair)), None).await.problem(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_the_same_time_all_count() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let made = service.webhook(json!({})).await;
    let path = path_of(&made);
    let patch = async |name: &str| service.call("PATCH", &path, json!({"metadata": {name: "1"}})).await.status;
    let (a, b, c) = tokio::join!(patch("a"), patch("b"), patch("c"));
    assert_eq!([a, b, c], [200, 200, 200]);
    let shown = service.call("GET", &path, None).await.ok(200);
    assert_eq!(shown["metadata"], json!({"a": "1", "b": "1", "c": "1"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_webhook_is_gone() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let made = service.webhook(json!({})).await;
    service.call("DELETE", &path_of(&made), None).await.ok(204);
    for method in ["GET", "PATCH", "DELETE"] {
        let body = (method == "PATCH").then(|| json!({}));
        service.call(method, &path_of(&made), body).await.problem(404);
    }
    service.call("GET", "/v1/webhooks/nonsense", None).await.problem(404);
}
