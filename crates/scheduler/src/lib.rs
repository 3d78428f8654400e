//! The service that knows when to try again. It applies what the journal says about waiting deliveries to the schedule,
//! moves what is due back to the workers, and trims the streams.
//!
//! Any number of processes may run it. One at a time holds the right to apply, and trims; all of them dispatch. The schedule
//! carries the journal position up to which it is true, so whatever becomes of it (emptied, put back to an earlier copy,
//! failed over), the applier reads on from there, and nothing is dispatched until it has caught up. What the journal would
//! keep only because something waits for it is restated there, so that a delivery that waits for a day keeps a few bytes and
//! not the day.

mod applier;
mod changes;
mod config;
mod dispatcher;
mod follower;
mod freshness;
mod metrics;
mod observer;
mod progress;
mod restating;
mod service;
mod trimmer;

pub use self::config::Config;
pub use self::service::{Ports, Scheduler, SchedulerError};
