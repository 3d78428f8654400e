//! Fullness travels backwards: whoever writes to a stream takes nothing new while there is no room in it.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::time::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Queue, Stream, Usage};
use crate::clock::SharedClock;

/// A stream that is fuller than this takes no new work, in parts of its limit.
pub const FULL_ABOVE: f64 = 0.9;
/// Between looks at a stream that is not about to be full.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Between looks at one that is.
const LOOK_SOON: Duration = Duration::from_millis(20);

/// Whether a stream has room, looked at twice a second, and more often when it fills up fast.
#[derive(Debug)]
pub struct Room {
    stream: Stream,
    open: watch::Sender<bool>,
}

/// What a stream held, and when.
#[derive(Clone, Copy, Debug)]
struct Looked {
    at: Timestamp,
    bytes: u64,
}

impl Room {
    /// Room in `stream`, taken to be there until [`Self::watch`] has looked.
    #[must_use]
    pub fn in_stream(stream: Stream) -> Arc<Self> {
        Arc::new(Self { stream, open: watch::Sender::new(true) })
    }

    /// Whether there was room when last looked at. A queue that did not answer is taken to have none.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self.open.borrow()
    }

    /// Returns once there is room.
    pub async fn until_open(&self) {
        // The sender lives as long as we do.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }

    /// Looks until `stop`.
    pub async fn watch(&self, queue: &dyn Queue, clock: &SharedClock, stop: &CancellationToken) {
        let mut before = None;
        while !stop.is_cancelled() {
            let usage = self.look(queue).await;
            let now = usage.map(|usage| Looked { at: clock.now(), bytes: usage.bytes });
            let wait = match (before, now, usage) {
                (Some(before), Some(now), Some(usage)) => until_next_look(before, now, &usage),
                _ => LOOK_EVERY,
            };
            before = now;
            stop.run_until_cancelled(clock.sleep(wait)).await;
        }
    }

    async fn look(&self, queue: &dyn Queue) -> Option<Usage> {
        let usage = queue.usage(self.stream).await;
        let open = match &usage {
            Ok(usage) => usage.bytes < full_at(usage),
            Err(error) => {
                tracing::debug!(stream = ?self.stream, %error, "stream did not tell its size");
                false
            }
        };
        if self.open.send_replace(open) != open {
            tracing::info!(stream = ?self.stream, open, "room in stream changed");
        }
        usage.ok()
    }
}

fn full_at(usage: &Usage) -> u64 {
    (usage.limit as f64 * FULL_ABOVE) as u64
}

/// Half of the time in which the stream is full if it goes on filling up as it did.
fn until_next_look(before: Looked, now: Looked, usage: &Usage) -> Duration {
    let gained = now.bytes.saturating_sub(before.bytes);
    let left = full_at(usage).saturating_sub(now.bytes);
    if gained == 0 || left == 0 {
        return LOOK_EVERY;
    }
    let time = now.at.since(before.at).as_secs_f64() * left as f64 / gained as f64;
    Duration::from_secs_f64((time / 2.0).min(LOOK_EVERY.as_secs_f64())).max(LOOK_SOON)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(before: u64, now: u64, limit: u64) -> u128 {
        let usage = Usage { bytes: now, limit, ..Usage::default() };
        let looked = |millis, bytes| Looked { at: Timestamp::from_millis(millis), bytes };
        until_next_look(looked(0, before), looked(100, now), &usage).as_millis()
    }

    #[test]
    fn a_stream_that_fills_up_fast_is_looked_at_before_it_is_full() {
        assert_eq!(next(0, 100, 1_000), 400, "800 more take 800 ms");
        assert_eq!(next(100, 700, 1_000), 20, "200 more take 33 ms");
        assert_eq!(next(0, 10, 1_000_000), 500, "that is far away");
    }

    #[test]
    fn one_that_does_not_fill_up_or_is_full_is_looked_at_as_usual() {
        for (before, now) in [(100, 100), (200, 100), (0, 900), (0, 1_000)] {
            assert_eq!(next(before, now, 1_000), 500);
        }
    }

    #[tokio::test]
    async fn whoever_waits_for_room_goes_on_when_there_is_some() {
        let room = Room::in_stream(Stream::Journal);
        room.until_open().await;
        room.open.send_replace(false);
        let waiting = tokio::spawn({
            let room = Arc::clone(&room);
            async move { room.until_open().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished() && !room.is_open());
        room.open.send_replace(true);
        waiting.await.expect("it returns");
    }
}
