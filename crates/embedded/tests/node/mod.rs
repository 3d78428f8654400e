//! A process on a data directory of its own, which can be ended and started again.

use std::sync::Arc;

use fanfare_embedded::{Embedded, EmbeddedSettings, StreamLimits};
use fanfare_ports::clock::SharedClock;
use tempfile::TempDir;
use tokio::sync::Mutex;

/// One data directory, and the process that has it open.
pub(crate) struct Node {
    directory: TempDir,
    clock: SharedClock,
    running: Mutex<Option<Arc<Embedded>>>,
}

impl Node {
    pub(crate) fn new(clock: SharedClock) -> Self {
        Self { directory: tempfile::tempdir().expect("a directory"), clock, running: Mutex::new(None) }
    }

    /// The process, started if it is not there.
    pub(crate) async fn running(&self, limits: StreamLimits) -> Arc<Embedded> {
        let mut running = self.running.lock().await;
        if let Some(embedded) = &*running {
            return Arc::clone(embedded);
        }
        let settings = EmbeddedSettings { data_dir: self.directory.path().to_owned(), limits };
        let embedded = Embedded::open(settings, Arc::clone(&self.clock)).await.expect("the data directory opens");
        Arc::clone(running.insert(Arc::new(embedded)))
    }

    /// Ends the process in good order.
    pub(crate) async fn end(&self) {
        if let Some(embedded) = self.running.lock().await.take() {
            embedded.close().await;
        }
    }
}
