//! Directory: entries in a table; watchers are told in the order of commits.

mod watching;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use fanfare_ports::directory::{Directory, DirectoryError, Entry, EntryKey, Notice, Write};
use futures::stream::BoxStream;
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};
use tokio::sync::broadcast;

use crate::database::{Database, DatabaseError, OpenError};

/// Changes that a watcher may be behind before it must watch again.
const KEPT_NOTICES: usize = 4096;
const ROWS_TOGETHER: usize = 64;

/// Current entries. A change is in force as soon as its write has returned.
#[derive(Debug)]
pub struct EmbeddedDirectory {
    database: Arc<Database>,
    told: Arc<Told>,
}

/// What watchers have been told.
#[derive(Debug)]
struct Told {
    revision: AtomicU64,
    notices: broadcast::Sender<Notice>,
}

/// A write as the table has it.
struct Row {
    key: String,
    entry: Option<String>,
}

impl EmbeddedDirectory {
    /// The directory in `database`.
    ///
    /// # Errors
    /// [`OpenError`] if it cannot be read.
    pub async fn open(database: Arc<Database>) -> Result<Self, OpenError> {
        let revision: i64 = sqlx::query_scalar("SELECT revision FROM directory")
            .fetch_one(database.read())
            .await
            .map_err(OpenError::Unreadable)?;
        let notices = broadcast::Sender::new(KEPT_NOTICES);
        Ok(Self { database, told: Arc::new(Told { revision: AtomicU64::new(revision as u64), notices }) })
    }
}

impl Row {
    fn of(write: &Write) -> Result<Self, DirectoryError> {
        let unwritable = |error: serde_json::Error| DirectoryError::Unavailable(error.into());
        let key = key_text(&write.key)?;
        let entry = write.entry.as_ref().map(serde_json::to_string).transpose().map_err(unwritable)?;
        Ok(Self { key, entry })
    }
}

fn key_text(key: &EntryKey) -> Result<String, DirectoryError> {
    serde_json::to_string(key).map_err(|error| DirectoryError::Unavailable(error.into()))
}

fn unavailable(error: impl Into<DatabaseError>) -> DirectoryError {
    DirectoryError::Unavailable(error.into().into())
}

/// Writes rows in order and tells the revision of the first.
async fn store(connection: &mut SqliteConnection, rows: &[Row]) -> Result<u64, DatabaseError> {
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let last: i64 = sqlx::query_scalar("UPDATE directory SET revision = revision + ? RETURNING revision")
        .bind(count)
        .fetch_one(&mut *connection)
        .await?;
    let first = last - count + 1;
    let numbered: Vec<(i64, &Row)> = (first..).zip(rows).collect();
    // Runs of one kind, so that order is kept and there are few statements.
    for run in numbered.chunk_by(|a, b| a.1.entry.is_some() == b.1.entry.is_some()) {
        for part in run.chunks(ROWS_TOGETHER) {
            store_alike(connection, part).await?;
        }
    }
    Ok(first as u64)
}

async fn store_alike(connection: &mut SqliteConnection, rows: &[(i64, &Row)]) -> Result<(), DatabaseError> {
    if rows.first().is_some_and(|(_, row)| row.entry.is_some()) {
        let mut upsert = QueryBuilder::<Sqlite>::new("INSERT INTO directory_entries (key, revision, entry) ");
        upsert.push_values(rows, |mut values, (revision, row)| {
            values.push_bind(row.key.clone()).push_bind(*revision).push_bind(row.entry.clone());
        });
        upsert.push(" ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, entry = excluded.entry");
        upsert.build().execute(connection).await?;
    } else {
        let keys: Vec<&str> = rows.iter().map(|(_, row)| row.key.as_str()).collect();
        sqlx::query("DELETE FROM directory_entries WHERE key IN (SELECT value FROM json_each(?))")
            .bind(serde_json::json!(keys).to_string())
            .execute(connection)
            .await?;
    }
    Ok(())
}

#[async_trait]
impl Directory for EmbeddedDirectory {
    async fn write(&self, writes: &[Write]) -> Result<(), DirectoryError> {
        if writes.is_empty() {
            return Ok(());
        }
        let rows = writes.iter().map(Row::of).collect::<Result<Vec<_>, _>>()?;
        let (told, writes) = (Arc::clone(&self.told), writes.to_vec());
        self.database
            .write_in_order(
                move |connection| Box::pin(async move { store(connection, &rows).await }),
                move |first| {
                    for (revision, write) in (*first..).zip(writes) {
                        told.revision.store(revision, Ordering::Release);
                        // Nobody may be watching.
                        let _ = told.notices.send(Notice::Changed { revision, write });
                    }
                },
            )
            .await
            .map_err(unavailable)?;
        Ok(())
    }

    async fn watch(&self) -> Result<BoxStream<'static, Result<Notice, DirectoryError>>, DirectoryError> {
        watching::watch(&self.database, &self.told).await
    }

    async fn get(&self, key: &EntryKey) -> Result<Option<Entry>, DirectoryError> {
        let entry: Option<String> = sqlx::query_scalar("SELECT entry FROM directory_entries WHERE key = ?")
            .bind(key_text(key)?)
            .fetch_optional(self.database.read())
            .await
            .map_err(unavailable)?;
        let entry = entry.map(|entry| serde_json::from_str(&entry)).transpose();
        entry.map_err(|error| DirectoryError::Unavailable(error.into()))
    }

    async fn revision(&self) -> Result<u64, DirectoryError> {
        Ok(self.told.revision.load(Ordering::Acquire))
    }

    fn freshness(&self) -> Duration {
        Duration::ZERO
    }
}
