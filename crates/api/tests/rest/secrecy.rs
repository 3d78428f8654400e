//! Secrets are shown where they are made and nowhere else: not in answers, not in errors, not in the log, not on disk.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::harness::{Service, path_of};

const CANARIES: [&str; 8] = [
    "canary-header-5Yw0",
    "canary-password-5Yw0",
    "canary-token-5Yw0",
    "canary-client-5Yw0",
    "whsec_Y2FuYXJ5LXNlY3JldC0wMTIzNDU2Nzg5YWJjZA==",
    "whsec_Y2FuYXJ5LXJvdGF0ZWQtMDEyMzQ1Njc4OWFiYw==",
    "canary-given-5Yw0",
    "canary-changed-5Yw0",
];

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_secret_is_ever_shown_again() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    // The test runs on one thread, and so does everything that it spawns.
    let _logging = tracing::subscriber::set_default(subscriber);
    let service = Service::start().await;
    service.tenant("acme").await;
    let mut answers = Vec::new();
    let made =
        service.webhook(json!({"secret": CANARIES[4], "headers": {"X-Canary": CANARIES[0]}, "signing": "both"})).await;
    let path = path_of(&made);
    for auth in [
        json!({"type": "basic", "username": "u", "password": CANARIES[1]}),
        json!({"type": "bearer", "token": CANARIES[2]}),
        json!({"type": "oauth2_client_credentials", "token_url": "https://example.com", "client_id": "c", "client_secret": CANARIES[3]}),
    ] {
        answers.push(service.call("PATCH", &path, json!({"auth": auth})).await);
    }
    service.call("POST", &format!("{path}/secret/rotate"), json!({"secret": CANARIES[5]})).await.ok(200);
    for (method, path, body) in [
        ("GET", path.clone(), None),
        ("GET", "/v1/webhooks".to_owned(), None),
        ("GET", "/v1/audit".to_owned(), None),
        ("PATCH", path.clone(), Some(json!({"headers": {"X-Canary": 5}}))),
        ("PATCH", path.clone(), Some(json!({"headers": {"Host": "x"}, "auth": {"scope": "\u{1}"}}))),
        ("PATCH", path.clone(), Some(json!({"auth": {"client_secret": "", "password": "x"}}))),
        ("PATCH", path.clone(), Some(json!({"profile": "one"}))),
        ("POST", format!("{path}/secret/rotate"), Some(json!({"secret": "whsec_short"}))),
        ("POST", format!("{path}/ping"), None),
        ("DELETE", path.clone(), None),
    ] {
        answers.push(service.call(method, &path, body).await);
    }
    let guides = "/api/v1/webhooks";
    let webhook = json!({"url": "https://example.com", "events": ["a"], "secret": CANARIES[6]});
    answers.push(service.call("POST", guides, webhook).await);
    let path = format!("{guides}/{}", answers.last().expect("one").ok(201)["id"].as_str().expect("an id"));
    let settings = "/validas/v1/webhook/settings";
    let oauth = json!({"token_url": "https://example.com", "client_id": "c", "client_secret": CANARIES[3]});
    for (method, path, body) in [
        ("PATCH", path.clone(), Some(json!({"secret": CANARIES[7]}))),
        ("PATCH", path, Some(json!({"secret": CANARIES[7], "url": 5}))),
        ("GET", guides.to_owned(), None),
        ("POST", settings.to_owned(), Some(json!({"url": "https://example.com", "oauth": oauth}))),
        ("POST", settings.to_owned(), Some(json!({"url": "https://example.com", "oauth": oauth}))),
        ("POST", settings.to_owned(), Some(json!({"url": "nowhere", "oauth": oauth}))),
        ("GET", settings.to_owned(), None),
    ] {
        answers.push(service.call(method, &path, body).await);
    }
    let shown: String = answers.iter().map(|answer| answer.text.as_str()).collect();
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
    assert!(logged.contains("configuration changed"), "the log was read");
    for canary in CANARIES {
        assert!(!shown.contains(canary), "{canary} was shown");
        assert!(!logged.contains(canary), "{canary} was logged");
    }
    assert!(!logged.contains(crate::harness::OPERATOR), "the operator's key was logged");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_lies_on_disk_as_it_is() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let key = service.key("acme", "all").await;
    let auth = json!({"type": "basic", "username": "u", "password": CANARIES[1]});
    let made =
        service.webhook(json!({"secret": CANARIES[4], "headers": {"X-Canary": CANARIES[0]}, "auth": auth})).await;
    service.call("POST", &format!("{}/secret/rotate", path_of(&made)), json!({"secret": CANARIES[5]})).await.ok(200);
    let secrets = [CANARIES[0], CANARIES[1], CANARIES[4], CANARIES[5], key.as_str()];
    for file in std::fs::read_dir(service.data_dir()).expect("a directory") {
        let bytes = std::fs::read(file.expect("a file").path()).unwrap_or_default();
        for secret in secrets {
            let there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!there, "{secret} lies on disk");
        }
    }
}
