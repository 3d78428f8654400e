//! Ports that tell how long their databases take, as figures and within traces, after OpenTelemetry's
//! [conventions](https://opentelemetry.io/docs/specs/semconv/database/). One place for all adapters, so that
//! operations are called the same whatever is behind them.

mod times;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use fanfare_domain::delivery::{DeliveryRef, Position};
use fanfare_domain::ids::{DeliveryId, EventId, ReplayId, TenantId, TenantNumber, WebhookId};
use fanfare_domain::journal::JournalRecord;
use fanfare_domain::tenant::{ApiKey, EventTypeEntry, Tenant};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::Webhook;
use fanfare_ports::directory::Write;
use fanfare_ports::idempotency::{IdClaim, Idempotency, IdempotencyError, Key};
use fanfare_ports::schedule::{Applied, Change, Claim, Claimed, Earliest, Lead, LookedUp, Schedule, ScheduleError};
use fanfare_ports::store::outcomes::{Counts, Failing, Outcome, Span, Waiting};
use fanfare_ports::store::{
    self, AttemptRow, AuditEntry, Candidate, Cursor, DeliveryFilter, DeliveryRow, EventFilter, EventRow, Ledger, Link,
    Notice, Notices, Outbox, OutboxItem, Outcomes, Page, PageRequest, PassHash, Recorded, Registry, Replay, Replays,
    Reports, Session, Sessions, StoreError, SubjectRow, WebhookStats,
};
use fanfare_spans::{ask_database, fail};
use tracing::Instrument;

pub(crate) use self::times::Database;
use self::times::{Failure, Times};

/// A port whose calls are timed.
pub(crate) struct Measured<P> {
    port: Arc<P>,
    database: Database,
    times: Times,
}

impl<P> Measured<P> {
    /// `port`, which keeps what it has in `database`.
    pub(crate) fn new(port: Arc<P>, database: Database) -> Arc<Self> {
        Arc::new(Self { port, database, times: Times::of(database) })
    }

    async fn time<T, E: Failure>(
        &self,
        operation: &'static str,
        asked: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        let began = Instant::now();
        let span = ask_database(self.database.name(), operation);
        let answer = asked.instrument(span.clone()).await;
        if let Some((kind, error)) = answer.as_ref().err().and_then(|error| Some((error.kind()?, error))) {
            fail(&span, kind, error);
        }
        drop(span);
        self.times.note(operation, began.elapsed(), answer.as_ref().err().and_then(Failure::kind));
        answer
    }
}

/// Implements a port by asking the one inside: each method with the operation's name.
macro_rules! measured {
    ($port:ident or $error:ty { $($operation:literal $name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+ }) => {
        #[async_trait]
        impl<P: $port> $port for Measured<P> {
            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer, $error> {
                self.time($operation, $port::$name(&*self.port, $($argument),*)).await
            })+
        }
    };
}

measured! { Schedule or ScheduleError {
    "position" position() -> Option<Position>;
    "lead" lead(holder: &str, ttl: Duration) -> Lead;
    "apply" apply(holder: &str, from: Option<Position>, to: Position, changes: &[Change]) -> Applied;
    "begin_anew" begin_anew(holder: &str, from: Option<Position>, until: u64) -> Applied;
    "claim" claim(lease: Duration, limit: usize) -> Claimed;
    "finish" finish(claims: &[Claim]) -> ();
    "look_up" look_up(deliveries: &[DeliveryRef]) -> LookedUp;
    "earliest" earliest() -> Earliest;
    "waiting" waiting() -> u64;
    "open_gate" open_gate(webhook: WebhookId) -> ();
    "erase_tenant" erase(tenant: TenantNumber) -> ();
} }

measured! { Idempotency or IdempotencyError {
    "claim_ids" claim(keys: &[Key]) -> Vec<IdClaim>;
    "confirm_ids" confirm(keys: &[Key]) -> ();
    "release_ids" release(keys: &[Key]) -> ();
    "erase_ids" erase(tenant: TenantNumber) -> ();
} }

measured! { Registry or StoreError {
    "next_tenant_number" next_tenant_number() -> TenantNumber;
    "change" change(change: store::Change, audit: AuditEntry) -> ();
    "note_audit" note(audit: AuditEntry) -> ();
    "tenant" tenant(id: &TenantId) -> Option<Tenant>;
    "tenant" tenant_numbered(number: TenantNumber) -> Option<Tenant>;
    "tenants" tenants(page: PageRequest) -> Page<Tenant>;
    "webhook" webhook(tenant: TenantNumber, id: WebhookId) -> Option<Webhook>;
    "webhooks" webhooks(tenant: TenantNumber, page: PageRequest) -> Page<Webhook>;
    "event_type" event_type(tenant: TenantNumber, name: &str) -> Option<EventTypeEntry>;
    "event_types" event_types(tenant: TenantNumber, page: PageRequest) -> Page<EventTypeEntry>;
    "api_keys" api_keys(page: PageRequest) -> Page<ApiKey>;
    "audit" audit(page: PageRequest) -> Page<AuditEntry>;
    "erasures" erasures() -> Vec<TenantNumber>;
    "erase_tenant" erase(tenant: TenantNumber, limit: u32) -> bool;
    "erased" erased(tenant: TenantNumber) -> ();
} }

measured! { Outbox or StoreError {
    "untold" untold(holder: &str, limit: u32) -> Vec<OutboxItem>;
    "told" told(holder: &str, sequence: i64) -> ();
    "everything" everything() -> Vec<Write>;
} }

measured! { Ledger or StoreError {
    "record" record(records: &[JournalRecord]) -> Recorded;
    "maintain" maintain(now: Timestamp, keep: Duration) -> ();
} }

measured! { Notices or StoreError {
    "disable" disable(webhook: Box<Webhook>, notice: &Notice, audit: AuditEntry) -> ();
    "unannounced" unannounced(limit: u32) -> Vec<Notice>;
    "announced" announced(notice: &EventId) -> ();
} }

measured! { Reports or StoreError {
    "events" events(tenant: TenantNumber, filter: &EventFilter, page: PageRequest) -> Page<EventRow>;
    "event" event(tenant: TenantNumber, id: &EventId) -> Option<EventRow>;
    "deliveries" deliveries_of(tenant: TenantNumber, event: &EventId) -> Vec<DeliveryRow>;
    "deliveries" deliveries(
        tenant: TenantNumber, webhook: WebhookId, filter: &DeliveryFilter, page: PageRequest
    ) -> Page<DeliveryRow>;
    "delivery" delivery(tenant: TenantNumber, id: DeliveryId) -> Option<DeliveryRow>;
    "attempts" attempts(tenant: TenantNumber, delivery: &DeliveryRef) -> Vec<AttemptRow>;
    "subjects" subjects(tenant: TenantNumber, delivered: Option<bool>, page: PageRequest) -> Page<SubjectRow>;
    "stats" stats(tenant: TenantNumber, webhooks: &[WebhookId]) -> Vec<WebhookStats>;
} }

measured! { Outcomes or StoreError {
    "outcomes" outcomes(
        tenant: Option<TenantNumber>, span: Span, since: Timestamp, until: Timestamp
    ) -> Vec<Outcome>;
    "activity" activity(tenant: Option<TenantNumber>, since: Timestamp) -> u64;
    "waiting" waiting(tenant: Option<TenantNumber>, now: Timestamp) -> Waiting;
    "note_waiting" note_waiting(now: Timestamp) -> ();
    "failing" failing(tenant: Option<TenantNumber>, limit: u32) -> Vec<Failing>;
    "busiest" busiest(span: Span, since: Timestamp, until: Timestamp, limit: u32) -> Vec<(TenantNumber, Counts)>;
} }

measured! { Sessions or StoreError {
    "put_link" put_link(hash: &PassHash, link: &Link) -> ();
    "take_link" take_link(hash: &PassHash, now: Timestamp) -> Option<Link>;
    "put_session" put_session(hash: &PassHash, session: &Session) -> ();
    "session" session(hash: &PassHash, now: Timestamp) -> Option<Session>;
    "end_session" end_session(hash: &PassHash) -> ();
    "end_portal" end_portal(tenant: TenantNumber) -> ();
    "forget_sessions" forget_expired(now: Timestamp) -> ();
} }

measured! { Replays or StoreError {
    "begin_replay" begin(replay: &Replay) -> ();
    "replay" replay(tenant: TenantNumber, id: ReplayId) -> Option<Replay>;
    "take_up_replay" take_up(holder: &str, now: Timestamp, lease: Duration) -> Option<Replay>;
    "advance_replay" advance(holder: &str, now: Timestamp, lease: Duration, replay: &Replay) -> ();
    "candidates" candidates(replay: &Replay, cursor: Option<&Cursor>, limit: u32) -> Vec<Candidate>;
} }
