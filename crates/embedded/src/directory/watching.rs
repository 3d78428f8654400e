//! Watching: what there is, then what changes, without a gap between the two.

use fanfare_ports::directory::{DirectoryError, Entry, EntryKey, Notice, Write};
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::{Told, unavailable};
use crate::database::Database;

/// The watcher was too slow for the changes that are kept for it.
#[derive(Debug, thiserror::Error)]
#[error("watcher missed {0} changes")]
struct Missed(u64);

/// The directory was closed.
#[derive(Debug, thiserror::Error)]
#[error("directory is closed")]
struct Closed;

pub(super) async fn watch(
    database: &Database,
    told: &Told,
) -> Result<BoxStream<'static, Result<Notice, DirectoryError>>, DirectoryError> {
    // Changes are heard before the entries are read; those that the entries have already are passed over.
    let changes = told.notices.subscribe();
    let mut transaction = database.read().begin().await.map_err(unavailable)?;
    let revision: i64 =
        sqlx::query_scalar("SELECT revision FROM directory").fetch_one(&mut *transaction).await.map_err(unavailable)?;
    let rows: Vec<(String, i64, String)> =
        sqlx::query_as("SELECT key, revision, entry FROM directory_entries ORDER BY revision")
            .fetch_all(&mut *transaction)
            .await
            .map_err(unavailable)?;
    transaction.commit().await.map_err(unavailable)?;
    let revision = revision as u64;
    let entries = rows.into_iter().filter_map(|(key, revision, entry)| readable(&key, revision as u64, &entry).map(Ok));
    let first_reading = entries.chain([Ok(Notice::CaughtUp { revision })]);
    Ok(stream::iter(first_reading.collect::<Vec<_>>()).chain(after(changes, revision)).boxed())
}

fn readable(key: &str, revision: u64, entry: &str) -> Option<Notice> {
    let read = || {
        let key: EntryKey = serde_json::from_str(key)?;
        let entry: Entry = serde_json::from_str(entry)?;
        Ok::<_, serde_json::Error>(Write { key, entry: Some(entry) })
    };
    match read() {
        Ok(write) => Some(Notice::Changed { revision, write }),
        Err(error) => {
            tracing::error!(key, %error, "directory entry cannot be read");
            None
        }
    }
}

/// Changes above `revision`; ends after the first error.
fn after(
    changes: Receiver<Notice>,
    revision: u64,
) -> impl futures::Stream<Item = Result<Notice, DirectoryError>> + Send + 'static {
    stream::unfold(Some(changes), move |changes| async move {
        let mut changes = changes?;
        loop {
            return match changes.recv().await {
                Ok(Notice::Changed { revision: changed, .. }) if changed <= revision => continue,
                Ok(notice) => Some((Ok(notice), Some(changes))),
                Err(RecvError::Lagged(missed)) => Some((Err(DirectoryError::Unavailable(Missed(missed).into())), None)),
                Err(RecvError::Closed) => Some((Err(DirectoryError::Unavailable(Closed.into())), None)),
            };
        }
    })
}
