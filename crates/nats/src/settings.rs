//! What an operator sets about NATS.

use std::fmt;
use std::num::NonZeroU8;
use std::path::PathBuf;

use serde::Deserialize;

const GIB: u64 = 1024 * 1024 * 1024;

/// Settings of NATS, from `[nats]`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NatsSettings {
    /// Where the servers are: `nats://host:port` or `tls://host:port`, several separated by commas; credentials may stand
    /// before the host, as `user:password@` or `token@`.
    pub url: String,
    /// A credentials file (JWT and seed), where the servers ask for one.
    pub credentials: Option<PathBuf>,
    /// A file with the certificates of the authorities that signed the servers', in place of the system's.
    pub ca: Option<PathBuf>,
    /// On how many servers each stream lies: 1, or 3 or 5 in a cluster. `fanfare migrate` applies it.
    pub replicas: NonZeroU8,
    /// How large each stream may become. `fanfare migrate` applies it.
    pub bytes: StreamBytes,
}

/// How many bytes each stream may hold; one that is full refuses more. The servers must have room for their sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamBytes {
    /// Accepted events, for as long as `retention.events`.
    pub events: u64,
    /// Deliveries that are to be attempted now.
    pub deliveries: u64,
    /// What happened, until it is in Postgres and nothing waits for it.
    pub journal: u64,
    /// Records that nobody could finish.
    pub dead_letters: u64,
    /// Tenants, webhooks, keys and event types.
    pub directory: u64,
}

impl Default for NatsSettings {
    fn default() -> Self {
        Self {
            url: "nats://127.0.0.1:4222".to_owned(),
            credentials: None,
            ca: None,
            replicas: NonZeroU8::MIN,
            bytes: StreamBytes::default(),
        }
    }
}

impl Default for StreamBytes {
    fn default() -> Self {
        Self { events: 4 * GIB, deliveries: GIB, journal: 2 * GIB, dead_letters: GIB / 4, directory: GIB / 4 }
    }
}

impl StreamBytes {
    /// The same limit for each.
    #[must_use]
    pub const fn each(bytes: u64) -> Self {
        Self { events: bytes, deliveries: bytes, journal: bytes, dead_letters: bytes, directory: bytes }
    }

    /// What the servers must have room for.
    #[must_use]
    pub const fn sum(&self) -> u64 {
        self.events
            .saturating_add(self.deliveries)
            .saturating_add(self.journal)
            .saturating_add(self.dead_letters)
            .saturating_add(self.directory)
    }
}

// The URL may hold a password.
impl fmt::Debug for NatsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsSettings")
            .field("url", &"…")
            .field("credentials", &self.credentials)
            .field("ca", &self.ca)
            .field("replicas", &self.replicas)
            .field("bytes", &self.bytes)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_has_a_default_and_what_is_unknown_is_refused() {
        let settings: NatsSettings =
            serde_json::from_str(r#"{"url": "tls://a:4222", "replicas": 3, "bytes": {"events": 1}}"#).expect("valid");
        assert_eq!((settings.replicas.get(), settings.bytes.events, settings.bytes.deliveries), (3, 1, GIB));
        for unknown in [r#"{"urls": ""}"#, r#"{"bytes": {"event": 1}}"#, r#"{"replicas": 0}"#] {
            assert!(serde_json::from_str::<NatsSettings>(unknown).is_err(), "{unknown}");
        }
    }
}
