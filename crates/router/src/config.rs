//! The router's settings.

use std::num::{NonZeroU32, NonZeroUsize};

use serde::Deserialize;

/// Settings of the router, from `[router]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Events that are taken and not finished, per process: as many may be routed twice if it dies.
    pub in_flight: NonZeroUsize,
    /// Data up to this size travels with its deliveries; larger data is read from the stream of events by the worker.
    pub inline_bytes: usize,
    /// Deliveries a second, per process, above which a tenant's go to the bulk lane while it takes more than half of all.
    pub share_per_second: NonZeroU32,
}

impl Default for Config {
    fn default() -> Self {
        const IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");
        const SHARE: NonZeroU32 = NonZeroU32::new(2_000).expect("not zero");
        Self { in_flight: IN_FLIGHT, inline_bytes: 4 * 1024, share_per_second: SHARE }
    }
}
