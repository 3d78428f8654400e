//! Deliveries to put on a schedule, and a scheduler that applies batch after batch.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::delivery::{DeliveryRef, Position};
use fanfare_domain::ids::WebhookId;
use fanfare_domain::journal::PaceKind;
use fanfare_domain::time::Timestamp;
use fanfare_ports::schedule::{Applied, Change, Claim, Schedule};

use super::Fixture;

pub(super) const LEASE: Duration = Duration::from_secs(10);
pub(super) const HOLDER: &str = "scheduler-1";
/// Longer than any case moves the time.
const TTL: Duration = Duration::from_secs(24 * 3600);

/// A delivery of tenant 1 that differs from those of other numbers.
pub(super) fn delivery(number: u64) -> DeliveryRef {
    delivery_of(1, webhook(0), number)
}

/// A delivery to a webhook, likewise.
pub(super) fn delivery_to(webhook: WebhookId, number: u64) -> DeliveryRef {
    delivery_of(1, webhook, number)
}

/// A delivery of a tenant to a webhook, likewise.
pub(super) fn delivery_of(tenant: u32, webhook: WebhookId, number: u64) -> DeliveryRef {
    DeliveryRef::from_bytes(&reference(1, tenant, webhook, number)).expect("a reference as it is stored")
}

/// A delivery of a replay.
pub(super) fn replayed(number: u64) -> DeliveryRef {
    let mut bytes = reference(2, 1, webhook(0), number);
    bytes.extend_from_slice(&[0xA5; 16]);
    DeliveryRef::from_bytes(&bytes).expect("a reference as it is stored")
}

fn reference(format: u8, tenant: u32, webhook: WebhookId, number: u64) -> Vec<u8> {
    let mut bytes = vec![format];
    bytes.extend_from_slice(&[0xFF; 4]);
    bytes.extend_from_slice(&[format; 4]);
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.extend_from_slice(webhook.as_bytes());
    bytes.extend_from_slice(&tenant.to_be_bytes());
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.extend_from_slice(&7_u16.to_be_bytes());
    bytes.extend_from_slice(&1_700_000_000_u32.to_be_bytes());
    bytes
}

/// A webhook that differs from those of other numbers; its bytes are no text.
pub(super) fn webhook(number: u8) -> WebhookId {
    let mut bytes = [0xF0; 16];
    bytes[15] = number;
    bytes[3] = b'\r';
    bytes[4] = b'\n';
    WebhookId::from_bytes(bytes)
}

pub(super) fn put(delivery: DeliveryRef, due: Timestamp) -> Change {
    Change::Put { delivery, attempt: 2, due }
}

pub(super) fn park(delivery: DeliveryRef, due: Timestamp, per_second: f64, burst: u32) -> Change {
    Change::Park { delivery, attempt: 1, due, per_second, burst, pace: PaceKind::Limit }
}

pub(super) fn park_measured(delivery: DeliveryRef, due: Timestamp, per_second: f64, burst: u32) -> Change {
    Change::Park { delivery, attempt: 1, due, per_second, burst, pace: PaceKind::Measured }
}

/// A scheduler that holds the right to apply and knows where it is.
pub(super) struct Scheduler {
    pub(super) schedule: Arc<dyn Schedule>,
    at: Option<Position>,
}

impl Scheduler {
    /// The scheduler of a schedule that is new.
    pub(super) async fn begin(fixture: &dyn Fixture) -> Self {
        let schedule = fixture.open().await;
        assert!(schedule.lead(HOLDER, TTL).await.expect("answers").is_held(), "nobody else leads");
        Self { schedule, at: None }
    }

    /// Applies the next batch.
    pub(super) async fn apply(&mut self, changes: &[Change]) {
        let to = following(self.at);
        let applied = self.schedule.apply(HOLDER, self.at, to, changes).await.expect("answers");
        assert_eq!(applied, Applied::Done);
        self.at = Some(to);
    }
}

/// The position after `at` in a journal of one record a message.
pub(super) fn following(at: Option<Position>) -> Position {
    Position { sequence: at.map_or(1, |at| at.sequence + 1), index: 0 }
}

/// Everything that can be claimed now.
pub(super) async fn claim_all(schedule: &Arc<dyn Schedule>) -> Vec<Claim> {
    let mut all = Vec::new();
    loop {
        let claimed = schedule.claim(LEASE, 1000).await.expect("answers");
        if claimed.claims.is_empty() {
            return all;
        }
        all.extend(claimed.claims);
    }
}

/// The deliveries that can be claimed now, in the order in which they came.
pub(super) async fn claim_deliveries(schedule: &Arc<dyn Schedule>) -> Vec<DeliveryRef> {
    claim_all(schedule).await.into_iter().map(|claim| claim.delivery).collect()
}
