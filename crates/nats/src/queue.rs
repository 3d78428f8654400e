//! The queue: packs in streams, handed out under leases.

mod bookkeeping;
mod burial;
mod keeping;
mod moving;
mod opening;
mod packing;
mod pulling;
mod reading;
mod recent;
mod returning;
mod scanning;
mod taking;
mod trimming;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{
    Backlog, Consumer, DeadLetter, LARGEST_RECORD, Lease, Leased, PublishError, Queue, QueueError, Stored, Stream,
    Topic, Usage,
};
use futures::future::join_all;
use tokio_util::task::AbortOnDropHandle;

use self::bookkeeping::OpenPacks;
use self::packing::Packer;
use self::reading::ReadAhead;
use self::recent::RecentPacks;
use self::returning::Returns;
use self::taking::Taker;
use crate::connection::Link;

/// When a record that could not be put among the dead letters is handed out again.
const BURY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The queue of a process. What it has taken stays with it as long as it lives; when it is dropped, that lapses.
#[derive(Debug)]
pub struct NatsQueue {
    link: Link,
    packers: HashMap<Topic, Packer>,
    takers: HashMap<Consumer, Taker>,
    open: Arc<OpenPacks>,
    returns: Returns,
    read_ahead: ReadAhead,
    recent: RecentPacks,
    _keeper: AbortOnDropHandle<()>,
}

impl NatsQueue {
    pub(crate) fn over(link: Link) -> Self {
        let open = Arc::new(OpenPacks::default());
        Self {
            packers: Topic::ALL.into_iter().map(|topic| (topic, Packer::start(topic, link.clone()))).collect(),
            takers: Consumer::ALL.into_iter().map(|consumer| (consumer, Taker::of(consumer, &link))).collect(),
            returns: Returns::default(),
            read_ahead: ReadAhead::default(),
            recent: RecentPacks::default(),
            _keeper: AbortOnDropHandle::new(tokio::spawn(keeping::keep(link.clone(), Arc::clone(&open)))),
            open,
            link,
        }
    }
}

#[async_trait]
impl Queue for NatsQueue {
    async fn publish(&self, topic: Topic, records: Vec<Bytes>) -> Result<Vec<Position>, PublishError> {
        if let Some(size) = records.iter().map(Bytes::len).find(|size| *size > LARGEST_RECORD) {
            return Err(PublishError::TooLarge { size });
        }
        match self.packers.get(&topic) {
            Some(packer) => packer.store(records).await,
            None => Err(PublishError::unavailable("no such topic")),
        }
    }

    async fn take(&self, consumer: Consumer, limit: usize, wait: Duration) -> Result<Vec<Leased>, QueueError> {
        match self.takers.get(&consumer) {
            Some(taker) => taker.take(&self.open, limit, wait).await,
            None => Err(QueueError::NotSetUp(format!("no consumer {consumer:?}"))),
        }
    }

    async fn finish(&self, leases: &[Lease]) -> Result<(), QueueError> {
        let done = self.open.finish(leases, self.link.clock.0.now());
        self.acknowledge(done).await
    }

    async fn hand_back(&self, leases: &[Lease], delay: Duration) -> Result<(), QueueError> {
        self.returns.work(leases, delay, |leases, delay| self.store_again(leases, delay)).await;
        Ok(())
    }

    async fn bury(&self, records: &[Leased], reason: &str) -> Result<(), QueueError> {
        for one in records {
            let Some(topic) = self.open.topic(&one.lease, self.link.clock.0.now()) else { continue };
            let (position, takers, record) = (one.position, one.takers, one.record.clone());
            let letter = DeadLetter { topic, position, takers, reason: reason.to_owned(), record };
            match burial::bury(&self.link, letter).await {
                Ok(()) => self.finish(std::slice::from_ref(&one.lease)).await?,
                Err(error) => {
                    tracing::error!(%error, "dead letter is not stored yet");
                    self.keep(&one.lease, BURY_AGAIN_AFTER);
                }
            }
        }
        Ok(())
    }

    async fn read(&self, stream: Stream, position: Position) -> Result<Stored, QueueError> {
        reading::read(&self.link, &self.recent, stream, position).await
    }

    async fn read_after(
        &self,
        topic: Topic,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Bytes)>, QueueError> {
        self.read_ahead.read_after(&self.link, topic, after, limit).await
    }

    async fn sequence_at(&self, stream: Stream, time: Timestamp) -> Result<u64, QueueError> {
        reading::sequence_at(&self.link, stream, time).await
    }

    async fn trim(&self, stream: Stream, sequence: u64) -> Result<u64, QueueError> {
        trimming::trim(&self.link, stream, sequence).await
    }

    async fn trim_topic(&self, topic: Topic, sequence: u64) -> Result<(), QueueError> {
        trimming::trim_topic(&self.link, topic, sequence).await
    }

    async fn usage(&self, stream: Stream) -> Result<Usage, QueueError> {
        trimming::usage(&self.link, stream).await
    }

    async fn oldest_unfinished(&self, consumer: Consumer) -> Result<Option<Timestamp>, QueueError> {
        trimming::oldest_unfinished(&self.link, consumer).await
    }

    async fn backlog(&self, consumer: Consumer) -> Result<Backlog, QueueError> {
        trimming::backlog(&self.link, consumer).await
    }
}

impl NatsQueue {
    /// Stores records for whoever takes next, and finishes them where they came from.
    async fn store_again(&self, leases: Vec<Lease>, delay: Duration) {
        let leaving = self.open.leaving(&leases, self.link.clock.0.now());
        join_all(leaving.iter().map(|leaving| async move {
            match returning::store(&self.link, leaving, delay).await {
                Ok(()) => {
                    if let Err(error) = self.finish(&leaving.leases).await {
                        tracing::warn!(%error, "records were handed back and not finished: they come twice");
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, records = leaving.leases.len(), "records are handed back to this process alone");
                    leaving.leases.iter().for_each(|lease| self.keep(lease, delay));
                }
            }
        }))
        .await;
        // Whoever hands back is often about to end, and what is not sent by then is lost.
        if !leaving.is_empty() {
            keeping::send_now(&self.link).await;
        }
    }

    /// Hands a record out again, in this process, after `delay`.
    fn keep(&self, lease: &Lease, delay: Duration) {
        if let Some(taker) = self.takers.get(&lease.consumer) {
            taker.keep(&self.open, lease, delay);
        }
    }

    async fn acknowledge(&self, done: Vec<async_nats::Subject>) -> Result<(), QueueError> {
        for reply in done {
            keeping::tell(&self.link, reply, keeping::FINISHED).await?;
        }
        Ok(())
    }
}
