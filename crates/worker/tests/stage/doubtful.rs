//! A queue whose leases can be made to lapse, and whose journal can be held up.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{
    Backlog, Consumer, Lease, Leased, PublishError, Queue, QueueError, Stored, Stream, Topic, Usage,
};
use tokio::sync::Semaphore;

/// A queue whose leases end, and which takes what was attempted, when a test says so.
pub struct Doubtful {
    pub queue: Arc<dyn Queue>,
    /// When leases end, in Unix milliseconds.
    pub ends: Arc<AtomicI64>,
    /// How many are said to have taken each record.
    pub takers: u32,
    /// Each storing in [`Topic::JournalLog`] uses up a permit.
    pub log: Arc<Semaphore>,
}

#[async_trait]
impl Queue for Doubtful {
    async fn publish(&self, topic: Topic, records: Vec<Bytes>) -> Result<Vec<Position>, PublishError> {
        if topic == Topic::JournalLog {
            self.log.acquire().await.expect("never closed").forget();
        }
        self.queue.publish(topic, records).await
    }

    async fn take(&self, consumer: Consumer, limit: usize, wait: Duration) -> Result<Vec<Leased>, QueueError> {
        let taken = self.queue.take(consumer, limit, wait).await?;
        let doubtful = |leased: Leased| {
            let Lease { message, index, consumer, .. } = leased.lease;
            let lease = Lease::new(consumer, message, index, Arc::clone(&self.ends));
            Leased { lease, takers: self.takers, ..leased }
        };
        Ok(taken.into_iter().map(doubtful).collect())
    }

    async fn finish(&self, leases: &[Lease]) -> Result<(), QueueError> {
        self.queue.finish(leases).await
    }

    async fn hand_back(&self, leases: &[Lease], delay: Duration) -> Result<(), QueueError> {
        self.queue.hand_back(leases, delay).await
    }

    async fn bury(&self, records: &[Leased], reason: &str) -> Result<(), QueueError> {
        self.queue.bury(records, reason).await
    }

    async fn read(&self, stream: Stream, position: Position) -> Result<Stored, QueueError> {
        self.queue.read(stream, position).await
    }

    async fn read_after(
        &self,
        topic: Topic,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Bytes)>, QueueError> {
        self.queue.read_after(topic, after, limit).await
    }

    async fn sequence_at(&self, stream: Stream, time: Timestamp) -> Result<u64, QueueError> {
        self.queue.sequence_at(stream, time).await
    }

    async fn trim(&self, stream: Stream, sequence: u64) -> Result<u64, QueueError> {
        self.queue.trim(stream, sequence).await
    }

    async fn trim_topic(&self, topic: Topic, sequence: u64) -> Result<(), QueueError> {
        self.queue.trim_topic(topic, sequence).await
    }

    async fn usage(&self, stream: Stream) -> Result<Usage, QueueError> {
        self.queue.usage(stream).await
    }

    async fn oldest_unfinished(&self, consumer: Consumer) -> Result<Option<Timestamp>, QueueError> {
        self.queue.oldest_unfinished(consumer).await
    }

    async fn backlog(&self, consumer: Consumer) -> Result<Backlog, QueueError> {
        self.queue.backlog(consumer).await
    }
}
