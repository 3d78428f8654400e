//! A tenant, a webhook and an event with nothing special about them. A test takes one and changes what it is about:
//! `Webhook { is_active: false, ..fanfare_samples::webhook() }`.

use bytes::Bytes;
use fanfare_domain::event::{Event, Purpose};
use fanfare_domain::ids::{EventId, TenantId, TenantNumber, WebhookId};
use fanfare_domain::sealed::Sealed;
use fanfare_domain::tenant::Tenant;
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::{Secrets, Signing, Webhook};

/// The tenant's number.
pub const TENANT: TenantNumber = TenantNumber::new(1);

/// The tenant `acme`.
///
/// # Panics
/// Never: its id is one.
#[must_use]
pub fn tenant() -> Tenant {
    Tenant {
        id: TenantId::new("acme").expect("an id"),
        number: TENANT,
        version: 1,
        name: None,
        default_profile: "standard".to_owned(),
        quota: None,
        created_at: Timestamp::default(),
    }
}

/// A webhook of that tenant, which takes all events; its secret is none that could be opened.
///
/// # Panics
/// Never: its pattern is one.
#[must_use]
pub fn webhook() -> Webhook {
    let current = Sealed::from_bytes(Vec::new());
    Webhook {
        id: WebhookId::from_bytes([1; 16]),
        tenant: TENANT,
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

/// An event of that tenant.
///
/// # Panics
/// Never: its id and type are such.
#[must_use]
pub fn event() -> Event {
    Event {
        tenant: TENANT,
        tenant_id: TenantId::new("acme").expect("an id"),
        id: EventId::new("evt_1").expect("an id"),
        event_type: "order.paid".parse().expect("a type"),
        subject: None,
        created: Timestamp::default(),
        accepted: Timestamp::default(),
        purpose: Purpose::Published,
        trace: Default::default(),
        data: Bytes::from_static(b"1"),
    }
}
