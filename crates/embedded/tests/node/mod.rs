//! A process on a data directory of its own, which can be ended and started again.

use std::path::Path;
use std::sync::Arc;

use fanfare_embedded::{Embedded, EmbeddedSettings, StreamLimits};
use fanfare_ports::clock::SharedClock;
use tempfile::TempDir;
use tokio::sync::Mutex;

/// One data directory, and the process that has it open.
pub struct Node {
    directory: TempDir,
    clock: SharedClock,
    running: Mutex<Option<Arc<Embedded>>>,
}

impl Node {
    pub fn new(clock: SharedClock) -> Self {
        Self { directory: tempfile::tempdir().expect("a directory"), clock, running: Mutex::new(None) }
    }

    /// The process, started if it is not there.
    pub async fn running(&self, limits: StreamLimits) -> Arc<Embedded> {
        let mut running = self.running.lock().await;
        if let Some(embedded) = &*running {
            return Arc::clone(embedded);
        }
        let embedded = Arc::new(open(self.directory.path(), limits, &self.clock).await);
        Arc::clone(running.insert(embedded))
    }

    /// Ends the process in good order.
    pub async fn end(&self) {
        if let Some(embedded) = self.running.lock().await.take() {
            embedded.close().await;
        }
    }
}

pub async fn open(directory: &Path, limits: StreamLimits, clock: &SharedClock) -> Embedded {
    let settings = EmbeddedSettings { data_dir: directory.to_owned(), limits };
    Embedded::open(settings, Arc::clone(clock)).await.expect("the data directory opens")
}
