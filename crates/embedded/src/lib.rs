//! Every port in one process, durable on local disk in two SQLite files: what is under way, and what is known.

pub mod database;
pub mod directory;
pub mod idempotency;
pub mod queue;
pub mod schedule;
pub mod store;

use std::path::PathBuf;
use std::sync::Arc;

use fanfare_ports::clock::SharedClock;

pub use self::database::{Contents, DataDirectory, Database, DatabaseError, OpenError};
pub use self::directory::EmbeddedDirectory;
pub use self::idempotency::EmbeddedIdempotency;
pub use self::queue::{EmbeddedQueue, StreamLimits};
pub use self::schedule::EmbeddedSchedule;
pub use self::store::SqliteStore;

/// Where the data lies and how much there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedSettings {
    /// The data directory; made if it is not there.
    pub data_dir: PathBuf,
    /// How many bytes each stream may hold.
    pub limits: StreamLimits,
}

/// All ports on one data directory. Dropping it ends the process's work in the background; [`Self::close`] waits for that.
pub struct Embedded {
    databases: [Arc<Database>; 2],
    queue: Arc<EmbeddedQueue>,
    directory: Arc<EmbeddedDirectory>,
    schedule: Arc<EmbeddedSchedule>,
    idempotency: Arc<EmbeddedIdempotency>,
    store: Arc<SqliteStore>,
}

impl Embedded {
    /// Opens the data directory, making it and bringing it up to date as needed.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::InUse`] if another process has it open.
    pub async fn open(settings: EmbeddedSettings, clock: SharedClock) -> Result<Self, OpenError> {
        let directory = DataDirectory::take(&settings.data_dir).await?;
        let (database, rows) = tokio::try_join!(directory.open(Contents::Queue), directory.open(Contents::Store))?;
        let (database, rows) = (Arc::new(database), Arc::new(rows));
        let queue = EmbeddedQueue::open(Arc::clone(&database), settings.limits, Arc::clone(&clock)).await?;
        let directory = EmbeddedDirectory::open(Arc::clone(&database)).await?;
        let schedule = EmbeddedSchedule::open(Arc::clone(&database), Arc::clone(&clock)).await?;
        Ok(Self {
            queue: Arc::new(queue),
            directory: Arc::new(directory),
            schedule: Arc::new(schedule),
            idempotency: Arc::new(EmbeddedIdempotency::new(Arc::clone(&database), Arc::clone(&clock))),
            store: Arc::new(SqliteStore::new(Arc::clone(&rows), clock)),
            databases: [database, rows],
        })
    }

    /// The queue. [`EmbeddedQueue::another`] gives it to what shall be seen as another process.
    #[must_use]
    pub fn queue(&self) -> Arc<EmbeddedQueue> {
        Arc::clone(&self.queue)
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> Arc<EmbeddedDirectory> {
        Arc::clone(&self.directory)
    }

    /// The schedule.
    #[must_use]
    pub fn schedule(&self) -> Arc<EmbeddedSchedule> {
        Arc::clone(&self.schedule)
    }

    /// Publishers' own ids.
    #[must_use]
    pub fn idempotency(&self) -> Arc<EmbeddedIdempotency> {
        Arc::clone(&self.idempotency)
    }

    /// What is remembered.
    #[must_use]
    pub fn store(&self) -> Arc<SqliteStore> {
        Arc::clone(&self.store)
    }

    /// Saves what is only in memory, does what is queued, and lets go of the data directory. Later calls of the ports fail.
    pub async fn close(&self) {
        if let Err(error) = self.queue.flush().await {
            tracing::warn!(%error, "progress of the queue was not saved");
        }
        for database in &self.databases {
            database.close().await;
        }
    }
}
