//! The scheduler: follows what waits, brings up what is due, and trims the streams.

mod applying;
mod catching_up;
mod changes;
mod config;
mod dispatching;
mod service;
mod trimming;

pub use self::config::Config;
pub use self::service::{Scheduler, SchedulerError};
