//! The store, in Postgres (15 or later): configuration, what happened, and what is asked about it.
//!
//! [`migrate`] prepares the schema; [`connect`] expects to find it. Everything that a record changes is written in one
//! transaction, so that it may be written again at any time.

mod connection;
mod failure;
mod ledger;
mod notices;
mod outbox;
mod outcomes;
mod registry;
mod replays;
mod reports;
mod rows;
mod sessions;
mod settings;
mod undelivered;

pub use self::connection::{PostgresStore, SetupError, connect, migrate};
pub use self::settings::PostgresSettings;
