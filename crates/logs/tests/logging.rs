//! What is written down, and webhooks that are switched off, on embedded storage.

mod moody;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::{DeliveryRef, DeliveryStatus, FailureReason, Position, Settlement};
use fanfare_domain::event::{Event, Purpose};
use fanfare_domain::health::{DisableRule, DisabledReason};
use fanfare_domain::ids::{AttemptId, EventId, Run, TenantId, TenantNumber, WebhookId};
use fanfare_domain::journal::{Attempted, Follows, JournalRecord, Routed};
use fanfare_domain::profile::Profiles;
use fanfare_domain::sealed::Sealed;
use fanfare_domain::tenant::Tenant;
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::{Secrets, Signing, Webhook};
use fanfare_embedded::{Embedded, EmbeddedSettings, StreamLimits};
use fanfare_logs::{Config, Logs, LogsError};
use fanfare_ports::clock::{Clock, SharedClock, SystemClock};
use fanfare_ports::directory::{Directory, Entry, EntryKey};
use fanfare_ports::outbox::Teller;
use fanfare_ports::queue::{Consumer, Queue, Topic};
use fanfare_ports::store::{Actor, AuditEntry, Change, PageRequest, Registry, Reports};
use fanfare_proto::records::encode_journal;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use moody::Moody;

const KEEP: Duration = Duration::from_secs(30 * 24 * 3600);
const WEBHOOK: WebhookId = WebhookId::from_bytes([1; 16]);

/// Waits for what comes at once unless something is wrong.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("it comes soon")
}

/// Waits until `is_so`.
async fn until(is_so: impl AsyncFn() -> bool) {
    soon(async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

/// A logs service on embedded storage, with one tenant and one webhook.
struct Stage {
    embedded: Embedded,
    store: Arc<Moody>,
    logs: Arc<Logs>,
    tenant: TenantNumber,
    stop: CancellationToken,
    running: JoinHandle<Result<(), LogsError>>,
    _directory: TempDir,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Stage {
    async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let clock: SharedClock = Arc::new(SystemClock);
        let settings = EmbeddedSettings { data_dir: directory.path().to_owned(), limits: StreamLimits::default() };
        let embedded = Embedded::open(settings, Arc::clone(&clock)).await.expect("the data directory opens");
        let store = Moody::of(embedded.store());
        let tenant = store.next_tenant_number().await.expect("a number");
        store.change(Change::PutTenant(acme(tenant)), audit()).await.expect("made");
        store.change(Change::PutWebhook(Box::new(webhook(tenant))), audit()).await.expect("made");
        let teller = Teller::new(embedded.store(), embedded.directory(), Arc::clone(&clock), "logs".to_owned());
        let stop = CancellationToken::new();
        let logs = Logs::new(
            Config::default(),
            KEEP,
            Arc::new(embedded.queue().another()),
            Arc::clone(&store) as _,
            Arc::clone(&store) as _,
            teller,
            Arc::new(Profiles::built_in()),
            clock,
        );
        let running = tokio::spawn(Arc::clone(&logs).run(stop.clone()));
        Self { embedded, store, logs, tenant, stop, running, _directory: directory }
    }

    fn event(&self, id: &str) -> Event {
        let accepted = SystemClock.now();
        Event {
            tenant: self.tenant,
            tenant_id: TenantId::new("acme").expect("valid"),
            id: EventId::new(id).expect("valid"),
            event_type: "order.paid".parse().expect("valid"),
            subject: None,
            created: accepted,
            accepted,
            purpose: Purpose::Published,
            trace: Default::default(),
            data: Bytes::from_static(b"1"),
        }
    }

    async fn tell(&self, records: &[JournalRecord]) {
        let records = records.iter().map(encode_journal).collect();
        self.embedded.queue().publish(Topic::JournalLog, records).await.expect("stored");
    }

    /// Returns once nothing is left to be written.
    async fn written(&self) {
        let queue = self.embedded.queue();
        until(async || {
            let backlog = queue.backlog(Consumer::Logs).await.expect("told");
            (backlog.waiting, backlog.taken) == (0, 0)
        })
        .await;
    }

    async fn webhook(&self) -> Webhook {
        let found = self.embedded.store().webhook(self.tenant, WEBHOOK).await.expect("read");
        found.expect("it is there")
    }

    async fn status(&self, delivery: &DeliveryRef) -> Option<DeliveryStatus> {
        let found = self.embedded.store().delivery(self.tenant, delivery.id).await.expect("read");
        found.map(|row| row.status)
    }
}

fn acme(number: TenantNumber) -> Tenant {
    Tenant {
        id: TenantId::new("acme").expect("valid"),
        number,
        version: 1,
        name: None,
        default_profile: "standard".to_owned(),
        quota: None,
        created_at: Timestamp::default(),
    }
}

fn webhook(tenant: TenantNumber) -> Webhook {
    let current = Sealed::from_bytes(Vec::new());
    Webhook {
        id: WEBHOOK,
        tenant,
        version: 1,
        url: "https://receiver.example".to_owned(),
        events: vec!["*".parse().expect("a pattern")],
        description: None,
        is_active: true,
        profile: "standard".to_owned(),
        signing: Signing::Hmac,
        secrets: Secrets { current, previous: None, hint: String::new(), ed25519: None, public_key: None },
        headers: Vec::new(),
        auth: None,
        timeout: None,
        retry: None,
        rate_limit: None,
        max_in_flight: None,
        disable: None,
        metadata: Default::default(),
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
        health_since: Timestamp::default(),
        disabled_reason: None,
    }
}

fn audit() -> AuditEntry {
    AuditEntry {
        at: SystemClock.now(),
        actor: Actor::Operator,
        action: "test".to_owned(),
        tenant: None,
        target: String::new(),
        fields: Vec::new(),
    }
}

fn reference(event: &Event) -> DeliveryRef {
    DeliveryRef::new(event, Position { sequence: 1, index: 0 }, WEBHOOK, Run::First)
}

fn routed(event: &Event) -> JournalRecord {
    JournalRecord::Routed(Routed {
        tenant: event.tenant,
        event: event.id.clone(),
        event_type: event.event_type.clone(),
        subject: None,
        created: event.created,
        accepted: event.accepted,
        purpose: event.purpose,
        position: Position { sequence: 1, index: 0 },
        size: 1,
        replay: None,
        deliveries: vec![(WEBHOOK, reference(event).id)],
    })
}

fn attempted(event: &Event, number: u16, status: u16, follows: Follows) -> JournalRecord {
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
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            response_body: Bytes::new(),
        }),
        follows,
        waited: number > 1,
        late: false,
        counts_for_health: event.purpose == Purpose::Published,
    }))
}

const SUCCESS: Follows = Follows::Settled(Settlement::Success);
const GONE: Follows = Follows::Settled(Settlement::Failed(FailureReason::Gone));

#[tokio::test]
async fn a_batch_is_written_and_finished_in_whatever_order_it_comes() {
    let stage = Stage::new().await;
    let event = stage.event("e1");
    let waiting = Follows::Waiting { due: event.accepted.plus(Duration::from_secs(5)), attempt: 2 };
    stage.tell(&[attempted(&event, 2, 200, SUCCESS), attempted(&event, 1, 500, waiting), routed(&event)]).await;
    stage.written().await;
    let store = stage.embedded.store();
    assert_eq!(stage.status(&reference(&event)).await, Some(DeliveryStatus::Success));
    let attempts = store.attempts(stage.tenant, &reference(&event)).await.expect("read");
    assert_eq!(attempts.iter().map(|one| one.status_code).collect::<Vec<_>>(), [Some(500), Some(200)]);
    let event = store.event(stage.tenant, &event.id).await.expect("read").expect("written");
    assert_eq!(event.delivered, Some(true));
    assert!(stage.webhook().await.is_active);
}

#[tokio::test]
async fn a_webhook_whose_rule_is_met_is_switched_off_and_the_directory_told() {
    let stage = Stage::new().await;
    let event = stage.event("e1");
    stage.tell(&[routed(&event), attempted(&event, 1, 410, GONE)]).await;
    stage.written().await;
    let webhook = stage.webhook().await;
    assert_eq!((webhook.is_active, webhook.disabled_reason), (false, Some(DisabledReason::Gone)));
    assert_eq!(webhook.version, 2);
    let directory = stage.embedded.directory();
    until(async || {
        let told = directory.get(&EntryKey::Webhook(WEBHOOK)).await.expect("read");
        matches!(told, Some(Entry::Webhook(webhook)) if !webhook.is_active)
    })
    .await;
    let page = PageRequest { limit: 1, after: None };
    let audit = stage.embedded.store().audit(page).await.expect("read").rows;
    assert_eq!((audit[0].actor.clone(), audit[0].action.as_str()), (Actor::Fanfare, "webhook.disable"));
}

#[tokio::test]
async fn failures_in_a_row_are_counted_once_however_often_they_are_told() {
    let stage = Stage::new().await;
    let rule = DisableRule { failures_in_a_row: NonZeroU32::new(3), ..DisableRule::NEVER };
    let ruled = Webhook { version: 2, disable: Some(rule), ..webhook(stage.tenant) };
    stage.store.change(Change::PutWebhook(Box::new(ruled)), audit()).await.expect("changed");
    let event = stage.event("e1");
    let failed = |number| attempted(&event, number, 500, Follows::Unchanged);
    for _ in 0..3 {
        stage.tell(&[failed(1), failed(2)]).await;
        stage.written().await;
    }
    assert!(stage.webhook().await.is_active, "two failures, told three times");
    stage.tell(&[failed(3)]).await;
    stage.written().await;
    assert_eq!(stage.webhook().await.disabled_reason, Some(DisabledReason::FailuresInARow));
}

#[tokio::test]
async fn a_ping_that_is_answered_with_410_switches_nothing_off() {
    let stage = Stage::new().await;
    let ping = Event { purpose: Purpose::Trial(WEBHOOK), ..stage.event("ping") };
    stage.tell(&[routed(&ping), attempted(&ping, 1, 410, GONE)]).await;
    stage.written().await;
    assert!(stage.webhook().await.is_active);
}

#[tokio::test]
async fn somebody_elses_change_at_the_same_time_is_kept() {
    let stage = Stage::new().await;
    let moved = Webhook { version: 2, url: "https://elsewhere.example".to_owned(), ..webhook(stage.tenant) };
    *stage.store.meanwhile.lock().expect("no panic") = Some((Change::PutWebhook(Box::new(moved)), audit()));
    let event = stage.event("e1");
    stage.tell(&[attempted(&event, 1, 410, GONE)]).await;
    stage.written().await;
    let webhook = stage.webhook().await;
    assert_eq!((webhook.url.as_str(), webhook.is_active, webhook.version), ("https://elsewhere.example", false, 3));
}

#[tokio::test]
async fn a_webhook_that_is_deleted_meanwhile_is_left_alone() {
    let stage = Stage::new().await;
    let delete = Change::DeleteWebhook(stage.tenant, WEBHOOK);
    *stage.store.meanwhile.lock().expect("no panic") = Some((delete, audit()));
    let event = stage.event("e1");
    stage.tell(&[attempted(&event, 1, 410, GONE)]).await;
    stage.written().await;
    assert_eq!(stage.embedded.store().webhook(stage.tenant, WEBHOOK).await.expect("read"), None);
    assert_eq!(stage.status(&reference(&event)).await, Some(DeliveryStatus::Failed));
}

#[tokio::test]
async fn a_webhook_that_cannot_be_read_keeps_nothing_from_being_written() {
    let stage = Stage::new().await;
    stage.store.damaged.store(true, Ordering::SeqCst);
    let event = stage.event("e1");
    stage.tell(&[routed(&event), attempted(&event, 1, 410, GONE)]).await;
    stage.written().await;
    assert_eq!(stage.status(&reference(&event)).await, Some(DeliveryStatus::Failed));
}

#[tokio::test]
async fn while_the_store_is_away_all_waits_and_then_is_whole() {
    let stage = Stage::new().await;
    stage.store.away.store(true, Ordering::SeqCst);
    let event = stage.event("e1");
    stage.tell(&[routed(&event), attempted(&event, 1, 200, SUCCESS)]).await;
    until(async || stage.store.tries.load(Ordering::SeqCst) >= 2).await;
    assert_eq!(stage.logs.waits_for(), ["store: does not take what happened"]);
    assert_eq!(stage.status(&reference(&event)).await, None);

    stage.store.away.store(false, Ordering::SeqCst);
    stage.written().await;
    assert_eq!(stage.status(&reference(&event)).await, Some(DeliveryStatus::Success));
    assert_eq!(stage.logs.waits_for(), Vec::<String>::new());
}

#[tokio::test]
async fn a_stop_while_the_store_is_away_hands_the_batch_back() {
    let mut stage = Stage::new().await;
    stage.store.away.store(true, Ordering::SeqCst);
    let event = stage.event("e1");
    stage.tell(&[routed(&event)]).await;
    until(async || stage.store.tries.load(Ordering::SeqCst) >= 1).await;
    stage.stop.cancel();
    soon(&mut stage.running).await.expect("no panic").expect("no error");
    let again = stage.embedded.queue().take(Consumer::Logs, 10, Duration::ZERO).await.expect("taken");
    assert_eq!(again.len(), 1, "at once, not when its lease lapses");
}

#[tokio::test]
async fn what_cannot_be_read_here_is_left_to_others_and_the_rest_written() {
    let stage = Stage::new().await;
    let event = stage.event("e1");
    let newer = Bytes::from_static(&[250, 1, 2, 3]);
    let records = vec![newer, encode_journal(&routed(&event))];
    stage.embedded.queue().publish(Topic::JournalLog, records).await.expect("stored");
    let store = stage.embedded.store();
    until(async || store.event(stage.tenant, &event.id).await.expect("read").is_some()).await;
    let backlog = stage.embedded.queue().backlog(Consumer::Logs).await.expect("told");
    assert_eq!(backlog.waiting + backlog.taken, 1, "the unreadable one is not finished");
}
