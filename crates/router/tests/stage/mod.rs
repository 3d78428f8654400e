//! A router on embedded storage, and what it is given and tells.

#![allow(unreachable_pub, missing_docs, reason = "a part of the test")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::{Delivery, Lane, Position};
use fanfare_domain::event::Event;
use fanfare_domain::ids::{EventId, TenantNumber, WebhookId};
use fanfare_domain::journal::{JournalRecord, Routed};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::Webhook;
use fanfare_embedded::{Embedded, EmbeddedSettings, StreamLimits};
use fanfare_ports::catalogue::Catalogue;
use fanfare_ports::clock::{SharedClock, SystemClock};
use fanfare_ports::directory::{Directory, Entry, Write};
use fanfare_ports::queue::{Consumer, Queue, Topic};
use fanfare_proto::records::{decode_delivery, decode_journal, encode_event};
use fanfare_router::{Config, Router, RouterError};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub const TENANT: TenantNumber = TenantNumber::new(1);
pub const ACCEPTED: Timestamp = Timestamp::from_millis(1_800_000_000_123);

/// Waits for what comes at once unless something is wrong.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("it comes soon")
}

/// A router on embedded storage.
pub struct Stage {
    pub embedded: Embedded,
    pub catalogue: Arc<Catalogue>,
    pub stop: CancellationToken,
    pub running: JoinHandle<Result<(), RouterError>>,
    following: JoinHandle<()>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
        self.following.abort();
    }
}

impl Stage {
    pub async fn open(directory: &TempDir) -> Self {
        let clock: SharedClock = Arc::new(SystemClock);
        let settings = EmbeddedSettings { data_dir: directory.path().to_owned(), limits: StreamLimits::default() };
        let embedded = Embedded::open(settings, Arc::clone(&clock)).await.expect("the data directory opens");
        let catalogue = Catalogue::of(embedded.directory(), Arc::clone(&clock));
        let following = tokio::spawn({
            let catalogue = Arc::clone(&catalogue);
            async move { catalogue.follow(&CancellationToken::new()).await }
        });
        let stop = CancellationToken::new();
        let queue = Arc::new(embedded.queue().another());
        let router = Router::new(Config::default(), queue, Arc::clone(&catalogue), clock);
        let running = tokio::spawn(router.run(stop.clone()));
        Self { embedded, catalogue, stop, running, following }
    }

    pub async fn with_tenant(directory: &TempDir) -> Self {
        let stage = Self::open(directory).await;
        stage.write(Entry::Tenant(fanfare_samples::tenant())).await;
        stage
    }

    pub async fn write(&self, entry: Entry) {
        self.change(Write { key: entry.key(), entry: Some(entry) }).await;
    }

    pub async fn change(&self, write: Write) {
        self.embedded.directory().write(&[write]).await.expect("the directory takes it");
    }

    pub async fn webhook(&self, webhook: &Webhook) {
        self.write(Entry::Webhook(Box::new(webhook.clone()))).await;
    }

    pub async fn publish(&self, event: &Event) -> Position {
        self.embedded.queue().publish(Topic::Events, vec![encode_event(event)]).await.expect("stored")[0]
    }

    /// Returns once the router has finished everything up to `position`.
    pub async fn routed(&self, position: Position) {
        soon(async {
            while self.embedded.queue().backlog(Consumer::Router).await.expect("told").floor < position.sequence {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }

    pub async fn stored(&self, topic: Topic) -> Vec<Bytes> {
        let all = self.embedded.queue().read_after(topic, Position::default(), 100_000).await.expect("read");
        all.into_iter().map(|(_, record)| record).collect()
    }

    pub async fn deliveries(&self, lane: Lane) -> Vec<Delivery> {
        let stored = self.stored(Topic::Deliveries(lane)).await;
        stored.iter().map(|record| decode_delivery(record).expect("readable")).collect()
    }

    pub async fn journal(&self, topic: Topic) -> Vec<JournalRecord> {
        let stored = self.stored(topic).await;
        stored.iter().map(|record| decode_journal(record).expect("readable")).collect()
    }

    pub async fn routings(&self) -> Vec<Routed> {
        let told = self.journal(Topic::JournalLog).await.into_iter().map(|record| match record {
            JournalRecord::Routed(routed) => routed,
            other => panic!("not a routing: {other:?}"),
        });
        told.collect()
    }

    /// Stops the router and lets go of the data directory.
    pub async fn end(mut self) {
        self.stop.cancel();
        soon(&mut self.running).await.expect("no panic").expect("no error");
        self.embedded.close().await;
    }
}

pub fn event(id: &str) -> Event {
    Event {
        id: EventId::new(id).expect("valid"),
        subject: Some("order 7".into()),
        created: Timestamp::from_millis(1_700_000_000_000),
        accepted: ACCEPTED,
        ..fanfare_samples::event()
    }
}

pub fn webhook(number: u8, pattern: &str) -> Webhook {
    let events = vec![pattern.parse().expect("a pattern")];
    Webhook { id: WebhookId::from_bytes([number; 16]), events, ..fanfare_samples::webhook() }
}
