//! The logs service: writes the journal to the store, switches off webhooks whose disable rule is met, and tells operators of
//! them.

mod announcing;
mod config;
mod disabling;
mod failures;
mod metrics;
mod notice;
mod service;

pub use self::config::Config;
pub use self::service::{Logs, LogsError, Ports};
