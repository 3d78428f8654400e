//! What an operator may set.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use serde::Deserialize;

/// Settings of the gRPC service, from `[ingest]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Bytes of events on their way into the queue, per process; more wait.
    pub in_flight_bytes: NonZeroUsize,
    /// Bytes of events of one `PublishStream` that are not answered yet. An event counts as 8 KiB at least.
    pub stream_bytes: NonZeroUsize,
    /// Calls at once on one connection.
    pub calls_per_connection: NonZeroU32,
    /// Longest time from a call's beginning to its answer, a slow sender's included; streams may last longer.
    #[serde(with = "humantime_serde")]
    pub call_timeout: Duration,
    /// A connection on which nothing has come for so long is asked whether it is alive.
    #[serde(with = "humantime_serde")]
    pub keepalive: Duration,
    /// How long a connection that was asked may take to answer, and a new one to agree on TLS.
    #[serde(with = "humantime_serde")]
    pub keepalive_timeout: Duration,
    /// How long calls may take to end once the service stops.
    #[serde(with = "humantime_serde")]
    pub drain: Duration,
}

impl Default for Config {
    fn default() -> Self {
        const IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(256 * 1024 * 1024).expect("not zero");
        const STREAM: NonZeroUsize = NonZeroUsize::new(8 * 1024 * 1024).expect("not zero");
        const CALLS: NonZeroU32 = NonZeroU32::new(256).expect("not zero");
        Self {
            in_flight_bytes: IN_FLIGHT,
            stream_bytes: STREAM,
            calls_per_connection: CALLS,
            call_timeout: Duration::from_secs(30),
            keepalive: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(10),
            drain: Duration::from_secs(20),
        }
    }
}

/// What TLS needs, in PEM.
#[derive(Clone)]
pub struct Tls {
    /// The server's certificate and those above it.
    pub certificate: Vec<u8>,
    /// The certificate's private key.
    pub key: Vec<u8>,
    /// Whose certificates clients must show; none need to, if not given.
    pub client_ca: Option<Vec<u8>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("mutual", &self.client_ca.is_some()).finish_non_exhaustive()
    }
}
