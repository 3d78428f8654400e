//! The connection to Redis, which is made anew when it breaks, hangs, or leads to a server that no longer takes writes.

use std::collections::HashMap;
use std::time::Duration;

use fanfare_ports::Cause;
use fanfare_ports::schedule::ScheduleError;
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, ErrorKind, IntoConnectionInfo, RedisError, RedisResult, ServerErrorKind};
use tokio::sync::Mutex;

use crate::settings::RedisSettings;

/// What is sent and not acknowledged for so long by the other machine's network breaks the connection.
const DEAD_AFTER: Duration = Duration::from_secs(10);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is not one of Redis.
    #[error("not a redis url")]
    Url(#[source] RedisError),
    /// Nobody answered, or not as Redis does.
    #[error("redis is unavailable")]
    Unavailable(#[source] RedisError),
    /// Nobody answered in time.
    #[error("redis did not answer within {0:?}")]
    TimedOut(Duration),
    /// The server would forget entries when its memory is full.
    #[error("redis evicts entries: maxmemory-policy is {policy}, must be noeviction")]
    Evicts {
        /// What it is set to.
        policy: String,
    },
}

impl From<ConnectError> for ScheduleError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Evicts { .. } => Self::Unsafe(error.to_string()),
            ConnectError::Url(_) | ConnectError::Unavailable(_) | ConnectError::TimedOut(_) => {
                Self::Unavailable(error.into())
            }
        }
    }
}

impl From<ConnectError> for fanfare_ports::idempotency::IdempotencyError {
    fn from(error: ConnectError) -> Self {
        Self(Cause::from(error))
    }
}

/// One connection that all callers share.
pub(crate) struct Link {
    client: Client,
    timeout: Duration,
    current: Mutex<Current>,
}

#[derive(Default)]
struct Current {
    connection: Option<MultiplexedConnection>,
    /// Tells connections apart.
    number: u64,
}

impl Link {
    /// A link that has not connected yet.
    pub(crate) fn to(settings: &RedisSettings) -> Result<Self, ConnectError> {
        let tcp = TcpSettings::default().set_nodelay(true);
        #[cfg(target_os = "linux")]
        let tcp = tcp.set_user_timeout(DEAD_AFTER);
        let info = settings.url.as_str().into_connection_info().map_err(ConnectError::Url)?.set_tcp_settings(tcp);
        let client = Client::open(info).map_err(ConnectError::Url)?;
        Ok(Self { client, timeout: settings.timeout, current: Mutex::default() })
    }

    /// The current connection, and its number; a new one if there is none.
    pub(crate) async fn connection(&self) -> Result<(MultiplexedConnection, u64), ConnectError> {
        let mut current = self.current.lock().await;
        let connection = match &current.connection {
            Some(connection) => connection.clone(),
            None => {
                let made = self.connect().await?;
                current.number += 1;
                current.connection.insert(made).clone()
            }
        };
        Ok((connection, current.number))
    }

    async fn connect(&self) -> Result<MultiplexedConnection, ConnectError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(self.timeout));
        let mut connection = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(ConnectError::Unavailable)?;
        check_that_nothing_is_evicted(&mut connection).await?;
        Ok(connection)
    }

    /// Runs `command` on the connection, for as long as the settings allow altogether.
    pub(crate) async fn run<T>(
        &self,
        command: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, ConnectError> {
        let mut used = None;
        let running = async {
            let (mut connection, number) = self.connection().await?;
            used = Some(number);
            command(&mut connection).await.map_err(ConnectError::Unavailable)
        };
        let outcome = match tokio::time::timeout(self.timeout, running).await {
            Ok(outcome) => outcome,
            Err(_) => Err(ConnectError::TimedOut(self.timeout)),
        };
        let broken = match &outcome {
            Err(ConnectError::Unavailable(error)) => breaks_connection(error),
            Err(ConnectError::TimedOut(_)) => true,
            _ => false,
        };
        if let (true, Some(number)) = (broken, used) {
            self.forget(number).await;
        }
        outcome
    }

    async fn forget(&self, number: u64) {
        let mut current = self.current.lock().await;
        if current.number == number {
            current.connection = None;
        }
    }
}

/// Whether another connection may do better: this one is broken or hangs, or its server has become a replica.
fn breaks_connection(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_unrecoverable_error()
        || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}

async fn check_that_nothing_is_evicted(connection: &mut MultiplexedConnection) -> Result<(), ConnectError> {
    let asked = redis::cmd("CONFIG").arg("GET").arg("maxmemory*").query_async(connection).await;
    let settings: HashMap<String, String> = match asked {
        Ok(settings) => settings,
        Err(error) if breaks_connection(&error) || loads(&error) => return Err(ConnectError::Unavailable(error)),
        Err(error) => {
            tracing::warn!(%error, "redis does not tell its maxmemory-policy; it must be noeviction");
            return Ok(());
        }
    };
    let is_limited = settings.get("maxmemory").is_some_and(|bytes| bytes != "0");
    match settings.get("maxmemory-policy") {
        Some(policy) if is_limited && policy != "noeviction" => Err(ConnectError::Evicts { policy: policy.clone() }),
        _ => Ok(()),
    }
}

fn loads(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::BusyLoading)
}
