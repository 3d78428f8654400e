//! What an operator may set.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use serde::Deserialize;

/// Settings of the REST service, from `[api]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Longest time that a request may take, its body included, such as `"30s"`.
    #[serde(with = "humantime_serde")]
    pub request_timeout: Duration,
    /// Longest time that a client may take for its TLS handshake, and until the next request's head is there.
    #[serde(with = "humantime_serde")]
    pub header_timeout: Duration,
    /// Largest body of a request that does not publish, in bytes.
    pub max_body: NonZeroUsize,
    /// Largest head of a request, in bytes.
    pub max_head: NonZeroUsize,
    /// Connections at once; more wait.
    pub max_connections: NonZeroUsize,
    /// Replays that one process works on at once; others wait.
    pub replays_at_once: NonZeroUsize,
    /// Messages of replayed deliveries that may wait for workers; replays pause above that.
    pub replay_backlog: NonZeroU32,
    /// Where browsers reach this service, such as `"https://webhooks.example.com"`; what a request says itself, if not given.
    pub public_url: Option<String>,
    /// How long somebody stays signed in to the dashboard, such as `"12h"`.
    #[serde(with = "humantime_serde")]
    pub session: Duration,
    /// Pages that are told at once what happens (`GET /v1/live`); more are refused.
    pub live_connections: NonZeroUsize,
}

impl Default for Config {
    fn default() -> Self {
        const BODY: NonZeroUsize = NonZeroUsize::new(1024 * 1024).expect("not zero");
        const HEAD: NonZeroUsize = NonZeroUsize::new(64 * 1024).expect("not zero");
        const CONNECTIONS: NonZeroUsize = NonZeroUsize::new(4096).expect("not zero");
        const REPLAYS: NonZeroUsize = NonZeroUsize::new(8).expect("not zero");
        const LIVE: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");
        const BACKLOG: NonZeroU32 = NonZeroU32::new(256).expect("not zero");
        Self {
            request_timeout: Duration::from_secs(30),
            header_timeout: Duration::from_secs(30),
            max_body: BODY,
            max_head: HEAD,
            max_connections: CONNECTIONS,
            replays_at_once: REPLAYS,
            replay_backlog: BACKLOG,
            public_url: None,
            session: Duration::from_secs(12 * 3600),
            live_connections: LIVE,
        }
    }
}
