//! The logs service: writes the journal to the store, and switches off webhooks whose disable rule is met.

mod config;
mod disabling;
mod service;

pub use self::config::Config;
pub use self::service::{Logs, LogsError};
