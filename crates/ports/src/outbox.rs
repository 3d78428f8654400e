//! Telling the directory what the store has taken down.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::directory::{Directory, DirectoryError};
use crate::store::{Outbox, StoreError};

const ITEMS: u32 = 500;
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Why the directory was not told.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// The store did not give the changes.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The directory did not take them.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

/// Moves changes from the store's outbox to the directory, in order. Every process that makes changes runs one; the outbox
/// sees to it that one at a time is at work.
pub struct Teller {
    outbox: Arc<dyn Outbox>,
    directory: Arc<dyn Directory>,
    clock: SharedClock,
    holder: String,
    /// Held while telling: two at it under one holder's name could write an older change after a newer one.
    telling: Mutex<()>,
    changed: Notify,
}

impl Teller {
    /// A teller; `holder` names this process and no other.
    #[must_use]
    pub fn new(
        outbox: Arc<dyn Outbox>,
        directory: Arc<dyn Directory>,
        clock: SharedClock,
        holder: String,
    ) -> Arc<Self> {
        Arc::new(Self { outbox, directory, clock, holder, telling: Mutex::default(), changed: Notify::new() })
    }

    /// Tells all that is there now. Returns how much that was; zero also if another process is at it.
    ///
    /// # Errors
    /// [`TellError`] if either side is away; what was not told stays in the outbox.
    pub async fn tell(&self) -> Result<usize, TellError> {
        let _alone = self.telling.lock().await;
        let mut told = 0;
        loop {
            let items = self.outbox.untold(&self.holder, ITEMS).await?;
            let Some(last) = items.last().map(|item| item.sequence) else { return Ok(told) };
            told += items.len();
            let writes: Vec<_> = items.into_iter().map(|item| item.write).collect();
            self.directory.write(&writes).await?;
            self.outbox.told(&self.holder, last).await?;
        }
    }

    /// Has [`Self::run`] look at once, because something was changed.
    pub fn hurry(&self) {
        self.changed.notify_one();
    }

    /// Tells changes as they come, until `stop`.
    pub async fn run(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.tell().await {
                tracing::warn!(%error, "directory was not told of changes yet");
            }
            let pause = async {
                tokio::select! {
                    () = self.changed.notified() => {}
                    () = self.clock.sleep(LOOK_EVERY) => {}
                }
            };
            stop.run_until_cancelled(pause).await;
        }
    }
}
