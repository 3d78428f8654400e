//! The servers that the distributed system stands on.

use fanfare_servers::ServerError;
use fanfare_servers::nats::Nats;
use fanfare_servers::postgres::Postgres;
use fanfare_servers::redis::Redis;

/// Private servers with nothing in them.
#[derive(Debug)]
pub struct Backends {
    /// Events, deliveries, the journal and the directory.
    pub nats: Nats,
    /// What waits for its time, and publishers' ids.
    pub redis: Redis,
    /// Configuration, and what happened.
    pub postgres: Postgres,
}

impl Backends {
    /// Starts all three.
    ///
    /// # Panics
    /// If one is not installed or does not start.
    pub(crate) async fn start() -> Self {
        let (nats, redis, postgres) = tokio::join!(start(Nats::start), start(Redis::start), start(Postgres::start));
        Self { nats, redis, postgres }
    }

    /// Starts all three as our files in `deploy` set them up, for those who measure: Postgres syncs each commit too.
    ///
    /// # Panics
    /// As [`Cluster::start`](crate::Cluster::start).
    pub async fn start_as_deployed() -> Self {
        let (nats, redis, postgres) =
            tokio::join!(start(Nats::start), start(Redis::start), start(Postgres::start_as_deployed));
        Self { nats, redis, postgres }
    }

    /// Each server's name and the id of its main process, while it runs.
    pub fn pids(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let all = [("nats", self.nats.server().pid()), ("redis", self.redis.pid()), ("postgres", self.postgres.pid())];
        all.into_iter().filter_map(|(name, pid)| Some((name, pid?)))
    }
}

async fn start<T: Send + 'static>(start: impl FnOnce() -> Result<T, ServerError> + Send + 'static) -> T {
    let started = tokio::task::spawn_blocking(start).await.expect("starting a server does not panic");
    started.unwrap_or_else(|error| panic!("{error}"))
}
