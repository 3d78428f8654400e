//! Removing from the streams what nobody needs any more. The process that applies does it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use fanfare_domain::retry::MAX_WAIT;
use fanfare_ports::queue::{QueueError, Stream, Topic, Usage};
use fanfare_ports::schedule::ScheduleError;
use tokio_util::sync::CancellationToken;

use crate::service::Scheduler;

/// A stream that is fuller than this is trimmed each second, in parts of its limit.
const FILLING_ABOVE: f64 = 0.75;
const WHILE_FILLING: Duration = Duration::from_secs(1);
/// What waits was put there at most so long before it is due: the longest delay, and what clocks may differ.
const PUT_BEFORE_DUE: Duration = Duration::from_secs(MAX_WAIT.as_secs() + 600);

#[derive(Debug, thiserror::Error)]
enum TrimError {
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Scheduler {
    /// Trims until `stop`, while this process applies.
    pub(crate) async fn trim(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let mut pause = self.config.trim_every;
            if self.leads.load(Ordering::Relaxed) {
                match self.trim_once().await {
                    Ok(true) => pause = pause.min(WHILE_FILLING),
                    Ok(false) => {}
                    Err(error) => tracing::warn!(%error, "streams are not trimmed"),
                }
            }
            stop.run_until_cancelled(self.clock.sleep(pause.min(self.config.trim_every))).await;
        }
    }

    /// Trims each stream once. True if one is filling up.
    async fn trim_once(&self) -> Result<bool, TrimError> {
        let oldest_kept = self.clock.now().minus(self.retention);
        let events = self.queue.sequence_at(Stream::Events, oldest_kept).await?;
        self.queue.trim(Stream::Events, events).await?;
        // The port never goes past what a consumer has not finished.
        let deliveries = self.queue.usage(Stream::Deliveries).await?;
        self.queue.trim(Stream::Deliveries, deliveries.last + 1).await?;
        if let Some(journal) = self.journal_needed_from().await? {
            self.queue.trim(Stream::Journal, journal).await?;
        }
        let mut filling = false;
        for stream in Stream::ALL {
            filling |= is_filling(self.queue.usage(stream).await?);
        }
        Ok(filling)
    }

    /// The journal's first sequence from which a lost schedule could be made again; `None` if that is not known now.
    async fn journal_needed_from(&self) -> Result<Option<u64>, TrimError> {
        if !self.dispatches.load(Ordering::Relaxed) {
            // What is due and not dispatched has its time put off again and again, which hides when it was put.
            return Ok(None);
        }
        // Asked in this order: whatever is stored after `last` does not count, and what was stored before is applied.
        let last = self.queue.usage(Stream::Journal).await?.last;
        let Some(position) = self.schedule.position().await? else {
            let nothing_waits = self.queue.read_after(Topic::JournalSchedule, Default::default(), 1).await?.is_empty();
            return Ok(nothing_waits.then_some(last + 1));
        };
        if !self.queue.read_after(Topic::JournalSchedule, position, 1).await?.is_empty() {
            return Ok(None);
        }
        match self.schedule.earliest().await? {
            None => Ok(Some(last + 1)),
            Some(earliest) => {
                let put_after = earliest.min(self.clock.now()).minus(PUT_BEFORE_DUE);
                Ok(Some(self.queue.sequence_at(Stream::Journal, put_after).await?.min(last + 1)))
            }
        }
    }
}

fn is_filling(usage: Usage) -> bool {
    usage.bytes as f64 > usage.limit as f64 * FILLING_ABOVE
}
