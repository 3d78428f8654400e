//! The worker's settings.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use fanfare_domain::target::TargetRules;
use serde::Deserialize;

/// Settings of the delivery workers, from `[worker]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Attempts at once that are in flight or not on record yet, per process: as many may be repeated if it dies.
    pub in_flight: NonZeroUsize,
    /// Attempts in flight at once to one webhook, per process, where the webhook does not say.
    pub in_flight_per_webhook: NonZeroU32,
    /// Deliveries of one webhook that wait in the process for one of its attempts to end; more than these are parked, unless
    /// the webhook answers them within a fifth of a second.
    pub waiting_per_webhook: usize,
    /// Connections that are kept open to a receiver while nothing is sent.
    pub idle_connections_per_host: usize,
    /// How long a connection is kept open while nothing is sent, such as `"30s"`.
    #[serde(with = "humantime_serde")]
    pub idle_connection_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        const IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(512).expect("not zero");
        const PER_WEBHOOK: NonZeroU32 = NonZeroU32::new(64).expect("not zero");
        Self {
            in_flight: IN_FLIGHT,
            in_flight_per_webhook: PER_WEBHOOK,
            waiting_per_webhook: 512,
            idle_connections_per_host: 64,
            idle_connection_timeout: Duration::from_secs(30),
        }
    }
}

/// How workers reach receivers.
#[derive(Clone, Debug, Default)]
pub struct Egress {
    /// Where connections may go.
    pub rules: TargetRules,
    /// A proxy that all attempts go through, as a URL. It resolves names itself, so it has to keep private addresses out.
    pub proxy: Option<String>,
    /// Certificates, as PEM, that are trusted besides the public ones.
    pub extra_ca: Option<Vec<u8>>,
}
