//! How to reach Postgres.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::Deserialize;

/// Settings of Postgres, from `[postgres]`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// Where it is, with credentials: `postgres://user:password@host:port/database?sslmode=verify-full`.
    pub url: String,
    /// Connections of one process, at most.
    #[serde(default = "default_max_connections")]
    pub max_connections: NonZeroU32,
    /// Longest wait for a connection; then the server counts as away.
    #[serde(default = "default_connect_timeout", with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// Longest time that the server works on one statement.
    #[serde(default = "default_statement_timeout", with = "humantime_serde")]
    pub statement_timeout: Duration,
}

impl PostgresSettings {
    /// The database at `url`, with defaults for everything else.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: default_max_connections(),
            connect_timeout: default_connect_timeout(),
            statement_timeout: default_statement_timeout(),
        }
    }
}

/// The URL may hold a password, which is not to reach a log.
impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSettings")
            .field("url", &"…")
            .field("max_connections", &self.max_connections)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .finish()
    }
}

const fn default_max_connections() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(9)
}

const fn default_connect_timeout() -> Duration {
    Duration::from_secs(5)
}

const fn default_statement_timeout() -> Duration {
    Duration::from_secs(30)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let settings = PostgresSettings::at("postgres://user:hunter2@127.0.0.1");
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn settings_are_read_and_unknown_ones_refused() {
        let text = "url = \"postgres://p\"\nmax_connections = 3\nconnect_timeout = \"500ms\"";
        let settings: PostgresSettings = toml::from_str(text).expect("valid");
        assert_eq!((settings.max_connections.get(), settings.connect_timeout), (3, Duration::from_millis(500)));
        toml::from_str::<PostgresSettings>("url = \"postgres://p\"\nmax_connections = 0").expect_err("none");
        toml::from_str::<PostgresSettings>("url = \"postgres://p\"\npassword = \"x\"").expect_err("unknown");
    }
}
