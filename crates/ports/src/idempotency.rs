//! A publisher's own event id is accepted once.

use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::ids::{EventId, TenantNumber};

use crate::Cause;

/// How long an id is remembered.
pub const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// How long a claim keeps others away from an id that is not confirmed yet.
pub const CLAIM: Duration = Duration::from_secs(10);

/// An event's id within its tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Whose.
    pub tenant: TenantNumber,
    /// The publisher's own id.
    pub event: EventId,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdClaim {
    /// The id is new, or its claim had expired: store the event, then confirm.
    Granted,
    /// Another publish of this id is under way: its outcome is open.
    Busy,
    /// The id was accepted before.
    Duplicate,
}

/// The port cannot be reached. Events that carry an id are refused meanwhile.
#[derive(Debug, thiserror::Error)]
#[error("idempotency store is unavailable")]
pub struct IdempotencyError(#[source] pub Cause);

/// Remembers ids for [`REMEMBERED`]. May forget (a lost store), never invents.
#[async_trait]
pub trait Idempotency: Send + Sync + 'static {
    /// Claims each of `keys` for [`CLAIM`]; one answer for each, in order. Of equal keys in one call the first is granted
    /// and the others are busy.
    async fn claim(&self, keys: &[Key]) -> Result<Vec<IdClaim>, IdempotencyError>;

    /// Notes that the events of these ids are stored.
    async fn confirm(&self, keys: &[Key]) -> Result<(), IdempotencyError>;

    /// Gives up claims whose events were certainly not stored. Confirmed ids stay.
    async fn release(&self, keys: &[Key]) -> Result<(), IdempotencyError>;

    /// Forgets everything of a tenant.
    async fn erase(&self, tenant: TenantNumber) -> Result<(), IdempotencyError>;
}
