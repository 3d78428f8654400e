//! The database files that the ports share, each with one writer of its own.
//!
//! Reading: `database.read()` is a pool of read-only connections; use it as any sqlx executor.
//!
//! Writing: every write is a job that the writer runs. All jobs that have queued up while the commit before was under way
//! run in one transaction, which is synced to disk once; each caller is answered after that commit.
//!
//! ```ignore
//! let made: u64 = database
//!     .write(move |connection| Box::pin(async move {
//!         let done = sqlx::query("INSERT INTO things (name) VALUES (?)").bind(name).execute(&mut *connection).await
//!             .map_err(DatabaseError::from)?;
//!         Ok::<_, StoreError>(done.rows_affected())
//!     }))
//!     .await?;
//! ```
//!
//! - [`Database::write`]: a job that answers `Err` is undone alone (it runs within a savepoint); the others stay. Its error
//!   may be any type with `From<DatabaseError>` (as `StoreError` has), so a job can refuse by content.
//! - [`Database::write_together`]: no savepoint, which saves two hand-overs; for jobs that fail only if the database does. An
//!   error fails the whole transaction, and everybody in it is told so.
//! - A job must not run `BEGIN`, `COMMIT` or `ROLLBACK`; `connection.begin()` makes a nested savepoint. Jobs hold up all other
//!   writers, so: put much into each statement (10–20 µs of hand-over each), do not wait for anything but the connection, and
//!   cut large deletions into several jobs.
//! - No transaction spans the two files of [`Contents`]: between them, as between the backends of production, the next place is
//!   written before the last is cleared. Their migrations lie in `migrations/queue` and `migrations/store`.

mod checkpoints;
mod contents;
mod lock;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use sqlx::ConnectOptions;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub use self::contents::Contents;
pub use self::lock::DataDirectory;
use self::lock::DirectoryLock;
use self::writer::{Job, Write, Writer};

const READERS: u32 = 8;
/// Jobs that may wait for the writer; further callers wait for room.
const QUEUED_JOBS: usize = 1024;
/// Larger than SQLite's own choice, since packs are large.
const PAGE_BYTES: u32 = 8192;
/// A commit brings the log into the file itself only if the checkpoints beside it do not get to it.
const CHECKPOINT_PAGES: &str = "16000";
/// The write-ahead log is cut back to this many bytes after a checkpoint.
const LOG_BYTES: &str = "67108864";
const READER_CACHE_KIB: &str = "-4096";
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Why the data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or this one, has it open.
    #[error("data directory {} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// It cannot be made or written to.
    #[error("data directory {} cannot be used", .path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A version before the first release made it.
    #[error("data directory {} was made by a version before the first release, whose {file} cannot be read; remove what is in \
         it, or name another directory", .path.display())]
    Outdated {
        /// Which directory.
        path: PathBuf,
        /// The file that tells.
        file: &'static str,
    },
    /// The file in it cannot be opened, read or brought up to date.
    #[error("database {} cannot be opened", .path.display())]
    Database {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: sqlx::Error,
    },
    /// What is stored cannot be read.
    #[error("stored data cannot be read")]
    Unreadable(#[source] sqlx::Error),
    /// What is stored cannot be understood.
    #[error("stored data is not understood: {0}")]
    Damaged(String),
}

/// Why a job was not done, or what it wrote was undone.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DatabaseError {
    /// SQLite refused or failed: disk full, broken, or a statement that does not hold.
    #[error("database failed")]
    Failed(#[source] Arc<sqlx::Error>),
    /// The transaction that the job was part of failed; nothing of it was stored.
    #[error("database failed to commit")]
    NotCommitted(#[source] Arc<sqlx::Error>),
    /// It was closed, or is about to be.
    #[error("database is closed")]
    Closed,
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(Arc::new(error))
    }
}

/// A database of a data directory, open. Dropping it without [`Database::close`] does the queued jobs and closes it in the
/// background.
#[derive(Debug)]
pub struct Database {
    readers: SqlitePool,
    /// The writer ends when the last strong sender is gone; all but the one in `running` are short-lived.
    jobs: mpsc::WeakSender<Box<dyn Job>>,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    jobs: mpsc::Sender<Box<dyn Job>>,
    writer: JoinHandle<()>,
}

impl Database {
    async fn open(path: PathBuf, contents: Contents, lock: Arc<DirectoryLock>) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Database { path: path.clone(), source };
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let writing = options
            .clone()
            .create_if_missing(true)
            .page_size(PAGE_BYTES)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .pragma("journal_size_limit", LOG_BYTES)
            .pragma("cache_size", contents.writer_cache())
            .pragma("temp_store", "memory");
        let connection = up_to_date(&writing, contents).await.map_err(failed)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options.read_only(true).pragma("cache_size", READER_CACHE_KIB))
            .await
            .map_err(failed)?;
        let (jobs, queued) = mpsc::channel(QUEUED_JOBS);
        let writer = tokio::spawn(Writer::new(writing, connection, lock).run(queued));
        Ok(Self { readers, jobs: jobs.downgrade(), running: Mutex::new(Some(Running { jobs, writer })) })
    }

    /// Connections that read what has been committed.
    #[must_use]
    pub fn read(&self) -> &SqlitePool {
        &self.readers
    }

    /// Runs `job` on the writing connection and returns once what it wrote is synced. If it answers with an error, what it
    /// wrote is undone.
    ///
    /// # Errors
    /// The job's own, or a [`DatabaseError`] if its transaction failed or the database is closed.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        self.submit(true, job, |_| ()).await
    }

    /// Like [`Self::write`], for jobs that fail only when the database does: an error undoes the whole transaction.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn write_together<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        self.submit(false, job, |_| ()).await
    }

    /// Like [`Self::write_together`]; once committed, `after` is called with the result before anything else is committed
    /// and in the order of the jobs, so that what is kept in memory follows the database exactly. It must be quick.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn write_in_order<T, E, F, A>(&self, job: F, after: A) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        A: FnOnce(&T) + Send + 'static,
    {
        self.submit(false, job, after).await
    }

    async fn submit<T, E, F, A>(&self, guarded: bool, job: F, after: A) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        A: FnOnce(&T) + Send + 'static,
    {
        let (caller, answered) = oneshot::channel();
        let jobs = self.jobs.upgrade().ok_or(DatabaseError::Closed)?;
        jobs.send(Box::new(Write { guarded, job, after, caller })).await.map_err(|_| DatabaseError::Closed)?;
        drop(jobs);
        answered.await.unwrap_or_else(|_| Err(DatabaseError::Closed.into()))
    }

    /// Does the jobs that are queued, closes all connections and lets go of the directory, if this was the last to use it.
    /// Later jobs are refused.
    pub async fn close(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { jobs, writer }) = running {
            drop(jobs);
            // The writer closes last: it alone can bring the log into the file.
            self.readers.close().await;
            if let Err(error) = writer.await {
                tracing::error!(%error, "database writer ended badly");
            }
        }
        self.readers.close().await;
    }
}

/// The writing connection, once the schema is up to date. It comes out of a pool because a migrator that is given a connection
/// makes a future that is not `Send` for every lifetime.
async fn up_to_date(options: &SqliteConnectOptions, contents: Contents) -> Result<SqliteConnection, sqlx::Error> {
    let one = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    contents.migrator().run(&one).await?;
    let connection = one.acquire().await?.detach();
    one.close().await;
    Ok(connection)
}
