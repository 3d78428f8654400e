//! Entries of every kind.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use fanfare_domain::event_type::EventType;
use fanfare_domain::health::DisableRule;
use fanfare_domain::ids::{KeyId, TenantId, TenantNumber, WebhookId};
use fanfare_domain::retry::RetryPolicy;
use fanfare_domain::sealed::{Keyring, Sealed};
use fanfare_domain::tenant::{ApiKey, EventTypeEntry, Quota, Scope, Tenant};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::{Auth, RateLimit, Secrets, Signing, Webhook};
use fanfare_ports::directory::Entry;

const MADE: Timestamp = Timestamp::from_millis(1_773_568_800_123);

fn sealed(text: &str) -> Sealed {
    let keys = Keyring::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("32 bytes");
    keys.seal(text.as_bytes(), b"sample", [9; 24])
}

/// A tenant; `version` tells one state of it from another.
pub(super) fn tenant(number: u32, version: u64) -> Entry {
    Entry::Tenant(Tenant {
        id: TenantId::new(&format!("tenant-{number}")).expect("valid"),
        number: TenantNumber::new(number),
        version,
        name: Some("Größe & \"Söhne\"".to_owned()),
        default_profile: "standard".to_owned(),
        quota: Some(Quota { events_per_second: 500 }),
        created_at: MADE,
    })
}

/// A webhook with everything that one can have.
pub(super) fn webhook(number: u128, version: u64) -> Entry {
    Entry::Webhook(Box::new(Webhook {
        id: WebhookId::make(MADE, number),
        tenant: TenantNumber::new(1),
        version,
        url: "https://receiver.example/hooks?a=b".to_owned(),
        events: ["*", "qr.*", "order.paid"].iter().map(|pattern| pattern.parse().expect("valid")).collect(),
        description: None,
        is_active: true,
        profile: "standard".to_owned(),
        signing: Signing::Both,
        secrets: Secrets {
            current: sealed("whsec_new"),
            previous: Some((sealed("whsec_old"), MADE)),
            hint: "whse…".to_owned(),
            ed25519: Some(sealed("whsk_key")),
            public_key: Some("whpk_key".to_owned()),
        },
        headers: vec![("x-one".to_owned(), sealed("1")), ("x-two".to_owned(), sealed("2"))],
        auth: Some(Auth::Basic { username: "me".to_owned(), password: sealed("secret") }),
        timeout: Some(Duration::from_secs(20)),
        retry: Some(RetryPolicy::new(vec![Duration::ZERO, Duration::from_secs(5)], 0.5).expect("valid")),
        rate_limit: Some(RateLimit { per_second: 0.5, burst: NonZeroU32::new(3) }),
        max_in_flight: NonZeroU32::new(10),
        disable: Some(DisableRule {
            gone: true,
            failing_for: Some(Duration::from_secs(86_400)),
            ..DisableRule::default()
        }),
        metadata: BTreeMap::from([("team".to_owned(), "größe".to_owned())]),
        created_at: MADE,
        updated_at: MADE,
        health_since: MADE,
        disabled_reason: None,
    }))
}

/// An API key.
pub(super) fn api_key(number: u128) -> Entry {
    Entry::ApiKey(ApiKey {
        id: KeyId::make(MADE, number),
        hash: [7; 32],
        tenant: Some(TenantNumber::new(1)),
        name: None,
        scope: Scope::Publish,
        created_at: MADE,
    })
}

/// A described event type of that name.
pub(super) fn event_type(tenant: u32, name: &str, description: &str) -> Entry {
    Entry::EventType(EventTypeEntry {
        tenant: TenantNumber::new(tenant),
        name: name.parse().expect("valid"),
        version: 1,
        description: description.to_owned(),
        schema: Some(r#"{"type":"object"}"#.into()),
        example: Some(r#"{"id":1.50}"#.into()),
        aliases: vec![EventType::new("another.name").expect("valid")],
        deprecated: true,
        created_at: MADE,
    })
}
