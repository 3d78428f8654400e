//! What the cases write: configuration and journal records, made the same way each time.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::{DeliveryRef, Position, Settlement};
use fanfare_domain::event::{Event, Purpose, TraceContext};
use fanfare_domain::ids::{AttemptId, EventId, KeyId, ReplayId, Run, TenantId, TenantNumber, WebhookId};
use fanfare_domain::journal::{Attempted, Follows, JournalRecord, Routed};
use fanfare_domain::sealed::{Keyring, Sealed};
use fanfare_domain::tenant::{ApiKey, EventTypeEntry, Scope, Tenant};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::{Secrets, Signing, Webhook};
use fanfare_ports::store::{Actor, AuditEntry, Cursor, PageRequest};

/// The tenant of most cases.
pub(super) const ACME: TenantNumber = TenantNumber::new(7);

pub(super) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("the case gives a valid time")
}

/// When most cases take place.
pub(super) fn noon() -> Timestamp {
    time("2026-03-15T12:00:00Z")
}

pub(super) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(super) fn webhook_id(number: u16) -> WebhookId {
    WebhookId::make(noon(), number.into())
}

pub(super) fn replay_id(number: u16) -> ReplayId {
    ReplayId::make(noon(), number.into())
}

pub(super) fn event_id(number: u16) -> EventId {
    EventId::new(&format!("event-{number:04}")).expect("valid")
}

pub(super) fn first_page(limit: u32) -> PageRequest {
    PageRequest { limit, after: None }
}

pub(super) fn page_after(limit: u32, cursor: &str) -> PageRequest {
    PageRequest { limit, after: Some(Cursor(cursor.to_owned())) }
}

pub(super) fn audit(action: &str) -> AuditEntry {
    AuditEntry {
        at: noon(),
        actor: Actor::Fanfare,
        action: action.to_owned(),
        tenant: None,
        target: "something".to_owned(),
        fields: vec!["url".to_owned()],
    }
}

pub(super) fn tenant(name: &str, number: TenantNumber) -> Tenant {
    Tenant {
        id: TenantId::new(name).expect("valid"),
        number,
        version: 1,
        name: Some("Acme \u{0}\u{1F600}".to_owned()),
        default_profile: "standard".to_owned(),
        quota: None,
        created_at: noon().plus(seconds(number.get().into())),
    }
}

fn sealed() -> Sealed {
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    Keyring::parse(key).expect("32 bytes").seal(b"whsec_secret", b"context", [7; 24])
}

/// Webhook `number` of `tenant`, made `number` seconds after noon.
pub(super) fn webhook(tenant: TenantNumber, number: u16) -> Webhook {
    let made = noon().plus(seconds(number.into()));
    Webhook {
        id: webhook_id(number),
        tenant,
        version: 1,
        url: format!("https://example.com/{number}"),
        events: vec!["*".parse().expect("valid")],
        description: None,
        is_active: true,
        profile: "standard".to_owned(),
        signing: Signing::Hmac,
        secrets: Secrets {
            current: sealed(),
            previous: None,
            hint: "whse…".to_owned(),
            ed25519: None,
            public_key: None,
        },
        headers: vec![("X-Own".to_owned(), sealed())],
        auth: None,
        timeout: Some(seconds(15)),
        retry: None,
        rate_limit: None,
        max_in_flight: None,
        disable: None,
        metadata: BTreeMap::from([("nul \u{0}".to_owned(), "\\0 \u{0} \\u0000 \u{10FFFF}".to_owned())]),
        created_at: made,
        updated_at: made,
        health_since: made,
        disabled_reason: None,
    }
}

pub(super) fn event_type(tenant: TenantNumber, name: &str, made: Timestamp) -> EventTypeEntry {
    EventTypeEntry {
        tenant,
        name: name.parse().expect("valid"),
        version: 1,
        description: "what it means \u{0}".to_owned(),
        schema: Some(r#"{"type":"object"}"#.into()),
        example: Some("{}".into()),
        aliases: vec!["other.name".parse().expect("valid")],
        deprecated: false,
        created_at: made,
    }
}

pub(super) fn api_key(number: u8, tenant: Option<TenantNumber>) -> ApiKey {
    ApiKey {
        id: KeyId::make(noon(), number.into()),
        hash: [number; 32],
        tenant,
        name: Some("deploy".to_owned()),
        scope: Scope::Publish,
        created_at: noon().plus(seconds(number.into())),
    }
}

/// One event's way to one webhook, told to the journal record by record.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) event: Event,
    pub(super) position: Position,
    pub(super) webhook: WebhookId,
    pub(super) run: Run,
}

impl Story {
    /// Event `number` of [`ACME`], accepted `number` seconds and 123 ms after noon, on its way to webhook 1.
    pub(super) fn new(number: u16) -> Self {
        let accepted = noon().plus(seconds(number.into())).plus(Duration::from_millis(123));
        let event = Event {
            tenant: ACME,
            tenant_id: TenantId::new("acme").expect("valid"),
            id: event_id(number),
            event_type: "order.paid".parse().expect("valid"),
            subject: None,
            created: accepted.minus(seconds(3600)),
            accepted,
            purpose: Purpose::Published,
            trace: TraceContext::default(),
            data: Bytes::from_static(b"null"),
        };
        Self {
            event,
            position: Position { sequence: 1000 + u64::from(number), index: 3 },
            webhook: webhook_id(1),
            run: Run::First,
        }
    }

    pub(super) fn of(mut self, tenant: TenantNumber) -> Self {
        self.event.tenant = tenant;
        self
    }

    pub(super) fn to(mut self, webhook: u16) -> Self {
        self.webhook = webhook_id(webhook);
        self
    }

    pub(super) fn about(mut self, subject: &str) -> Self {
        self.event.subject = Some(subject.into());
        self
    }

    pub(super) fn named(mut self, event_type: &str) -> Self {
        self.event.event_type = event_type.parse().expect("valid");
        self
    }

    pub(super) fn accepted(mut self, at: Timestamp) -> Self {
        self.event.accepted = at;
        self
    }

    pub(super) fn trial(mut self) -> Self {
        self.event.purpose = Purpose::Trial(self.webhook);
        self
    }

    pub(super) fn replayed(mut self, replay: u16) -> Self {
        self.run = Run::Replay(replay_id(replay));
        self
    }

    pub(super) fn reference(&self) -> DeliveryRef {
        DeliveryRef::new(&self.event, self.position, self.webhook, self.run)
    }

    /// The event was routed, to this webhook alone.
    pub(super) fn routed(&self) -> JournalRecord {
        self.routed_to(&[self.webhook])
    }

    pub(super) fn routed_to(&self, webhooks: &[WebhookId]) -> JournalRecord {
        let delivery =
            |webhook: &WebhookId| (*webhook, DeliveryRef::new(&self.event, self.position, *webhook, self.run).id);
        JournalRecord::Routed(Routed {
            tenant: self.event.tenant,
            event: self.event.id.clone(),
            event_type: self.event.event_type.clone(),
            subject: self.event.subject.clone(),
            created: self.event.created,
            accepted: self.event.accepted,
            purpose: self.event.purpose,
            position: self.position,
            size: 4,
            replay: if let Run::Replay(replay) = self.run { Some(replay) } else { None },
            deliveries: webhooks.iter().map(delivery).collect(),
        })
    }

    /// Scheduled attempt `number` started `after` acceptance; `status` 200 is success, all else failure.
    fn tried(&self, number: u16, after: Duration, status: u16, follows: Follows) -> Attempted {
        let attempt = Attempt {
            id: AttemptId::derive(self.reference().id, number),
            number,
            manual: false,
            started: self.event.accepted.plus(after),
            duration: Duration::from_millis(u64::from(number) * 10),
            status: Some(status),
            error: (status != 200).then(|| format!("answered {status}")),
            request_headers: [("webhook-id", self.event.id.as_str())].into_iter().collect(),
            response_headers: [("Server", "test")].into_iter().collect(),
            response_body: Bytes::from(format!("answer {number}")),
        };
        Attempted {
            delivery: self.reference(),
            event: Some(self.event.id.clone()),
            event_type: Some(self.event.event_type.clone()),
            attempt: Some(attempt),
            follows,
            waited: number > 1,
            late: false,
            counts_for_health: self.event.purpose == Purpose::Published,
        }
    }

    /// Failed with 503; the next attempt is due a minute after the start.
    pub(super) fn failed(&self, number: u16, after: Duration) -> Attempted {
        let due = self.event.accepted.plus(after).plus(seconds(60));
        self.tried(number, after, 503, Follows::Waiting { due, attempt: number + 1 })
    }

    /// Failed with 500 and was given up.
    pub(super) fn given_up(&self, number: u16, after: Duration) -> Attempted {
        let reason = fanfare_domain::delivery::FailureReason::AttemptsUsedUp;
        self.tried(number, after, 500, Follows::Settled(Settlement::Failed(reason)))
    }

    pub(super) fn succeeded(&self, number: u16, after: Duration) -> Attempted {
        self.tried(number, after, 200, Follows::Settled(Settlement::Success))
    }

    /// An attempt that somebody asked for, after scheduled attempt `number`.
    pub(super) fn by_hand(&self, number: u16, after: Duration, success: bool) -> Attempted {
        let (status, follows) =
            if success { (200, Follows::Settled(Settlement::Success)) } else { (502, Follows::Unchanged) };
        let mut attempted = self.tried(number, after, status, follows);
        if let Some(attempt) = &mut attempted.attempt {
            attempt.manual = true;
            attempt.id = AttemptId::make(attempt.started, u128::from(number) << 32 | u128::from(status));
        }
        attempted
    }

    /// The delivery ended without an attempt.
    pub(super) fn ended(&self, settlement: Settlement) -> Attempted {
        let mut attempted = self.tried(1, Duration::ZERO, 200, Follows::Settled(settlement));
        attempted.attempt = None;
        attempted
    }
}

pub(super) fn record(attempted: Attempted) -> JournalRecord {
    JournalRecord::Attempted(Box::new(attempted))
}

/// All orders in which `records` can come.
pub(super) fn orders(records: &[JournalRecord]) -> Vec<Vec<JournalRecord>> {
    let Some((first, rest)) = records.split_first() else { return vec![Vec::new()] };
    orders(rest)
        .into_iter()
        .flat_map(|order| {
            (0..=order.len()).map(move |place| {
                let mut order = order.clone();
                order.insert(place, first.clone());
                order
            })
        })
        .collect()
}
