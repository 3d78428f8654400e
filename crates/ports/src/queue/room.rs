//! Fullness travels backwards: whoever writes to a stream takes nothing new while there is no room in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Queue, Stream};
use crate::clock::SharedClock;

/// A stream that is fuller than this takes no new work, in parts of its limit.
pub const FULL_ABOVE: f64 = 0.9;
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Whether a stream has room, looked at twice a second.
#[derive(Debug)]
pub struct Room {
    stream: Stream,
    open: AtomicBool,
}

impl Room {
    /// Room in `stream`, taken to be there until [`Self::watch`] has looked.
    #[must_use]
    pub fn in_stream(stream: Stream) -> Arc<Self> {
        Arc::new(Self { stream, open: AtomicBool::new(true) })
    }

    /// Whether there was room when last looked at. A queue that did not answer is taken to have none.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// Looks until `stop`.
    pub async fn watch(&self, queue: &dyn Queue, clock: &SharedClock, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            self.look(queue).await;
            stop.run_until_cancelled(clock.sleep(LOOK_EVERY)).await;
        }
    }

    /// Looks once.
    pub async fn look(&self, queue: &dyn Queue) {
        let open = match queue.usage(self.stream).await {
            Ok(usage) => (usage.bytes as f64) < usage.limit as f64 * FULL_ABOVE,
            Err(error) => {
                tracing::debug!(stream = ?self.stream, %error, "stream did not tell its size");
                false
            }
        };
        if self.open.swap(open, Ordering::Relaxed) != open {
            tracing::info!(stream = ?self.stream, open, "room in stream changed");
        }
    }
}
