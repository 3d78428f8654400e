//! The store: configuration, what happened, and what is asked about it.

mod batch;
mod candidates;
mod changes;
mod documents;
mod health;
mod ledger;
mod notices;
mod outbox;
mod outcomes;
mod registry;
mod removal;
mod replays;
mod reports;
mod rows;
mod sessions;
mod values;

use std::fmt;
use std::sync::Arc;

use fanfare_ports::clock::SharedClock;
use fanfare_ports::store::StoreError;

use crate::database::{Database, DatabaseError};

/// The kinds of lists, so that a cursor serves none but its own.
mod lists {
    pub(super) const TENANTS: u8 = 1;
    pub(super) const WEBHOOKS: u8 = 2;
    pub(super) const EVENT_TYPES: u8 = 3;
    pub(super) const API_KEYS: u8 = 4;
    pub(super) const AUDIT: u8 = 5;
    pub(super) const EVENTS: u8 = 6;
    pub(super) const DELIVERIES: u8 = 7;
    pub(super) const SUBJECTS: u8 = 8;
    pub(super) const CANDIDATES: u8 = 9;
}

/// The store, in a database of its own.
#[derive(Clone)]
pub struct SqliteStore {
    database: Arc<Database>,
    clock: SharedClock,
}

impl SqliteStore {
    /// A store in `database`; `clock` times the lease of the outbox.
    #[must_use]
    pub fn new(database: Arc<Database>, clock: SharedClock) -> Self {
        Self { database, clock }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl From<DatabaseError> for StoreError {
    fn from(error: DatabaseError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

/// What a failed statement means to the caller.
fn failed(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Damaged(error.to_string()),
        other => StoreError::Unavailable(Box::new(other)),
    }
}
