//! What every adapter of a port must pass. Each module has a `Fixture` that an adapter's test implements (how to open the
//! port, open it once more as another process would, and take its server away and bring it back), the cases as functions,
//! and a macro that makes each case a test of the adapter.

pub mod directory;
pub mod idempotency;
pub mod queue;
pub mod schedule;
pub mod store;
