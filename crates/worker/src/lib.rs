//! The worker: takes deliveries, renders, signs and posts them, and tells the journal what came of each.

mod config;
mod decision;
mod delivering;
mod egress;
mod gates;
mod metrics;
mod payloads;
mod prepared;
mod recording;
mod service;
mod tokens;

pub use self::config::{Config, Egress};
pub use self::egress::EgressError;
pub use self::service::{Worker, WorkerError};
