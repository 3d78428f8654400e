//! A running service, and what a router and a worker would do beside it.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use fanfare_api::{Api, Config, Dependencies};
use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::{DeliveryRef, Position, Settlement};
use fanfare_domain::event::Event;
use fanfare_domain::ids::{AttemptId, Run, WebhookId};
use fanfare_domain::journal::{Attempted, Follows, JournalRecord, Routed};
use fanfare_domain::profile::Profiles;
use fanfare_domain::sealed::Keyring;
use fanfare_domain::target::TargetRules;
use fanfare_embedded::{Embedded, EmbeddedSettings, StreamLimits};
use fanfare_intake::{Intake, OperatorKey};
use fanfare_ports::catalogue::Catalogue;
use fanfare_ports::clock::{SharedClock, SystemClock};
use fanfare_ports::outbox::Teller;
use fanfare_ports::queue::{Consumer, Queue};
use fanfare_ports::store::Ledger;
use fanfare_proto::records::decode_event;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) const OPERATOR: &str = "the operator's own key";
const SECRETS_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const PATIENCE: Duration = Duration::from_secs(20);
/// A profile whose header holds one signature, as the operator's file could have it.
const ONE_SIGNATURE: &str = r#"
timeout = "5s"
success = { from = 200, to = 299 }
headers = [{ name = "X-Signature", shows = "signature" }]
[signature]
scheme = "sha256_hex"
holds = "one"
[secret]
key = "text"
origin = "made_or_given"
least_length = 16
[retry]
delays = ["0s", "5s"]
[disable]
"#;

pub(crate) struct Service {
    pub(crate) embedded: Embedded,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) address: std::net::SocketAddr,
    pub(crate) api: Arc<Api>,
    base: String,
    client: reqwest::Client,
    stop: CancellationToken,
    running: JoinSet<()>,
    data: tempfile::TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// The pointers of a problem.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> Vec<String> {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], "about:blank");
        for member in ["title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {problem}");
        }
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| {
                assert!(error["detail"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
                error["pointer"].as_str().expect("a pointer").to_owned()
            })
            .collect()
    }
}

impl Service {
    pub(crate) async fn start() -> Self {
        Self::on(Arc::new(SystemClock)).await
    }

    pub(crate) async fn on(clock: SharedClock) -> Self {
        // Another test may have been faster.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let data = tempfile::tempdir().expect("a directory");
        let settings = EmbeddedSettings { data_dir: data.path().to_owned(), limits: StreamLimits::default() };
        let embedded = Embedded::open(settings, Arc::clone(&clock)).await.expect("opens");
        let stop = CancellationToken::new();
        let mut running = JoinSet::new();
        let keyring = Arc::new(Keyring::parse(SECRETS_KEY).expect("a key"));
        let api = Self::api(&embedded, &keyring, clock, &stop, &mut running);
        let port = fanfare_servers::free_port();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("binds");
        let address = listener.local_addr().expect("bound");
        let (serving, stopping) = (Arc::clone(&api), stop.clone());
        running.spawn(async move { serving.run(listener, None, stopping).await.expect("runs") });
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let base = format!("http://{address}");
        let service = Self { embedded, keyring, address, api, base, client, stop, running, data };
        service.eventually("ready", async || service.api.waits_for().is_empty()).await;
        service
    }

    fn api(
        embedded: &Embedded,
        keyring: &Arc<Keyring>,
        clock: SharedClock,
        stop: &CancellationToken,
        running: &mut JoinSet<()>,
    ) -> Arc<Api> {
        let catalogue = Catalogue::of(embedded.directory(), Arc::clone(&clock));
        let (followed, stopping) = (Arc::clone(&catalogue), stop.clone());
        running.spawn(async move { followed.follow(&stopping).await });
        let intake = Intake::new(
            embedded.queue(),
            embedded.idempotency(),
            Arc::clone(&catalogue),
            Arc::clone(&clock),
            fanfare_intake::Config::default(),
            OperatorKey::of(OPERATOR),
        );
        let teller = Teller::new(embedded.store(), embedded.directory(), Arc::clone(&clock), "test".to_owned());
        let dependencies = Dependencies {
            intake,
            registry: embedded.store(),
            reports: embedded.store(),
            outcomes: embedded.store(),
            replays: embedded.store(),
            sessions: embedded.store(),
            queue: embedded.queue(),
            directory: embedded.directory(),
            catalogue,
            teller,
            schedule: embedded.schedule(),
            idempotency: embedded.idempotency(),
            profiles: Arc::new(Profiles::with([("one", ONE_SIGNATURE)]).expect("profiles")),
            keyring: Arc::clone(keyring),
            targets: TargetRules::default(),
            retention: Duration::from_secs(7 * 86_400),
            is_encrypted: false,
            portal_is_framed: false,
            clock,
            holder: "test".to_owned(),
        };
        let beside = Router::new()
            .route("/healthz", get(async || "alive"))
            .route("/hangs", get(std::future::pending::<()>))
            .route("/panics", get(panics));
        Api::new(Config::default(), dependencies, beside)
    }

    pub(crate) fn data_dir(&self) -> &std::path::Path {
        self.data.path()
    }

    /// Stops the service and waits until it has stopped.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.running.join_next().await {
            ended.expect("no panic");
        }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn answer(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.expect("a body") }
    }

    /// As the operator, for tenant `acme`.
    pub(crate) async fn call(&self, method: &str, path: &str, body: impl Into<Option<Value>>) -> Answer {
        self.call_as(OPERATOR, Some("acme"), method, path, body).await
    }

    pub(crate) async fn call_as(
        &self,
        key: &str,
        tenant: Option<&str>,
        method: &str,
        path: &str,
        body: impl Into<Option<Value>>,
    ) -> Answer {
        let mut request = self.request(method, path).bearer_auth(key);
        if let Some(tenant) = tenant {
            request = request.header("Fanfare-Tenant", tenant);
        }
        if let Some(body) = body.into() {
            request = request.json(&body);
        }
        self.answer(request).await
    }

    pub(crate) async fn tenant(&self, id: &str) {
        self.call("PUT", &format!("/v1/tenants/{id}"), json!({})).await.ok(201);
    }

    pub(crate) async fn key(&self, tenant: &str, scope: &str) -> String {
        let made = self.call("POST", "/v1/api-keys", json!({"tenant": tenant, "scope": scope})).await.ok(201);
        made["key"].as_str().expect("the key").to_owned()
    }

    /// A webhook of tenant `acme` with these members more.
    pub(crate) async fn webhook(&self, members: Value) -> Value {
        let mut body = json!({"url": "https://example.com/hooks", "events": ["*"]});
        let more = members.as_object().expect("an object").clone();
        body.as_object_mut().expect("an object").extend(more);
        self.call("POST", "/v1/webhooks", body).await.ok(201)
    }

    pub(crate) async fn publish(&self, body: Value) -> String {
        let accepted = self.call("POST", "/v1/events", body).await.ok(202);
        accepted["id"].as_str().expect("an id").to_owned()
    }

    /// The events that a router would get now, each finished.
    pub(crate) async fn routed_events(&self, count: usize) -> Vec<(Position, Event)> {
        let queue = self.embedded.queue();
        let mut events = Vec::new();
        while events.len() < count {
            let taken = queue.take(Consumer::Router, count, PATIENCE).await.expect("takes");
            assert!(!taken.is_empty(), "{} of {count} events came", events.len());
            let leases: Vec<_> = taken.iter().map(|leased| leased.lease.clone()).collect();
            queue.finish(&leases).await.expect("finishes");
            events
                .extend(taken.iter().map(|leased| (leased.position, decode_event(&leased.record).expect("an event"))));
        }
        events
    }

    /// Writes down what routers and workers would have written.
    pub(crate) async fn record(&self, records: &[JournalRecord]) {
        self.embedded.store().record(records).await.expect("written");
    }

    /// Routes the next event to `webhooks`, as the log will show it.
    pub(crate) async fn log_event(&self, webhooks: &[WebhookId]) -> (Event, Vec<DeliveryRef>) {
        let (position, event) = self.routed_events(1).await.remove(0);
        let references: Vec<_> =
            webhooks.iter().map(|webhook| DeliveryRef::new(&event, position, *webhook, Run::First)).collect();
        let deliveries = references.iter().map(|reference| (reference.webhook, reference.id)).collect();
        self.record(&[JournalRecord::Routed(Routed::of(&event, position, Run::First, deliveries))]).await;
        (event, references)
    }

    /// Writes down that a delivery was attempted once and ended so.
    pub(crate) async fn log_attempt(&self, event: &Event, reference: DeliveryRef, status: u16, settled: Settlement) {
        self.record(&[attempted(event, reference, status, settled)]).await;
    }

    /// Waits until `happened`.
    pub(crate) async fn eventually(&self, what: &str, happened: impl AsyncFn() -> bool) {
        let waiting = async {
            while !happened().await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never {what}"));
    }
}

async fn panics() {
    panic!("as a bug would");
}

fn attempted(event: &Event, reference: DeliveryRef, status: u16, settled: Settlement) -> JournalRecord {
    let failed = settled != Settlement::Success;
    JournalRecord::Attempted(Box::new(Attempted {
        delivery: reference,
        event: Some(event.id.clone()),
        event_type: Some(event.event_type.clone()),
        attempt: Some(Attempt {
            id: AttemptId::derive(reference.id, 1),
            number: 1,
            manual: false,
            started: event.accepted,
            duration: Duration::from_millis(12),
            status: Some(status),
            error: failed.then(|| format!("answered {status}")),
            request_headers: [("Webhook-Id", event.id.as_str())].into_iter().collect(),
            response_headers: [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")].into_iter().collect(),
            response_body: bytes::Bytes::from_static(b"hello \xff"),
        }),
        follows: Follows::Settled(settled),
        waited: false,
        late: false,
        counts_for_health: true,
    }))
}

pub(crate) fn webhook_id(webhook: &Value) -> WebhookId {
    webhook["id"].as_str().expect("an id").parse().expect("a webhook's id")
}

pub(crate) fn path_of(webhook: &Value) -> String {
    format!("/v1/webhooks/{}", webhook["id"].as_str().expect("an id"))
}
