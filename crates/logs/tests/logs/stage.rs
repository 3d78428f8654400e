//! A logs service on embedded storage.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::{DeliveryRef, DeliveryStatus, FailureReason, Position, Settlement};
use fanfare_domain::event::{Event, Purpose};
use fanfare_domain::header_list::HeaderList;
use fanfare_domain::ids::{AttemptId, EventId, Run, TenantId, TenantNumber, WebhookId};
use fanfare_domain::journal::{Attempted, Follows, JournalRecord, Routed};
use fanfare_domain::profile::Profiles;
use fanfare_domain::tenant::Tenant;
use fanfare_domain::webhook::Webhook;
use fanfare_embedded::{Embedded, EmbeddedSettings, StreamLimits};
use fanfare_intake::Announcer;
use fanfare_logs::{Config, Logs, LogsError, Ports};
use fanfare_ports::clock::{Clock, SharedClock, SystemClock};
use fanfare_ports::outbox::Teller;
use fanfare_ports::queue::{Consumer, Queue, Topic};
use fanfare_ports::store::{Actor, AuditEntry, Change, Registry, Reports};
use fanfare_proto::records::{decode_event, encode_journal};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::moody::Moody;

const KEEP: Duration = Duration::from_secs(30 * 24 * 3600);
pub(crate) const WEBHOOK: WebhookId = WebhookId::from_bytes([1; 16]);

/// Waits for what comes at once unless something is wrong.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("it comes soon")
}

/// Waits until `is_so`.
pub(crate) async fn until(is_so: impl AsyncFn() -> bool) {
    soon(async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

/// A logs service on embedded storage, with one tenant and one webhook.
pub(crate) struct Stage {
    pub(crate) embedded: Embedded,
    pub(crate) store: Arc<Moody>,
    pub(crate) logs: Arc<Logs>,
    pub(crate) tenant: TenantNumber,
    pub(crate) stop: CancellationToken,
    pub(crate) running: JoinHandle<Result<(), LogsError>>,
    config: Config,
    clock: SharedClock,
    _directory: TempDir,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Stage {
    /// A service that runs, where the reserved tenant is there.
    pub(crate) async fn new() -> Self {
        let stage = Self::without_reserved_tenant().await;
        stage.make_reserved_tenant().await;
        stage
    }

    pub(crate) async fn without_reserved_tenant() -> Self {
        Self::on(Arc::new(SystemClock), Config::default()).await
    }

    /// A service with these settings, whose time is `clock`'s.
    pub(crate) async fn on(clock: SharedClock, config: Config) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let settings = EmbeddedSettings { data_dir: directory.path().to_owned(), limits: StreamLimits::default() };
        let embedded = Embedded::open(settings, Arc::clone(&clock)).await.expect("the data directory opens");
        let store = Moody::of(embedded.store());
        let tenant = store.next_tenant_number().await.expect("a number");
        store.change(Change::PutTenant(tenant_named("acme", tenant)), audit()).await.expect("made");
        store.change(Change::PutWebhook(Box::new(webhook(tenant))), audit()).await.expect("made");
        let stop = CancellationToken::new();
        let logs = logs(&embedded, &store, &clock, config.clone());
        let running = tokio::spawn(Arc::clone(&logs).run(stop.clone()));
        Self { embedded, store, logs, tenant, stop, running, config, clock, _directory: directory }
    }

    pub(crate) async fn make_reserved_tenant(&self) {
        let number = self.store.next_tenant_number().await.expect("a number");
        let reserved = tenant_named(TenantId::FANFARE, number);
        self.store.change(Change::PutTenant(reserved), audit()).await.expect("made");
    }

    /// Ends the service, as a process ends that is not killed.
    pub(crate) async fn stop(&mut self) {
        self.stop.cancel();
        soon(&mut self.running).await.expect("no panic").expect("no error");
    }

    /// Starts the service again, as another process.
    pub(crate) fn start_again(&mut self) {
        self.stop = CancellationToken::new();
        self.logs = logs(&self.embedded, &self.store, &self.clock, self.config.clone());
        self.running = tokio::spawn(Arc::clone(&self.logs).run(self.stop.clone()));
    }

    /// The next event that was announced.
    pub(crate) async fn announced(&self) -> Event {
        let taken = self.embedded.queue().take(Consumer::Router, 1, Duration::from_secs(10)).await.expect("taken");
        let leased = taken.first().expect("it comes within 10 s");
        self.embedded.queue().finish(std::slice::from_ref(&leased.lease)).await.expect("finished");
        decode_event(&leased.record).expect("an event")
    }

    /// How many events were announced, and are not taken.
    pub(crate) async fn unread(&self) -> u64 {
        self.embedded.queue().backlog(Consumer::Router).await.expect("told").waiting
    }

    pub(crate) fn event(&self, id: &str) -> Event {
        let accepted = SystemClock.now();
        let id = EventId::new(id).expect("valid");
        Event { tenant: self.tenant, id, created: accepted, accepted, ..fanfare_samples::event() }
    }

    pub(crate) async fn tell(&self, records: &[JournalRecord]) {
        let records = records.iter().cloned().map(encode_journal).collect();
        self.embedded.queue().publish(Topic::JournalLog, records).await.expect("stored");
    }

    /// Returns once nothing is left to be written.
    pub(crate) async fn written(&self) {
        let queue = self.embedded.queue();
        until(async || {
            let backlog = queue.backlog(Consumer::Logs).await.expect("told");
            (backlog.waiting, backlog.taken) == (0, 0)
        })
        .await;
    }

    pub(crate) async fn webhook(&self) -> Webhook {
        let found = self.embedded.store().webhook(self.tenant, WEBHOOK).await.expect("read");
        found.expect("it is there")
    }

    pub(crate) async fn status(&self, delivery: &DeliveryRef) -> Option<DeliveryStatus> {
        let found = self.embedded.store().delivery(self.tenant, delivery.id).await.expect("read");
        found.map(|row| row.status)
    }
}

fn logs(embedded: &Embedded, store: &Arc<Moody>, clock: &SharedClock, config: Config) -> Arc<Logs> {
    let queue: Arc<dyn Queue> = Arc::new(embedded.queue().another());
    let ports = Ports {
        queue: Arc::clone(&queue),
        ledger: Arc::clone(store) as _,
        registry: Arc::clone(store) as _,
        notices: embedded.store(),
        outcomes: embedded.store(),
        teller: Teller::new(embedded.store(), embedded.directory(), Arc::clone(clock), "logs".to_owned()),
        announcer: Announcer::new(queue, Arc::clone(clock), fanfare_intake::Config::default()),
        profiles: Arc::new(Profiles::built_in()),
        clock: Arc::clone(clock),
    };
    Logs::new(config, KEEP, ports)
}

fn tenant_named(name: &str, number: TenantNumber) -> Tenant {
    Tenant { id: TenantId::new(name).expect("valid"), number, ..fanfare_samples::tenant() }
}

pub(crate) fn webhook(tenant: TenantNumber) -> Webhook {
    Webhook { id: WEBHOOK, tenant, ..fanfare_samples::webhook() }
}

pub(crate) fn audit() -> AuditEntry {
    AuditEntry {
        at: SystemClock.now(),
        actor: Actor::Operator,
        action: "test".to_owned(),
        tenant: None,
        target: String::new(),
        fields: Vec::new(),
    }
}

pub(crate) fn reference(event: &Event) -> DeliveryRef {
    DeliveryRef::new(event, Position { sequence: 1, index: 0 }, WEBHOOK, Run::First)
}

pub(crate) fn routed(event: &Event) -> JournalRecord {
    JournalRecord::Routed(Routed::of(
        event,
        Position { sequence: 1, index: 0 },
        Run::First,
        vec![(WEBHOOK, reference(event).id)],
    ))
}

pub(crate) fn attempted(event: &Event, number: u16, status: u16, follows: Follows) -> JournalRecord {
    let delivery = reference(event);
    JournalRecord::Attempted(Box::new(Attempted {
        delivery,
        event: Some(event.id.clone()),
        event_type: Some(event.event_type.clone()),
        attempt: Some(Attempt {
            id: AttemptId::derive(delivery.id, number),
            number,
            manual: false,
            started: event.accepted.plus(Duration::from_secs(number.into())),
            duration: Duration::from_millis(5),
            status: Some(status),
            error: (status >= 300).then(|| format!("answered {status}")),
            request_headers: HeaderList::default(),
            response_headers: HeaderList::default(),
            response_body: Bytes::new(),
        }),
        follows,
        waited: number > 1,
        late: false,
        counts_for_health: event.purpose == Purpose::Published,
    }))
}

pub(crate) const SUCCESS: Follows = Follows::Settled(Settlement::Success);
pub(crate) const GONE: Follows = Follows::Settled(Settlement::Failed(FailureReason::Gone));
