//! A receiver as anybody would write one: it checks the signature before it believes the body.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use fanfare_domain::signature::HmacSecret;
use fanfare_ports::clock::{Clock, SystemClock};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// What came in.
#[derive(Debug)]
pub(super) struct Arrival {
    /// The `webhook-id` header.
    pub(super) id: String,
    /// The body.
    pub(super) body: String,
    /// Whether the signature was right.
    pub(super) verified: bool,
}

/// Listens on a free port of this machine until it is dropped.
pub(super) struct Receiver {
    addr: SocketAddr,
    secret: Arc<OnceLock<HmacSecret>>,
    arrivals: mpsc::Receiver<Arrival>,
    serving: JoinHandle<io::Result<()>>,
}

#[derive(Clone)]
struct Desk {
    secret: Arc<OnceLock<HmacSecret>>,
    arrivals: mpsc::Sender<Arrival>,
}

impl Receiver {
    pub(super) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let secret = Arc::new(OnceLock::new());
        let (sender, arrivals) = mpsc::channel(16);
        let desk = Desk { secret: Arc::clone(&secret), arrivals: sender };
        let router = Router::new().route("/webhooks", post(receive)).with_state(desk);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { addr, secret, arrivals, serving })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/webhooks", self.addr)
    }

    /// Nothing is believed that this secret has not signed.
    pub(super) fn expect_signatures_by(&mut self, secret: &str) {
        if let Ok(secret) = HmacSecret::parse_whsec(secret) {
            // Set once, by whoever made the webhook.
            let _ = self.secret.set(secret);
        }
    }

    /// The next arrival within `patience`.
    pub(super) async fn next(&mut self, patience: Duration) -> Option<Arrival> {
        tokio::time::timeout(patience, self.arrivals.recv()).await.ok().flatten()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn receive(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let id = header("webhook-id").to_owned();
    let signed_at = header("webhook-timestamp").parse().unwrap_or_default();
    let now = SystemClock.now().as_seconds();
    let verified = desk
        .secret
        .get()
        .is_some_and(|secret| secret.verify(&id, &body, header("webhook-signature"), signed_at, now).is_ok());
    let arrival = Arrival { id, body: String::from_utf8_lossy(&body).into_owned(), verified };
    // When nobody looks any more, it is received all the same.
    let _ = desk.arrivals.try_send(arrival);
    if verified { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
}
