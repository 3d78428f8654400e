//! Stores claimed deliveries in the lanes of the workers, then finishes the claims.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::delivery::{Delivery, Lane, Turn};
use fanfare_domain::event::TraceContext;
use fanfare_domain::ids::Run;
use fanfare_ports::queue::{Consumer, QueueError, Topic, keep_storing};
use fanfare_ports::schedule::Claim;
use fanfare_proto::records::encode_delivery;

use crate::metrics::Metrics;
use crate::service::{Ports, SchedulerError};

/// Storing is given up well before the claims end; then they are claimed again.
const STORE_WITHIN: Duration = Duration::from_secs(8);
const FINISH_AGAIN_AFTER: Duration = Duration::from_millis(200);

pub(super) struct Releasing {
    ports: Ports,
    /// Messages of a lane that may be unfinished.
    most: u64,
    metrics: Arc<Metrics>,
}

impl Releasing {
    pub(super) const fn new(ports: Ports, most: u64, metrics: Arc<Metrics>) -> Self {
        Self { ports, most, metrics }
    }

    /// Whether more may be released to those who take what has waited.
    pub(super) async fn workers_keep_up(&self) -> Result<bool, QueueError> {
        self.has_room(Lane::Retry).await
    }

    async fn has_room(&self, lane: Lane) -> Result<bool, QueueError> {
        let backlog = self.ports.queue.backlog(Consumer::Worker(lane)).await?;
        Ok(backlog.waiting.saturating_add(backlog.taken) < self.most)
    }

    /// Releases what was claimed; says why if the queue did not take it. A replay's deliveries wait behind the replay
    /// itself: while its lane is full their claims are left to end, and come again.
    pub(super) async fn release(&self, claims: Vec<Claim>) -> Result<Result<(), String>, SchedulerError> {
        let (mut replayed, retried): (Vec<_>, Vec<_>) =
            claims.into_iter().partition(|claim| claim.delivery.run != Run::First);
        if !replayed.is_empty() && !self.has_room(Lane::Bulk).await? {
            tracing::debug!(deliveries = replayed.len(), "lane of replays is full");
            replayed.clear();
        }
        let (retried, replayed) =
            tokio::join!(self.move_to(Lane::Retry, &retried), self.move_to(Lane::Bulk, &replayed));
        Ok(retried?.and(replayed?))
    }

    async fn move_to(&self, lane: Lane, claims: &[Claim]) -> Result<Result<(), String>, SchedulerError> {
        if claims.is_empty() {
            return Ok(Ok(()));
        }
        let records = claims.iter().map(|claim| encode_delivery(&delivery(claim))).collect();
        let storing = keep_storing(self.ports.queue.as_ref(), &self.ports.clock, Topic::Deliveries(lane), records);
        let stored = tokio::select! {
            stored = storing => stored,
            () = self.ports.clock.sleep(STORE_WITHIN) => return Ok(Err("the queue to take deliveries".to_owned())),
        };
        if let Err(error) = stored {
            // A reference is a few dozen bytes, so this cannot be; the claims end and the entries stay.
            tracing::error!(%error, "deliveries cannot be stored");
            return Ok(Err(error.to_string()));
        }
        self.metrics.released(lane, claims.len());
        tracing::debug!(deliveries = claims.len(), ?lane, "released");
        self.finish(claims).await
    }

    /// What is not finished is released again, so it is tried for as long as the claims are ours.
    async fn finish(&self, claims: &[Claim]) -> Result<Result<(), String>, SchedulerError> {
        let Some(until) = claims.iter().map(|claim| claim.until).min() else { return Ok(Ok(())) };
        loop {
            let Err(error) = self.ports.schedule.finish(claims).await else { return Ok(Ok(())) };
            let why = SchedulerError::from(error).bearable()?;
            if self.ports.clock.now() >= until {
                tracing::warn!(why, deliveries = claims.len(), "released deliveries will be released again");
                return Ok(Err(why));
            }
            self.ports.clock.sleep(FINISH_AGAIN_AFTER).await;
        }
    }
}

fn delivery(claim: &Claim) -> Delivery {
    Delivery {
        reference: claim.delivery,
        turn: Turn::Scheduled(claim.attempt),
        waited: true,
        paced: claim.parked,
        due: claim.due,
        event: None,
        trace: TraceContext::default(),
    }
}
