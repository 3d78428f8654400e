//! How to reach Redis, and whose time counts.

use std::fmt;
use std::time::Duration;

use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::SharedClock;
use serde::Deserialize;

/// Settings of Redis, from `[redis]`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSettings {
    /// Where it is, with credentials: `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS.
    pub url: String,
    /// Longest wait for an answer; then the server counts as away.
    #[serde(default = "default_timeout", with = "humantime_serde")]
    pub timeout: Duration,
}

impl RedisSettings {
    /// The server at `url`, with defaults for everything else.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), timeout: default_timeout() }
    }
}

/// The URL may hold a password, which is not to reach a log.
impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSettings").field("url", &"…").field("timeout", &self.timeout).finish()
    }
}

const fn default_timeout() -> Duration {
    Duration::from_secs(2)
}

/// Whose time the schedule goes by.
#[derive(Clone)]
pub enum TimeSource {
    /// The server's, which all processes share.
    Server,
    /// A clock that tests move.
    Clock(SharedClock),
}

impl TimeSource {
    /// The time that scripts are given, if they are not to ask the server.
    pub(crate) fn given(&self) -> Option<Timestamp> {
        match self {
            Self::Server => None,
            Self::Clock(clock) => Some(clock.now()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let settings = RedisSettings::at("redis://user:hunter2@127.0.0.1");
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn settings_are_read_and_unknown_ones_refused() {
        let settings: RedisSettings = toml::from_str("url = \"redis://r\"\ntimeout = \"500ms\"").expect("valid");
        assert_eq!((settings.url.as_str(), settings.timeout), ("redis://r", Duration::from_millis(500)));
        toml::from_str::<RedisSettings>("url = \"redis://r\"\npassword = \"x\"").expect_err("unknown");
    }
}
