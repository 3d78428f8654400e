//! What is remembered: configuration, what happened, and what is asked about it.

pub mod folding;
pub mod keyset;
mod ledger;
mod notices;
pub mod outcomes;
mod registry;
mod replays;
mod reports;
mod sessions;

pub use self::ledger::{Ledger, Recorded, WebhookHealth};
pub use self::notices::{Notice, Notices};
pub use self::outcomes::Outcomes;
pub use self::registry::{Actor, AuditEntry, Change, Outbox, OutboxItem, Registry};
pub use self::replays::{Candidate, Replay, ReplayOnly, ReplayState, Replays};
pub use self::reports::{
    AttemptRow, Cursor, DeliveryFilter, DeliveryRow, EventFilter, EventRow, Page, PageRequest, Reports, SubjectRow,
    WebhookStats,
};
pub use self::sessions::{Access, Grant, Link, PassHash, Session, Sessions};

use crate::Cause;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached or did not answer. Try again.
    #[error("store is unavailable")]
    Unavailable(#[source] Cause),
    /// What was to be changed has changed meanwhile, or what was to be made is there already.
    #[error("changed by somebody else meanwhile")]
    Conflict,
    /// What was to be changed is not there.
    #[error("not found")]
    NotFound,
    /// The schema is missing or too old.
    #[error("store is not set up: {0}; run `fanfare migrate`")]
    NotSetUp(String),
    /// What is stored cannot be read; names the row.
    #[error("stored data cannot be read: {0}")]
    Damaged(String),
}

/// Everything at once, for whoever wires it.
pub trait Store: Registry + Ledger + Reports + Outcomes + Replays + Sessions {}

impl<T: Registry + Ledger + Reports + Outcomes + Replays + Sessions> Store for T {}
