//! A Redis server of a test's own, which the suites' fixtures share.

use std::sync::{Mutex, PoisonError};

use fanfare_redis::{Redis, RedisSettings, TimeSource, connect};
use fanfare_servers::redis::Redis as Server;

/// The server behind a fixture.
pub(crate) struct Backend {
    server: Mutex<Server>,
    url: String,
}

impl Backend {
    /// A server without data.
    pub(crate) fn start() -> Self {
        let server = Server::start().expect("redis starts");
        Self { url: server.url(), server: Mutex::new(server) }
    }

    /// Connects as one more process does.
    pub(crate) async fn connect(&self, time: TimeSource) -> Redis {
        connect(&RedisSettings::at(&self.url), time).await.expect("redis is there")
    }

    /// A connection to look and meddle with.
    pub(crate) async fn client(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.url.as_str()).expect("a url");
        client.get_multiplexed_async_connection().await.expect("redis is there")
    }

    /// Does something to the server.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Server) -> T) -> T {
        act(&mut self.server.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
