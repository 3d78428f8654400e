//! What the services need of the world, and what each of these things promises. Adapters keep the promises;
//! `fanfare-suites` holds them to it.

pub mod catalogue;
pub mod clock;
pub mod directory;
pub mod idempotency;
pub mod metrics;
pub mod outbox;
pub mod queue;
pub mod schedule;
pub mod store;

use std::error::Error;

/// The error that an adapter met, kept for the log.
pub type Cause = Box<dyn Error + Send + Sync>;
