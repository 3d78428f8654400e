//! What is wrong with a request is said, with its place, and changes nothing.

use serde_json::{Value, json};

use crate::harness::{OPERATOR, Service, path_of};

fn webhook(members: Value) -> Value {
    let mut body = json!({"url": "https://example.com/hooks", "events": ["*"]});
    body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
    body
}

/// Settings that no webhook can have, and where they are wrong.
fn gallery() -> Vec<(Value, Vec<&'static str>)> {
    let events: Vec<_> = (0..101).map(|place| format!("t{place}")).collect();
    let many: serde_json::Map<_, _> = (0..51).map(|place| (format!("n{place}"), json!("x"))).collect();
    let mut gallery = vec![
        (json!({"url": 5}), vec!["#/url"]),
        (json!({"url": null}), vec!["#/url"]),
        (json!({"url": "ftp://example.com"}), vec!["#/url"]),
        (json!({"url": "http://example.com"}), vec!["#/url"]),
        (json!({"url": "https://u:p@example.com"}), vec!["#/url"]),
        (json!({"url": "https://example.com/#x"}), vec!["#/url"]),
        (json!({"url": format!("https://example.com/{}", "x".repeat(2048))}), vec!["#/url"]),
        (json!({"events": []}), vec!["#/events"]),
        (json!({"events": events}), vec!["#/events"]),
        (json!({"events": ["a", "A", "*.b"]}), vec!["#/events/1", "#/events/2"]),
        (json!({"events": "a"}), vec!["#/events"]),
        (json!({"events": [1]}), vec!["#/events/0"]),
        (json!({"secret": "whsec_dG9vIHNob3J0"}), vec!["#/secret"]),
        (json!({"secret": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}), vec!["#/secret"]),
        (json!({"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La-_Sw"}), vec!["#/secret"]),
        (json!({"secret": ""}), vec!["#/secret"]),
        (json!({"description": "x".repeat(1001)}), vec!["#/description"]),
        (json!({"is_active": "yes"}), vec!["#/is_active"]),
        (json!({"profile": "odd"}), vec!["#/profile"]),
        (json!({"signing": "rsa"}), vec!["#/signing"]),
        (json!({"timeout": "0s"}), vec!["#/timeout"]),
        (json!({"timeout": "31s"}), vec!["#/timeout"]),
        (json!({"timeout": 15}), vec!["#/timeout"]),
        (json!({"timeout": "soon"}), vec!["#/timeout"]),
        (json!({"retry": {}}), vec!["#/retry/delays"]),
        (json!({"retry": {"delays": []}}), vec!["#/retry/delays"]),
        (json!({"retry": {"delays": vec!["1s"; 21]}}), vec!["#/retry/delays"]),
        (json!({"retry": {"delays": ["0s", "25h"]}}), vec!["#/retry/delays/1"]),
        (json!({"retry": {"delays": ["x", "1s", "y"]}}), vec!["#/retry/delays/0", "#/retry/delays/2"]),
        (json!({"retry": {"delays": ["24h", "24h", "24h", "24h"], "jitter": 0.1}}), vec!["#/retry"]),
        (json!({"retry": {"delays": ["0s"], "jitter": 2}}), vec!["#/retry/jitter"]),
        (json!({"rate_limit": {}}), vec!["#/rate_limit/per_second"]),
        (json!({"rate_limit": {"per_second": 0}}), vec!["#/rate_limit/per_second"]),
        (json!({"rate_limit": {"per_second": 1, "burst": 0}}), vec!["#/rate_limit/burst"]),
        (json!({"max_in_flight": 0}), vec!["#/max_in_flight"]),
        (json!({"max_in_flight": -1}), vec!["#/max_in_flight"]),
        (json!({"disable": {"failing_for": "x"}}), vec!["#/disable/failing_for"]),
        (json!({"disable": {"failing_for": "1s"}}), vec!["#/disable/failing_for"]),
        (json!({"disable": {"failures_in_a_row": 0}}), vec!["#/disable/failures_in_a_row"]),
        (json!({"disable": {"odd": 0}}), vec!["#/disable/odd"]),
        (json!({"metadata": {"a": 1}}), vec!["#/metadata/a"]),
        (json!({"metadata": {"a/b": "x".repeat(1001)}}), vec!["#/metadata/a~1b"]),
        (json!({"metadata": {"": "x"}}), vec!["#/metadata/"]),
        (json!({"metadata": many}), vec!["#/metadata"]),
        (json!({"unknown": 1}), vec!["#/unknown"]),
        (json!({"url": "https://", "timeout": "1m", "events": ["."]}), vec!["#/url", "#/events/0", "#/timeout"]),
    ];
    gallery.extend(headers_and_auth());
    gallery
}

fn headers_and_auth() -> Vec<(Value, Vec<&'static str>)> {
    let oauth = json!({"type": "oauth2_client_credentials", "token_url": "https://10.0.0.1/t", "client_id": "", "client_secret": "…"});
    vec![
        (json!({"headers": {"Host": "x"}}), vec!["#/headers/Host"]),
        (json!({"headers": {"Connection": "x", "TE": "y"}}), vec!["#/headers/Connection", "#/headers/TE"]),
        (json!({"headers": {"content-type": "x"}}), vec!["#/headers/content-type"]),
        (json!({"headers": {"Webhook-Id": "x"}}), vec!["#/headers/Webhook-Id"]),
        (json!({"headers": {"a b": "x"}}), vec!["#/headers/a b"]),
        (json!({"headers": {"": "x"}}), vec!["#/headers/"]),
        (json!({"headers": {"X-A": "1\r\nX-B: 2"}}), vec!["#/headers/X-A"]),
        (json!({"headers": {"X-A": " 1"}}), vec!["#/headers/X-A"]),
        (json!({"headers": {"X-A": "ü"}}), vec!["#/headers/X-A"]),
        (json!({"headers": {"X-A": "…"}}), vec!["#/headers/X-A"]),
        (json!({"headers": {"X-A": "1", "x-a": "2"}}), vec!["#/headers/x-a"]),
        (json!({"headers": {"X-A": 1}}), vec!["#/headers/X-A"]),
        (json!({"auth": {}}), vec!["#/auth/type"]),
        (json!({"auth": {"type": "digest"}}), vec!["#/auth/type"]),
        (json!({"auth": {"type": "basic", "username": "a:b", "password": "x"}}), vec!["#/auth/username"]),
        (json!({"auth": {"type": "basic", "username": "a"}}), vec!["#/auth/password"]),
        (json!({"auth": {"type": "bearer", "token": "a\nb"}}), vec!["#/auth/token"]),
        (json!({"auth": {"type": "bearer", "token": "a", "scope": "x"}}), vec!["#/auth/scope"]),
        (json!({"auth": {"type": "bearer", "token": "a", "odd": "x"}}), vec!["#/auth/odd"]),
        (
            json!({"auth": {"type": "bearer", "token": "a"}, "headers": {"authorization": "x"}}),
            vec!["#/headers/authorization"],
        ),
        (json!({"auth": oauth}), vec!["#/auth/token_url", "#/auth/client_id", "#/auth/client_secret"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_are_refused_when_made_and_when_changed() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let made = service.webhook(json!({})).await;
    let before = service.call("GET", &path_of(&made), None).await.ok(200);
    for (members, pointers) in gallery() {
        let answer = service.call("POST", "/v1/webhooks", webhook(members.clone())).await;
        assert_eq!(answer.problem(400), pointers, "{members}: {}", answer.text);
        // A changed profile is a conflict, a patched secret is refused for another reason; null removes.
        if members.get("profile").is_none() && members.get("secret").is_none() {
            let answer = service.call("PATCH", &path_of(&made), members.clone()).await;
            assert_eq!(answer.problem(400), pointers, "{members}: {}", answer.text);
        }
    }
    assert_eq!(service.call("PATCH", &path_of(&made), json!({"secret": "x"})).await.problem(400), ["#/secret"]);
    service.call("PATCH", &path_of(&made), json!([1])).await.problem(400);
    let listed = service.call("GET", "/v1/webhooks", None).await.ok(200);
    assert_eq!(listed["data"], json!([before]), "nothing was made or changed");
    let audit = service.call("GET", "/v1/audit", None).await.ok(200);
    assert_eq!(audit["data"][0]["action"], "webhook.create");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_private_address_is_taken() {
    let service = Service::start().await;
    service.tenant("acme").await;
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "127.0.0.1.",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        "[fc00::1]",
        "[2002:7f00:1::]",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "①②⑦.⓪.⓪.①",
        "printer",
        "db.internal",
        "224.0.0.1",
        "255.255.255.255",
    ] {
        let answer =
            service.call("POST", "/v1/webhooks", webhook(json!({"url": format!("https://{host}/hooks")}))).await;
        assert_eq!(answer.problem(400), ["#/url"], "{host}");
        let auth = json!({"type": "oauth2_client_credentials", "token_url": format!("https://{host}/"), "client_id": "c", "client_secret": "s"});
        let answer = service.call("POST", "/v1/webhooks", webhook(json!({"auth": auth}))).await;
        assert_eq!(answer.problem(400), ["#/auth/token_url"], "{host}");
    }
    assert_eq!(service.call("GET", "/v1/webhooks", None).await.ok(200)["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_cannot_be_are_refused() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
    let large = format!("\"{}\"", "x".repeat(256 * 1024));
    for (body, status, pointers) in [
        (r#"{"data":1}"#.to_owned(), 400, vec!["#/type"]),
        (r#"{"type":"a"}"#.to_owned(), 400, vec!["#/data"]),
        ("{}".to_owned(), 400, vec!["#/type", "#/data"]),
        (r#"{"type":"A","data":1}"#.to_owned(), 400, vec!["#/type"]),
        (r#"{"type":"webhook.ping","data":1}"#.to_owned(), 400, vec!["#/type"]),
        (r#"{"type":"a","data":1,"id":"a b"}"#.to_owned(), 400, vec!["#/id"]),
        (r#"{"type":"a","data":1,"id":""}"#.to_owned(), 400, vec!["#/id"]),
        (r#"{"type":"a","data":1,"subject":""}"#.to_owned(), 400, vec!["#/subject"]),
        (r#"{"type":"a","data":1,"created":"yesterday"}"#.to_owned(), 400, vec!["#/created"]),
        (r#"{"type":"a","data":1,"created":"1969-01-01T00:00:00Z"}"#.to_owned(), 400, vec!["#/created"]),
        (r#"{"type":"a","data":1,"tenant":"acme"}"#.to_owned(), 400, vec!["#/tenant"]),
        (r#"{"type":"a","type":"b","data":1}"#.to_owned(), 400, vec![]),
        (r#"{"type":"a","data":{"x":}}"#.to_owned(), 400, vec![]),
        (r#"{"type":"a","data":1"#.to_owned(), 400, vec![]),
        (r#"{"type":"a","data":1}x"#.to_owned(), 400, vec![]),
        ("hello".to_owned(), 400, vec![]),
        ("[]".to_owned(), 400, vec![]),
        (format!(r#"{{"type":"a","data":{deep}}}"#), 400, vec!["#/data"]),
        (format!(r#"{{"type":"a","data":{large}}}"#), 413, vec![]),
        (format!(r#"{{"type":"a","data":"{}"}}"#, "x".repeat(2 * 1024 * 1024)), 413, vec![]),
    ] {
        let request = service
            .request("POST", "/v1/events")
            .bearer_auth(OPERATOR)
            .header("Fanfare-Tenant", "acme")
            .header("Content-Type", "application/json; charset=utf-8")
            .body(body.clone());
        let shown: String = body.chars().take(80).collect();
        let answer = service.answer(request).await;
        assert_eq!(answer.problem(status), pointers, "{shown}: {}", answer.text);
    }
    service.publish(json!({"type": "fine", "data": 1})).await;
    assert_eq!(service.routed_events(1).await[0].1.event_type.as_str(), "fine", "nothing else was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_must_be_json_of_a_bounded_size() {
    let service = Service::start().await;
    service.tenant("acme").await;
    for media in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json"] {
        for path in ["/v1/events", "/v1/webhooks"] {
            let request = service.request("POST", path).bearer_auth(OPERATOR).header("Fanfare-Tenant", "acme");
            service.answer(request.header("Content-Type", media).body("{}")).await.problem(415);
        }
    }
    let request = service.request("POST", "/v1/webhooks").bearer_auth(OPERATOR).header("Fanfare-Tenant", "acme");
    service.answer(request.body("{}")).await.problem(415);
    let large = webhook(json!({"description": "x".repeat(1024 * 1024)}));
    service.call("POST", "/v1/webhooks", large).await.problem(413);
    service
        .call("PATCH", "/v1/webhooks/wh_00000000000000000000000000", json!({"description": "x".repeat(1024 * 1024)}))
        .await
        .problem(413);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_checked_too() {
    let service = Service::start().await;
    service.tenant("acme").await;
    for (path, pointer) in [
        ("/v1/events?limit=0", "#/limit"),
        ("/v1/events?limit=201", "#/limit"),
        ("/v1/events?limit=x", "#/limit"),
        ("/v1/events?cursor=x", "#/cursor"),
        ("/v1/events?since=yesterday", "#/since"),
        ("/v1/events?delivered=yes", "#/delivered"),
        ("/v1/events?color=red", "#/color"),
        ("/v1/webhooks?limit=-1", "#/limit"),
        ("/v1/webhooks?active=true", "#/active"),
        ("/v1/event-types?cursor=AAAA", "#/cursor"),
        ("/v1/subjects?delivered=", "#/delivered"),
        ("/v1/audit?limit=1.5", "#/limit"),
        ("/v1/tenants?limit=999999999999", "#/limit"),
        ("/v1/api-keys?x=1", "#/x"),
    ] {
        assert_eq!(service.call("GET", path, None).await.problem(400), [pointer], "{path}");
    }
    let twice = service.call("GET", "/v1/events?type=a&type=b", None).await;
    assert!(twice.problem(400).is_empty() && twice.text.contains("type"), "{}", twice.text);
}
