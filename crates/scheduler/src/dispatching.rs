//! Moving what is due back to the workers. Any process may.

use std::collections::HashMap;
use std::time::Duration;

use fanfare_domain::delivery::{Delivery, Lane, Turn};
use fanfare_domain::ids::Run;
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Consumer, PublishError, QueueError, Topic};
use fanfare_ports::schedule::{Claim, ScheduleError};
use fanfare_proto::records::encode_delivery;
use tokio_util::sync::CancellationToken;

use crate::catching_up::LookError;
use crate::service::Scheduler;

/// How soon it is looked again where something keeps us from dispatching.
const HELD_PAUSE: Duration = Duration::from_millis(100);
/// The longest time without looking: another process may have put something earlier.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// The lanes that released deliveries go to.
const LANES: [Lane; 2] = [Lane::Retry, Lane::Bulk];

#[derive(Debug, thiserror::Error)]
enum DispatchError {
    #[error(transparent)]
    Look(#[from] LookError),
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// What a look at the schedule came to.
enum Looked {
    /// Something was dispatched; there may be more.
    Dispatched,
    /// Something keeps us from dispatching.
    Held,
    /// Nothing is due before this.
    NothingUntil(Option<Timestamp>),
}

impl Scheduler {
    /// Dispatches until `stop`.
    pub(crate) async fn dispatch(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.dispatch_once().await {
                Ok(Looked::Dispatched) => {
                    self.note_dispatching(true);
                    continue;
                }
                Ok(Looked::Held) => HELD_PAUSE,
                Ok(Looked::NothingUntil(next)) => {
                    self.note_dispatching(true);
                    let until = next.map_or(LONGEST_PAUSE, |next| next.since(self.clock.now()));
                    until.clamp(Duration::from_millis(1), LONGEST_PAUSE)
                }
                Err(error) => {
                    self.note_dispatching(false);
                    tracing::warn!(%error, "what is due waits");
                    HELD_PAUSE
                }
            };
            let waiting = async {
                tokio::select! {
                    () = self.applied.notified() => {}
                    () = self.clock.sleep(pause) => {}
                }
            };
            stop.run_until_cancelled(waiting).await;
        }
    }

    async fn dispatch_once(&self) -> Result<Looked, DispatchError> {
        if !self.catching_up.look(&*self.schedule, &*self.queue).await? || !self.room.is_open() {
            return Ok(Looked::Held);
        }
        if self.too_much_is_released().await? {
            return Ok(Looked::Held);
        }
        let claimed = self.schedule.claim(self.config.claim_lease, self.config.batch.get()).await?;
        if claimed.claims.is_empty() {
            return Ok(Looked::NothingUntil(claimed.next));
        }
        for (lane, claims) in by_lane(&claimed.claims) {
            let records = claims.iter().map(|claim| encode_delivery(&delivery_of(claim))).collect();
            self.queue.publish(Topic::Deliveries(lane), records).await?;
            self.schedule.finish(&claims).await?;
        }
        Ok(Looked::Dispatched)
    }

    async fn too_much_is_released(&self) -> Result<bool, QueueError> {
        for lane in LANES {
            let backlog = self.queue.backlog(Consumer::Worker(lane)).await?;
            if backlog.waiting + backlog.taken >= self.config.released.get() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn by_lane(claims: &[Claim]) -> HashMap<Lane, Vec<Claim>> {
    let mut lanes: HashMap<Lane, Vec<Claim>> = HashMap::new();
    for claim in claims {
        let lane = if claim.delivery.run == Run::First { Lane::Retry } else { Lane::Bulk };
        lanes.entry(lane).or_default().push(*claim);
    }
    lanes
}

fn delivery_of(claim: &Claim) -> Delivery {
    Delivery {
        reference: claim.delivery,
        turn: Turn::Scheduled(claim.attempt),
        waited: true,
        paced: claim.parked,
        due: claim.due,
        event: None,
    }
}
