//! The router: takes accepted events, finds the webhooks that they are for, and stores a delivery for each.

mod config;
mod matching;
mod metrics;
mod plan;
mod service;
mod share;

pub use self::config::Config;
pub use self::service::{Router, RouterError};
