//! Signing in, what a session lets do, and how it ends.

use std::time::Duration;

use fanfare_ports::clock::{Clock, SystemClock};
use http::header;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::harness::{Answer, OPERATOR, Service, path_of};

/// Somebody's browser.
struct Browser<'a> {
    service: &'a Service,
    holder: &'static str,
    cookie: String,
}

impl<'a> Browser<'a> {
    fn new(service: &'a Service, holder: &'static str) -> Self {
        Self { service, holder, cookie: String::new() }
    }

    async fn sign_in(&mut self, with: Value) -> Answer {
        let request = self.service.request("POST", "/v1/session").header("Fanfare-Session", self.holder).json(&with);
        let answer = self.service.answer(request).await;
        if let Some(cookie) = answer.headers.get(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("text");
            assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
            assert!(cookie.starts_with(&format!("fanfare_{}=", self.holder)), "{cookie}");
            self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        }
        answer
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let request = self.service.request(method, path);
        request.header("Fanfare-Session", self.holder).header("Cookie", &self.cookie)
    }

    async fn call(&self, method: &str, path: &str) -> Answer {
        self.service.answer(self.request(method, path).header("Fanfare-Tenant", "acme")).await
    }
}

async fn portal_link(service: &Service, body: Value) -> String {
    let made = service.call("POST", "/v1/tenants/acme/portal-links", body).await.ok(201);
    let url = made["url"].as_str().expect("a url").to_owned();
    let (place, token) = url.split_once("#link=").expect("a token");
    assert!(place.starts_with("http://127.0.0.1:") && place.ends_with("/portal/sign-in"), "{place}");
    token.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_exchanged_for_a_session_until_it_ends() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let mut browser = Browser::new(&service, "dashboard");
    assert_eq!(browser.sign_in(json!({"key": "fk_wrong"})).await.problem(401), Vec::<String>::new());
    let session = browser.sign_in(json!({"key": OPERATOR})).await.ok(201);
    assert_eq!(
        (&session["role"], &session["tenant"], &session["access"]),
        (&json!("operator"), &Value::Null, &json!("manage"))
    );
    assert_eq!(browser.call("GET", "/v1/session").await.ok(200), session);
    browser.call("GET", "/v1/tenants").await.ok(200);
    browser.call("GET", "/v1/webhooks").await.ok(200);
    let ended = browser.call("DELETE", "/v1/session").await;
    ended.ok(204);
    assert!(ended.headers["set-cookie"].to_str().expect("text").contains("Max-Age=0"));
    browser.call("GET", "/v1/session").await.problem(401);
    browser.call("GET", "/v1/webhooks").await.problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_its_key() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let made = service.call("POST", "/v1/api-keys", json!({"tenant": "acme"})).await.ok(201);
    let mut browser = Browser::new(&service, "dashboard");
    let session = browser.sign_in(json!({"key": made["key"]})).await.ok(201);
    assert_eq!((&session["role"], &session["tenant"]), (&json!("tenant"), &json!("acme")));
    browser.call("GET", "/v1/webhooks").await.ok(200);
    browser.call("GET", "/v1/tenants").await.problem(403);
    let id = made["id"].as_str().expect("an id");
    service.call("DELETE", &format!("/v1/api-keys/{id}"), None).await.ok(204);
    service.eventually("ended", async || browser.call("GET", "/v1/webhooks").await.status == 401).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_only_publishes_opens_no_dashboard() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let key = service.key("acme", "publish").await;
    Browser::new(&service, "dashboard").sign_in(json!({"key": key})).await.problem(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_counts_only_for_requests_of_our_own_pages() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let mut browser = Browser::new(&service, "dashboard");
    browser.sign_in(json!({"key": OPERATOR})).await.ok(201);
    let without_header = service.request("GET", "/v1/tenants").header("Cookie", &browser.cookie);
    service.answer(without_header).await.problem(401);
    let other_application = service.request("GET", "/v1/tenants").header("Cookie", &browser.cookie);
    service.answer(other_application.header("Fanfare-Session", "portal")).await.problem(401);

    let put = || browser.request("PUT", "/v1/tenants/other");
    for (name, value) in [
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
    ] {
        service.answer(put().header(name, value)).await.problem(403);
    }
    service.answer(put().header("Origin", format!("http://{}", service.address))).await.ok(201);
    service.answer(put().header("Sec-Fetch-Site", "same-origin")).await.ok(200);
    let foreign = service.request("POST", "/v1/session").header("Fanfare-Session", "dashboard");
    let foreign = foreign.header("Origin", "https://evil.example").json(&json!({"key": OPERATOR}));
    service.answer(foreign).await.problem(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_into_a_portal_opens_once() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let token = portal_link(&service, json!({"name": "jo@acme.example"})).await;
    let mut browser = Browser::new(&service, "portal");
    Browser::new(&service, "dashboard").sign_in(json!({"key": "x"})).await.problem(401);
    let session = browser.sign_in(json!({"link": token})).await.ok(201);
    assert_eq!(
        (&session["role"], &session["portal"], &session["access"]),
        (&json!("tenant"), &json!(true), &json!("read"))
    );
    assert_eq!((&session["tenant"], &session["name"]), (&json!("acme"), &json!("jo@acme.example")));
    assert_eq!(session["default_profile"], "standard");
    Browser::new(&service, "portal").sign_in(json!({"link": token})).await.problem(401);
    // The dashboard takes no links into portals.
    let other = portal_link(&service, json!({})).await;
    Browser::new(&service, "dashboard").sign_in(json!({"link": other})).await.problem(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_reads_changes_nothing() {
    let service = Service::start().await;
    service.tenant("acme").await;
    service.tenant("other").await;
    let webhook = service.webhook(json!({})).await;
    let mut browser = Browser::new(&service, "portal");
    browser.sign_in(json!({"link": portal_link(&service, json!({})).await})).await.ok(201);
    for path in ["/v1/webhooks", "/v1/events", "/v1/event-types", "/v1/stats", "/v1/stats/failing", "/v1/profiles"] {
        browser.call("GET", path).await.ok(200);
    }
    for (method, path) in [
        ("DELETE", path_of(&webhook)),
        ("POST", format!("{}/ping", path_of(&webhook))),
        ("POST", "/v1/webhooks".to_owned()),
        ("POST", "/v1/events".to_owned()),
        ("PUT", "/v1/event-types/a.b".to_owned()),
    ] {
        browser.call(method, &path).await.problem(403);
    }
    for path in ["/v1/tenants", "/v1/api-keys", "/v1/audit", "/v1/stats/tenants"] {
        browser.call("GET", path).await.problem(403);
    }
    let of_another = browser.request("GET", "/v1/webhooks").header("Fanfare-Tenant", "other");
    service.answer(of_another).await.problem(403);
    service.answer(browser.request("GET", "/v1/webhooks")).await.ok(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_manages_changes_its_webhooks_and_nothing_else() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let webhook = service.webhook(json!({})).await;
    let mut browser = Browser::new(&service, "portal");
    let link = portal_link(&service, json!({"access": "manage", "name": "jo"})).await;
    browser.sign_in(json!({"link": link})).await.ok(201);
    let paused = browser.request("PATCH", &path_of(&webhook)).json(&json!({"is_active": false}));
    service.answer(paused).await.ok(200);
    let described = browser.request("PUT", "/v1/event-types/a.b").json(&json!({"description": "x"}));
    service.answer(described).await.problem(403);
    let published = browser.request("POST", "/v1/events").json(&json!({"type": "a.b", "data": {}}));
    service.answer(published).await.problem(403);
    let audit = service.call("GET", "/v1/audit", None).await.ok(200);
    assert_eq!(
        (&audit["data"][0]["action"], &audit["data"][0]["actor"]),
        (&json!("webhook.update"), &json!("portal: jo"))
    );

    let waiting = portal_link(&service, json!({})).await;
    service.call("DELETE", "/v1/tenants/acme/portal-links", None).await.ok(204);
    browser.call("GET", "/v1/webhooks").await.problem(401);
    Browser::new(&service, "portal").sign_in(json!({"link": waiting})).await.problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_tenants_portal_is_closed() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let mut browser = Browser::new(&service, "portal");
    browser.sign_in(json!({"link": portal_link(&service, json!({})).await})).await.ok(201);
    service.call("DELETE", "/v1/tenants/acme", None).await.ok(204);
    service.eventually("closed", async || browser.call("GET", "/v1/webhooks").await.status == 401).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_portal_link_cannot_be_is_told() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let long = "x".repeat(201);
    for (body, pointer) in [
        (json!({"name": long}), "#/name"),
        (json!({"opens_within": "31d"}), "#/opens_within"),
        (json!({"lasts": "soon"}), "#/lasts"),
        (json!({"access": "all"}), "#/access"),
    ] {
        assert_eq!(service.call("POST", "/v1/tenants/acme/portal-links", body).await.problem(400), [pointer]);
    }
    service.call("POST", "/v1/tenants/nobody/portal-links", json!({})).await.problem(404);
    service.call("POST", "/v1/tenants/fanfare/portal-links", json!({})).await.problem(409);
    for body in [json!({}), json!({"key": "a", "link": "b"})] {
        Browser::new(&service, "dashboard").sign_in(body).await.problem(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_of_a_standalone_system_signs_its_operator_in() {
    let service = Service::start().await;
    let (now, hour) = (SystemClock.now(), Duration::from_secs(3600));
    let store = service.embedded.store();
    let path = fanfare_api::make_sign_in_link(&*store, OPERATOR, now, hour, hour).await.expect("made");
    let token = path.strip_prefix("/dashboard/sign-in#link=").expect("a way into the dashboard");
    let mut browser = Browser::new(&service, "dashboard");
    assert_eq!(browser.sign_in(json!({"link": token})).await.ok(201)["role"], "operator");
    browser.sign_in(json!({"link": token})).await.problem(401);
    browser.call("GET", "/v1/tenants").await.ok(200);
}
