//! A queue that is read from a replica which has not come as far.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{
    Backlog, Consumer, Lease, Leased, PublishError, Queue, QueueError, Stored, Stream, Topic, Usage,
};

/// A queue of which a reader once finds nothing where there is something.
pub(crate) struct Behind {
    queue: Arc<dyn Queue>,
    /// The next reader who begins before this sequence finds nothing; 0 if nobody does.
    lacks: AtomicU64,
}

impl Behind {
    pub(crate) fn none(queue: Arc<dyn Queue>) -> Self {
        Self { queue, lacks: AtomicU64::new(0) }
    }

    /// The next reader who begins before `sequence` finds nothing.
    pub(crate) fn lack(&self, sequence: u64) {
        self.lacks.store(sequence, Ordering::SeqCst);
    }

    /// Whether nobody has met what it lacks.
    pub(crate) fn still_lacks(&self) -> bool {
        self.lacks.load(Ordering::SeqCst) > 0
    }
}

#[async_trait]
impl Queue for Behind {
    async fn publish(&self, topic: Topic, records: Vec<Bytes>) -> Result<Vec<Position>, PublishError> {
        self.queue.publish(topic, records).await
    }

    async fn take(&self, consumer: Consumer, limit: usize, wait: Duration) -> Result<Vec<Leased>, QueueError> {
        self.queue.take(consumer, limit, wait).await
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
        if after.sequence < self.lacks.load(Ordering::SeqCst) {
            self.lacks.store(0, Ordering::SeqCst);
            return Ok(Vec::new());
        }
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
