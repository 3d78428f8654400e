//! Keeping the schedule up to date with the journal. One process at a time does it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_ports::queue::{QueueError, Topic};
use fanfare_ports::schedule::{Applied, Change, ScheduleError};
use fanfare_proto::records::{RecordError, decode_journal};
use tokio_util::sync::CancellationToken;

use crate::changes::change_of;
use crate::service::Scheduler;

/// How long the right to apply lasts without being renewed.
const LEAD_FOR: Duration = Duration::from_secs(5);
const RENEW_EVERY: Duration = Duration::from_millis(1_500);
/// How often somebody else tries to get the right.
const TRY_EVERY: Duration = Duration::from_secs(1);
/// How soon new journal records are looked for where there were none.
const IDLE_PAUSE: Duration = Duration::from_millis(25);
/// How often the schedule's position is compared with ours while nothing is applied.
const COMPARE_EVERY: Duration = Duration::from_secs(1);
const AFTER_ERROR: Duration = Duration::from_millis(250);
const AFTER_UNREADABLE: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
enum ApplyError {
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error("journal record at {0:?} was written by a newer version")]
    Newer(Position),
}

impl Scheduler {
    /// Applies the journal until `stop`, while nobody else does.
    pub(crate) async fn apply(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.lead_and_apply(stop).await {
                Ok(()) => TRY_EVERY,
                Err(error @ ApplyError::Newer(_)) => {
                    self.unreadable.store(true, Ordering::Relaxed);
                    tracing::error!(%error, "schedule stands still until a newer version takes over");
                    AFTER_UNREADABLE
                }
                Err(error) => {
                    tracing::warn!(%error, "schedule is not kept up to date");
                    AFTER_ERROR
                }
            };
            self.leads.store(false, Ordering::Relaxed);
            stop.run_until_cancelled(self.clock.sleep(pause)).await;
        }
    }

    /// Returns when another process holds the right to apply, or at `stop`.
    async fn lead_and_apply(&self, stop: &CancellationToken) -> Result<(), ApplyError> {
        let mut renewed = self.clock.now();
        if !self.schedule.lead(&self.holder, LEAD_FOR).await? {
            return Ok(());
        }
        self.leads.store(true, Ordering::Relaxed);
        let mut compared = renewed;
        let mut at = self.schedule.position().await?;
        while !stop.is_cancelled() {
            let now = self.clock.now();
            if now.since(renewed) >= RENEW_EVERY {
                if !self.schedule.lead(&self.holder, LEAD_FOR).await? {
                    return Ok(());
                }
                renewed = now;
            }
            if now.since(compared) >= COMPARE_EVERY {
                // It may have been emptied or put back while there was nothing to apply.
                at = self.schedule.position().await?;
                compared = now;
            }
            let after = at.unwrap_or_default();
            let records = self.queue.read_after(Topic::JournalSchedule, after, self.config.batch.get()).await?;
            let Some((to, _)) = records.last() else {
                stop.run_until_cancelled(self.clock.sleep(IDLE_PAUSE)).await;
                continue;
            };
            let changes = changes_of(&records)?;
            self.unreadable.store(false, Ordering::Relaxed);
            match self.schedule.apply(&self.holder, at, *to, &changes).await? {
                Applied::Done => {
                    at = Some(*to);
                    self.applied.notify_one();
                }
                Applied::Elsewhere { at: elsewhere } => {
                    tracing::warn!(ours = ?at, its = ?elsewhere, "schedule is elsewhere: reading on from there");
                    at = elsewhere;
                }
                Applied::NotLeader => return Ok(()),
            }
        }
        Ok(())
    }
}

/// The changes that `records` make. A damaged record can never be read: it is told and passed over.
fn changes_of(records: &[(Position, Bytes)]) -> Result<Vec<Change>, ApplyError> {
    let mut changes = Vec::with_capacity(records.len());
    for (position, record) in records {
        match decode_journal(record) {
            Ok(record) => changes.extend(change_of(&record)),
            Err(RecordError::UnknownFormat(_)) => return Err(ApplyError::Newer(*position)),
            Err(error) => tracing::error!(%error, ?position, "journal record is damaged and passed over"),
        }
    }
    Ok(changes)
}
