//! Bringing the write-ahead log into the file, beside the writer: within the commit that makes the log long it would hold up all
//! others for as long as the file takes to be synced. They are seldom, too: a page that many commits write is brought in once.
//!
//! What is committed meanwhile stays in the log, so under load it would never be empty and begin anew. When it has become long,
//! another pass follows at once, and then the writer brings in the little that is left between two transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Row};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// From one checkpoint to the next, while there are commits.
const BETWEEN: Duration = Duration::from_millis(500);
/// Pages in the log from which on it is to begin anew.
const LONG_LOG: i64 = 6000;

/// What the writer and the checkpoints tell each other.
#[derive(Debug, Default)]
struct Signals {
    committed: Notify,
    log_is_long: AtomicBool,
}

/// The checkpoints of one database, under way beside its writer.
#[derive(Debug)]
pub(super) struct Checkpoints {
    signals: Arc<Signals>,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Checkpoints {
    pub(super) fn beside(options: SqliteConnectOptions) -> Self {
        let (signals, stop) = (Arc::new(Signals::default()), CancellationToken::new());
        let running = tokio::spawn(run(options, Arc::clone(&signals), stop.clone()));
        Self { signals, stop, running }
    }

    /// The writer has committed; tells whether it is to bring in what is left of the log.
    pub(super) fn committed(&self) -> bool {
        self.signals.committed.notify_one();
        self.signals.log_is_long.swap(false, Ordering::AcqRel)
    }

    /// Ends them and lets go of the file.
    pub(super) async fn end(self) {
        self.stop.cancel();
        if let Err(error) = self.running.await {
            tracing::error!(%error, "checkpoints ended badly");
        }
    }
}

async fn run(options: SqliteConnectOptions, signals: Arc<Signals>, stop: CancellationToken) {
    let mut connection = None;
    while stop.run_until_cancelled(signals.committed.notified()).await.is_some() {
        if stop.run_until_cancelled(tokio::time::sleep(BETWEEN)).await.is_none() {
            break;
        }
        match passes(&mut connection, &options).await {
            Ok(log_is_long) => signals.log_is_long.store(log_is_long, Ordering::Release),
            Err(error) => {
                tracing::warn!(%error, "write-ahead log was not brought into the database yet");
                connection = None;
            }
        }
    }
    if let Some(connection) = connection
        && let Err(error) = connection.close().await
    {
        tracing::warn!(%error, "connection for checkpoints was not closed cleanly");
    }
}

/// Brings the log in; tells whether it has become long, of which hardly anything is left to bring in then.
async fn passes(
    connection: &mut Option<SqliteConnection>,
    options: &SqliteConnectOptions,
) -> Result<bool, sqlx::Error> {
    let connection = match connection {
        Some(connection) => connection,
        none => none.insert(options.connect().await?),
    };
    let is_long = checkpoint(connection).await? >= LONG_LOG;
    if is_long {
        checkpoint(connection).await?;
    }
    Ok(is_long)
}

/// Brings in as much of the log as nobody reads; tells how many pages the log has.
pub(super) async fn checkpoint(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(connection).await?.try_get(1)
}
