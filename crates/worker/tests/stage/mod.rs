//! A worker on embedded storage, and what it is given and tells.

#![allow(dead_code, unused_imports, unreachable_pub, missing_docs, reason = "each test binary uses a part of it")]

mod doubtful;
mod receiver;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::{Delivery, DeliveryRef, Lane, Position, Turn};
use fanfare_domain::event::{Event, TraceContext};
use fanfare_domain::ids::{EventId, Run, TenantId, TenantNumber, WebhookId};
use fanfare_domain::journal::{Attempted, JournalRecord, Parked};
use fanfare_domain::profile::Profiles;
use fanfare_domain::sealed::{Keyring, Sealed};
use fanfare_domain::signature::HmacSecret;
use fanfare_domain::target::TargetRules;
use fanfare_domain::tenant::Tenant;
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::{Secrets, Signing, Webhook};
use fanfare_embedded::{Embedded, EmbeddedSettings, StreamLimits};
use fanfare_ports::catalogue::Catalogue;
use fanfare_ports::clock::{SharedClock, SystemClock};
use fanfare_ports::directory::{Directory, Entry, Write};
use fanfare_ports::queue::{Consumer, DeadLetter, Queue, Topic};
use fanfare_proto::records::{decode_journal, encode_delivery, encode_event};
use fanfare_worker::{Config, Egress, Worker, WorkerError};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use self::doubtful::Doubtful;
pub use self::receiver::{Receiver, Reply, Seen};

pub const TENANT: TenantNumber = TenantNumber::new(1);
pub const RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const OTHER_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// Waits for what comes at once unless something is wrong.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("it comes soon")
}

/// Puts something between the worker and the queue.
pub type Between = Box<dyn FnOnce(Arc<dyn Queue>) -> Arc<dyn Queue>>;

/// How a stage is set up.
pub struct Setting {
    pub config: Config,
    pub egress: Egress,
    pub clock: SharedClock,
    /// Stands between the worker and the queue.
    pub between: Between,
}

impl Default for Setting {
    fn default() -> Self {
        let loopback = ["127.0.0.0/8", "::1/128"].map(|network| network.parse().expect("a network"));
        let rules = TargetRules { allow_http: true, allowed_networks: loopback.to_vec() };
        Self {
            config: Config::default(),
            egress: Egress { rules, proxy: None, extra_ca: None },
            clock: Arc::new(SystemClock),
            between: Box::new(|queue| queue),
        }
    }
}

/// A running worker.
pub struct Stage {
    pub embedded: Embedded,
    pub queue: Arc<dyn Queue>,
    pub catalogue: Arc<Catalogue>,
    pub clock: SharedClock,
    pub worker: Arc<Worker>,
    pub stop: CancellationToken,
    running: Mutex<Option<JoinHandle<Result<(), WorkerError>>>>,
    following: JoinHandle<()>,
    told: Mutex<std::collections::VecDeque<JournalRecord>>,
    _directory: TempDir,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
        self.following.abort();
    }
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(Setting::default()).await
    }

    pub async fn with(setting: Setting) -> Self {
        // Another test of the same process may have done so.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let Setting { config, egress, clock, between } = setting;
        let directory = tempfile::tempdir().expect("a directory");
        let settings = EmbeddedSettings { data_dir: directory.path().to_owned(), limits: StreamLimits::default() };
        let embedded = Embedded::open(settings, Arc::clone(&clock)).await.expect("the data directory opens");
        let queue: Arc<dyn Queue> = embedded.queue();
        let catalogue = Catalogue::of(embedded.directory(), Arc::clone(&clock));
        let stop = CancellationToken::new();
        let following = tokio::spawn({
            let catalogue = Arc::clone(&catalogue);
            async move { catalogue.follow(&CancellationToken::new()).await }
        });
        let worker = Worker::new(
            config,
            egress,
            RETENTION,
            between(Arc::new(embedded.queue().another())),
            Arc::clone(&catalogue),
            Arc::new(Profiles::built_in()),
            Arc::new(keyring()),
            Arc::clone(&clock),
        )
        .expect("a worker");
        let (running, told) = Default::default();
        let stage =
            Self { embedded, queue, catalogue, clock, worker, stop, running, following, told, _directory: directory };
        stage.write(Entry::Tenant(fanfare_samples::tenant())).await;
        // Not before: it would wait for its copy of the directory on a clock that may stand still.
        let running = tokio::spawn(Arc::clone(&stage.worker).run(stage.stop.clone()));
        *stage.running.lock().await = Some(running);
        stage
    }

    /// Writes an entry of the directory, in force when this returns.
    pub async fn write(&self, entry: Entry) {
        self.change(Write { key: entry.key(), entry: Some(entry) }).await;
    }

    pub async fn change(&self, write: Write) {
        self.embedded.directory().write(&[write]).await.expect("the directory takes it");
        soon(self.catalogue.include(self.clock.now())).await.expect("the directory answers");
    }

    /// A webhook that points to `url`, in force.
    pub async fn webhook(&self, number: u8, url: impl Into<String>) -> Webhook {
        let webhook = webhook(number, url);
        self.write(Entry::Webhook(Box::new(webhook.clone()))).await;
        webhook
    }

    /// An event that was accepted just now.
    pub fn event(&self, id: &str) -> Event {
        Event {
            id: EventId::new(id).expect("valid"),
            created: Timestamp::from_millis(1_700_000_000_123),
            accepted: self.clock.now(),
            data: Bytes::from_static(br#"{"amount":5}"#),
            ..fanfare_samples::event()
        }
    }

    /// A first delivery of `event`, which travels along.
    pub fn delivery(&self, event: &Event, webhook: &Webhook) -> Delivery {
        Delivery {
            reference: DeliveryRef::new(event, Position { sequence: 1, index: 0 }, webhook.id, Run::First),
            turn: Turn::Scheduled(1),
            waited: false,
            paced: false,
            due: event.accepted,
            event: Some(event.clone()),
            trace: TraceContext::default(),
        }
    }

    /// Stores `event`, and tells where.
    pub async fn store(&self, event: &Event) -> Position {
        self.queue.publish(Topic::Events, vec![encode_event(event)]).await.expect("stored")[0]
    }

    pub async fn hand_in(&self, deliveries: &[Delivery]) {
        let records = deliveries.iter().map(encode_delivery).collect();
        self.queue.publish(Topic::Deliveries(Lane::Fresh), records).await.expect("stored");
    }

    /// Hands in a first delivery of a new event to `webhook`.
    pub async fn send(&self, id: &str, webhook: &Webhook) -> Delivery {
        let delivery = self.delivery(&self.event(id), webhook);
        self.hand_in(std::slice::from_ref(&delivery)).await;
        delivery
    }

    /// The next record of the journal, when it is there.
    pub async fn told(&self) -> JournalRecord {
        let mut told = self.told.lock().await;
        while told.is_empty() {
            let taken = soon(self.queue.take(Consumer::Logs, 100, Duration::from_secs(60))).await.expect("taken");
            let leases: Vec<_> = taken.iter().map(|leased| leased.lease.clone()).collect();
            self.queue.finish(&leases).await.expect("finished");
            told.extend(taken.iter().map(|leased| decode_journal(&leased.record).expect("readable")));
        }
        told.pop_front().expect("not empty")
    }

    pub async fn attempted(&self) -> Attempted {
        match self.told().await {
            JournalRecord::Attempted(attempted) => *attempted,
            other => panic!("not an attempt: {other:?}"),
        }
    }

    pub async fn parked(&self) -> Parked {
        match self.told().await {
            JournalRecord::Parked(parked) => parked,
            other => panic!("not parked: {other:?}"),
        }
    }

    /// Returns once the worker has so many messages of a lane.
    pub async fn taken(&self, lane: Lane, messages: u64) {
        soon(async {
            while self.queue.backlog(Consumer::Worker(lane)).await.expect("told").taken != messages {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Waits until nothing is left in `lane` that nobody has taken.
    pub async fn handed_out(&self, lane: Lane) {
        soon(async {
            while self.queue.backlog(Consumer::Worker(lane)).await.expect("told").waiting > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// The dead letters, when there are `count`.
    pub async fn dead_letters(&self, count: usize) -> Vec<DeadLetter> {
        soon(async {
            loop {
                let read = self.queue.read_after(Topic::DeadLetters, Position::default(), 10).await.expect("read");
                if read.len() >= count {
                    let letters = read.iter().map(|(_, letter)| DeadLetter::decode(letter).expect("readable"));
                    return letters.collect();
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }

    /// What came of posting one event to `url`.
    pub async fn outcome(&self, url: impl Into<String>) -> Attempted {
        let webhook = self.webhook(1, url).await;
        self.send("e1", &webhook).await;
        self.attempted().await
    }

    /// Stops the worker in good order.
    pub async fn end(&self) {
        self.stop.cancel();
        if let Some(running) = self.running.lock().await.take() {
            soon(running).await.expect("no panic").expect("no error");
        }
    }
}

/// The keys that the worker has.
pub fn keyring() -> Keyring {
    Keyring::parse(KEY).expect("a key")
}

pub fn seal(text: &str, webhook: WebhookId) -> Sealed {
    keyring().seal(text.as_bytes(), webhook.as_bytes(), [3; 24])
}

/// Sealed with a key that the worker does not have.
pub fn seal_elsewhere(text: &str, webhook: WebhookId) -> Sealed {
    Keyring::parse(OTHER_KEY).expect("a key").seal(text.as_bytes(), webhook.as_bytes(), [3; 24])
}

pub fn secret() -> HmacSecret {
    HmacSecret::make_whsec(&[7; 32])
}

pub fn webhook(number: u8, url: impl Into<String>) -> Webhook {
    let id = WebhookId::from_bytes([number; 16]);
    let secrets = Secrets { current: seal(secret().expose(), id), ..fanfare_samples::webhook().secrets };
    Webhook { id, url: url.into(), secrets, ..fanfare_samples::webhook() }
}
