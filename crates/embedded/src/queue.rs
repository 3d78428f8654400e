//! Queue: streams of packs in the database; who has taken what, in memory.
//!
//! All is in one process, so a lease lasts as long as the taker keeps it and the handle it took with is there. What was taken
//! and not finished when the process ended is handed out again by the next one. Freed pages of the file are used again for
//! what is stored next; the file does not grow beyond what the streams' limits allow.

mod codes;
mod consumer;
mod core;
mod messages;
mod opening;
mod packer;
mod ranges;
mod reading;
mod recent;
mod records;
mod state;
mod taking;
mod trimming;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::{
    Backlog, Consumer, LARGEST_RECORD, Lease, Leased, PublishError, Queue, QueueError, Stored, Stream, Topic, Usage,
};
use tokio::task::JoinSet;

use self::consumer::Holder;
use self::core::Core;
use self::packer::Packer;
use self::taking::BURY_AGAIN;
use crate::database::{Database, DatabaseError, OpenError};

/// How many bytes each stream may hold, from `[embedded.bytes]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamLimits {
    /// Accepted events.
    pub events: u64,
    /// Deliveries that are to be attempted now.
    pub deliveries: u64,
    /// What happened.
    pub journal: u64,
    /// Records that nobody could finish.
    pub dead_letters: u64,
}

const GIB: u64 = 1024 * 1024 * 1024;

impl Default for StreamLimits {
    fn default() -> Self {
        Self { events: 8 * GIB, deliveries: 4 * GIB, journal: 8 * GIB, dead_letters: GIB / 4 }
    }
}

impl StreamLimits {
    fn of(&self, stream: Stream) -> u64 {
        match stream {
            Stream::Events => self.events,
            Stream::Deliveries => self.deliveries,
            Stream::Journal => self.journal,
            Stream::DeadLetters => self.dead_letters,
        }
    }
}

/// The queue, as one process has it. Leases belong to it: when it is dropped they end, [`fanfare_ports::queue::LEASE`] later.
pub struct EmbeddedQueue {
    shared: Arc<Shared>,
    holder: Holder,
}

struct Shared {
    core: Arc<Core>,
    packers: [Packer; codes::TOPICS],
    /// Aborted when it is dropped.
    _tasks: JoinSet<()>,
}

impl EmbeddedQueue {
    /// The queue in `database`.
    ///
    /// # Errors
    /// [`OpenError`] if what it holds cannot be read.
    pub async fn open(database: Arc<Database>, limits: StreamLimits, clock: SharedClock) -> Result<Self, OpenError> {
        let state = opening::state(&database, limits).await?;
        let core = Arc::new(Core::new(database, clock, state));
        let mut tasks = JoinSet::new();
        let packers = Topic::ALL.map(|topic| {
            let (packer, packing) = Packer::new(Arc::clone(&core), topic);
            tasks.spawn(packing);
            packer
        });
        tasks.spawn(Arc::clone(&core).keep_saving());
        tasks.spawn(Arc::clone(&core).keep_leases());
        core.watch_leases();
        Ok(Self { shared: Arc::new(Shared { core, packers, _tasks: tasks }), holder: 0 })
    }

    /// The same queue, as if another process had it: what one has taken is its own.
    #[must_use]
    pub fn another(&self) -> Self {
        let mut state = self.shared.core.state();
        state.holders += 1;
        Self { shared: Arc::clone(&self.shared), holder: state.holders }
    }

    /// Saves how far consumers are.
    ///
    /// # Errors
    /// [`DatabaseError`] if that failed.
    pub async fn flush(&self) -> Result<(), DatabaseError> {
        self.shared.core.save().await
    }

    async fn store(&self, topic: Topic, records: Vec<Bytes>) -> Result<Vec<Position>, PublishError> {
        self.shared.packers[codes::slot(codes::topic(topic))].publish(records).await
    }

    fn finish_now(&self, leases: &[Lease]) {
        let core = &self.shared.core;
        let now = core.clock.now();
        let mut state = core.state();
        let mut finished = false;
        for of_one in leases.chunk_by(|a, b| a.consumer == b.consumer) {
            if let Some(first) = of_one.first() {
                finished |= state.finish(first.consumer, of_one, now);
            }
        }
        drop(state);
        if finished {
            core.save_soon();
        }
    }

    fn hand_back_now(&self, leases: &[Lease], delay: Duration) {
        let core = &self.shared.core;
        let now = core.clock.now();
        for of_one in leases.chunk_by(|a, b| a.consumer == b.consumer) {
            if let Some(first) = of_one.first() {
                core.state().consumer(first.consumer).hand_back(of_one, delay, now);
                core.news(first.consumer).notify_waiters();
            }
        }
        core.save_soon();
    }
}

impl Drop for EmbeddedQueue {
    fn drop(&mut self) {
        let core = &self.shared.core;
        let now = core.clock.now();
        let mut state = core.state();
        state.consumers.iter_mut().for_each(|consumer| consumer.abandon(self.holder, now));
    }
}

#[async_trait]
impl Queue for EmbeddedQueue {
    async fn publish(&self, topic: Topic, records: Vec<Bytes>) -> Result<Vec<Position>, PublishError> {
        if let Some(record) = records.iter().find(|record| record.len() > LARGEST_RECORD) {
            return Err(PublishError::TooLarge { size: record.len() });
        }
        if records.is_empty() {
            return Ok(Vec::new());
        }
        self.store(topic, records).await
    }

    async fn take(&self, consumer: Consumer, limit: usize, wait: Duration) -> Result<Vec<Leased>, QueueError> {
        self.take_within(consumer, limit, wait).await
    }

    async fn finish(&self, leases: &[Lease]) -> Result<(), QueueError> {
        self.finish_now(leases);
        Ok(())
    }

    async fn hand_back(&self, leases: &[Lease], delay: Duration) -> Result<(), QueueError> {
        self.hand_back_now(leases, delay);
        Ok(())
    }

    async fn bury(&self, records: &[Leased], reason: &str) -> Result<(), QueueError> {
        let taken = {
            let (now, mut state) = (self.shared.core.clock.now(), self.shared.core.state());
            let is_taken = |one: &&Leased| state.consumer(one.lease.consumer).is_taken(&one.lease, now);
            records.iter().filter(is_taken).cloned().collect::<Vec<_>>()
        };
        let unburied = self.bury_all(&taken, reason).await;
        self.hand_back_now(&unburied, BURY_AGAIN);
        Ok(())
    }

    async fn read(&self, stream: Stream, position: Position) -> Result<Stored, QueueError> {
        reading::read(&self.shared.core, stream, position).await
    }

    async fn read_after(
        &self,
        topic: Topic,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Bytes)>, QueueError> {
        reading::read_after(&self.shared.core, topic, after, limit).await
    }

    async fn sequence_at(&self, stream: Stream, time: Timestamp) -> Result<u64, QueueError> {
        reading::sequence_at(&self.shared.core, stream, time).await
    }

    async fn trim(&self, stream: Stream, sequence: u64) -> Result<u64, QueueError> {
        trimming::trim(&self.shared.core, stream, sequence).await
    }

    async fn trim_topic(&self, topic: Topic, sequence: u64) -> Result<(), QueueError> {
        trimming::trim_topic(&self.shared.core, topic, sequence).await
    }

    async fn usage(&self, stream: Stream) -> Result<Usage, QueueError> {
        Ok(self.shared.core.state().usage(stream))
    }

    async fn oldest_unfinished(&self, consumer: Consumer) -> Result<Option<Timestamp>, QueueError> {
        reading::oldest_unfinished(&self.shared.core, consumer).await
    }

    async fn backlog(&self, consumer: Consumer) -> Result<Backlog, QueueError> {
        Ok(self.shared.core.state().backlog(consumer))
    }
}
