//! Durable streams of records, and who works on them.

mod dead_letter;
mod gathering;
mod pack;
mod room;
mod storing;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use fanfare_domain::delivery::{Lane, Position};
use fanfare_domain::time::Timestamp;

pub use self::dead_letter::{DeadLetter, DeadLetterError};
pub use self::gathering::{InLine, Line, apart};
pub use self::pack::{Pack, PackError};
pub use self::room::{FULL_ABOVE, Room};
pub use self::storing::keep_storing;

use crate::Cause;

/// Largest number of records in one message.
pub const PACK_RECORDS: usize = 256;
/// Largest number of deliveries in one message. It bounds what a dead worker repeats beside what it had in flight: the finished
/// neighbours in its open messages. With half as many, a delivery costs the server a fifth more.
pub const PACK_DELIVERIES: usize = 128;
/// A message is closed before its records pass this many bytes; a record larger than this travels alone.
pub const PACK_BYTES: usize = 256 * 1024;
/// Largest record, in bytes: an event of 256 KiB with everything around it, and room to spare.
pub const LARGEST_RECORD: usize = 768 * 1024;
/// How long a taker that dies keeps its records from others.
pub const LEASE: Duration = Duration::from_secs(5);
/// A record that so many takers neither finished nor handed back goes to [`Stream::DeadLetters`].
pub const TAKERS: u32 = 5;

/// A stream, with a byte limit of its own. None forgets by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Accepted events.
    Events,
    /// Deliveries that are to be attempted now.
    Deliveries,
    /// What happened.
    Journal,
    /// Records that nobody could finish.
    DeadLetters,
}

impl Stream {
    /// All streams.
    pub const ALL: [Self; 4] = [Self::Events, Self::Deliveries, Self::Journal, Self::DeadLetters];

    /// The stream's name, as operators see it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Deliveries => "deliveries",
            Self::Journal => "journal",
            Self::DeadLetters => "dead-letters",
        }
    }
}

/// What records are published to. Order holds within a topic and one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Accepted events.
    Events,
    /// Deliveries, by lane.
    Deliveries(Lane),
    /// Journal records that the scheduler need not see.
    JournalLog,
    /// Journal records that change what waits.
    JournalSchedule,
    /// Records that nobody could finish, each a [`DeadLetter`].
    DeadLetters,
}

impl Topic {
    /// All topics.
    pub const ALL: [Self; 7] = [
        Self::Events,
        Self::Deliveries(Lane::Fresh),
        Self::Deliveries(Lane::Retry),
        Self::Deliveries(Lane::Bulk),
        Self::JournalLog,
        Self::JournalSchedule,
        Self::DeadLetters,
    ];

    /// The topic's name, which never changes, such as `deliveries.fresh`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Deliveries(Lane::Fresh) => "deliveries.fresh",
            Self::Deliveries(Lane::Retry) => "deliveries.retry",
            Self::Deliveries(Lane::Bulk) => "deliveries.bulk",
            Self::JournalLog => "journal.log",
            Self::JournalSchedule => "journal.schedule",
            Self::DeadLetters => "dead-letters",
        }
    }

    /// The topic that is called so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }

    /// The stream that keeps this topic's records.
    #[must_use]
    pub const fn stream(self) -> Stream {
        match self {
            Self::Events => Stream::Events,
            Self::Deliveries(_) => Stream::Deliveries,
            Self::JournalLog | Self::JournalSchedule => Stream::Journal,
            Self::DeadLetters => Stream::DeadLetters,
        }
    }

    /// How many records one message of this topic may hold.
    #[must_use]
    pub const fn pack_records(self) -> usize {
        match self {
            Self::Deliveries(_) => PACK_DELIVERIES,
            // Each is looked at by itself.
            Self::DeadLetters => 1,
            Self::Events | Self::JournalLog | Self::JournalSchedule => PACK_RECORDS,
        }
    }
}

/// Those who take records; all processes of a service are one consumer and share its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Consumer {
    /// Takes [`Topic::Events`].
    Router,
    /// Takes one lane of [`Topic::Deliveries`].
    Worker(Lane),
    /// Takes [`Topic::JournalLog`] and [`Topic::JournalSchedule`].
    Logs,
}

impl Consumer {
    /// All consumers.
    pub const ALL: [Self; 5] =
        [Self::Router, Self::Worker(Lane::Fresh), Self::Worker(Lane::Retry), Self::Worker(Lane::Bulk), Self::Logs];

    /// The consumer's name, as operators see it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Worker(Lane::Fresh) => "worker-fresh",
            Self::Worker(Lane::Retry) => "worker-retry",
            Self::Worker(Lane::Bulk) => "worker-bulk",
            Self::Logs => "logs",
        }
    }

    /// The stream that it takes from.
    #[must_use]
    pub const fn stream(self) -> Stream {
        match self {
            Self::Router => Stream::Events,
            Self::Worker(_) => Stream::Deliveries,
            Self::Logs => Stream::Journal,
        }
    }
}

/// The right to work on a record until it is finished. The adapter keeps it alive while the process lives; dropping it
/// unfinished lets it lapse.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The adapter's name for the message that the record came in.
    pub message: u64,
    /// The record's place in that message.
    pub index: u16,
    /// Whose lease this is.
    pub consumer: Consumer,
    /// Milliseconds since the epoch at which the message's lease ends; the adapter moves it while it can.
    ends: Arc<AtomicI64>,
}

impl Lease {
    /// For adapters: a lease on the record `index` of `message`, whose end is kept in `ends` (Unix milliseconds) and
    /// shared by all records of the message.
    #[must_use]
    pub fn new(consumer: Consumer, message: u64, index: u16, ends: Arc<AtomicI64>) -> Self {
        Self { message, index, consumer, ends }
    }

    /// Whether the lease is held at `now`. If not, another may have the record by now.
    #[must_use]
    pub fn is_held(&self, now: Timestamp) -> bool {
        now.as_millis() < self.ends.load(Ordering::Acquire)
    }
}

/// A record that was taken, and the lease on it.
#[derive(Clone, Debug)]
pub struct Leased {
    /// The record's bytes.
    pub record: Bytes,
    /// Where it was first stored.
    pub position: Position,
    /// How many have taken it and not handed it back, this taker included, as far as is known.
    pub takers: u32,
    /// The lease.
    pub lease: Lease,
}

/// How full a stream is, and what it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes stored.
    pub bytes: u64,
    /// Bytes at which it refuses more.
    pub limit: u64,
    /// Messages stored.
    pub messages: u64,
    /// The first sequence stored; one more than `last` if it is empty.
    pub first: u64,
    /// The last sequence that was given out; 0 if none was.
    pub last: u64,
}

/// How far a consumer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Messages that nobody has taken yet.
    pub waiting: u64,
    /// Messages that are taken and not finished.
    pub taken: u64,
    /// All messages up to this sequence are finished.
    pub floor: u64,
}

/// Why records were not stored, or may not have been. The first records of the call may have been stored all the same: what
/// is tried again is the rest, or receivers would get what is stored twice.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The stream has no room for the next record. Try the rest again once there is some.
    #[error("stream {stream:?} is full")]
    Full {
        /// Which stream.
        stream: Stream,
        /// Where the first records are stored; none of the others is.
        stored: Vec<Position>,
    },
    /// A record is larger than [`LARGEST_RECORD`]; nothing was stored.
    #[error("record of {size} bytes is larger than {LARGEST_RECORD}")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// It is not known which were stored, but for the first. Try the rest again.
    #[error("queue is unavailable")]
    Unavailable {
        /// Where the first records are stored.
        stored: Vec<Position>,
        /// Why.
        #[source]
        source: Cause,
    },
}

impl PublishError {
    /// Nothing is known to be stored.
    pub fn unavailable(source: impl Into<Cause>) -> Self {
        Self::Unavailable { stored: Vec::new(), source: source.into() }
    }

    /// Where the first records of the call are stored in spite of the error.
    #[must_use]
    pub fn stored(&self) -> &[Position] {
        match self {
            Self::Full { stored, .. } | Self::Unavailable { stored, .. } => stored,
            Self::TooLarge { .. } => &[],
        }
    }
}

/// Why the queue did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// It cannot be reached, or did not answer. The adapter reconnects by itself; try again.
    #[error("queue is unavailable")]
    Unavailable(#[source] Cause),
    /// A stream or consumer is missing or not as `fanfare migrate` makes it.
    #[error("queue is not set up: {0}; run `fanfare migrate`")]
    NotSetUp(String),
}

/// What lies at a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The record.
    Found(Bytes),
    /// It was there once or never will be: the stream's leader says that the position is below its first sequence, or the
    /// message there has no such record.
    Gone,
}

/// Durable streams of records. What is stored is synced to disk; it is handed out until it is finished, in order as far as
/// that is possible, at least once. A record whose taker dies is handed out again [`LEASE`] after it was last heard of,
/// perhaps with neighbours that had been finished. The adapter packs records into messages and keeps leases alive.
#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// Stores records, in order, and tells the position of each. When it returns, all of them are synced.
    /// Many calls may be under way at once; records of calls that began one after the other keep that order.
    async fn publish(&self, topic: Topic, records: Vec<Bytes>) -> Result<Vec<Position>, PublishError>;

    /// Takes up to `limit` records, waiting up to `wait` for the first of them; none means that there were none. More may
    /// come than `limit` where a message holds more. A record whose [`TAKERS`] takers all ended, and neither finished it nor
    /// handed it back, is moved to [`Topic::DeadLetters`] and not handed out.
    async fn take(&self, consumer: Consumer, limit: usize, wait: Duration) -> Result<Vec<Leased>, QueueError>;

    /// Finishes records: they are not handed out again, but for the few that were in flight when a process or server died.
    /// Leases that have lapsed are passed over.
    async fn finish(&self, leases: &[Lease]) -> Result<(), QueueError>;

    /// Hands back records that this process cannot or need not work on now: they come again, without their neighbours, to any
    /// process of the consumer, no sooner than after `delay` (but for a server or process that dies meanwhile). That is no
    /// failure: it counts no taker, however often it happens. Where there is no room to store them for others they stay with
    /// this process until it ends. Each time may store them anew: what has to wait for long is given a long `delay`. Leases
    /// that have lapsed are passed over.
    async fn hand_back(&self, leases: &[Lease], delay: Duration) -> Result<(), QueueError>;

    /// Moves records that no process will ever be able to work on to [`Topic::DeadLetters`], each with `reason`, and finishes
    /// them. Those that cannot be moved yet come again. Leases that have lapsed are passed over.
    async fn bury(&self, records: &[Leased], reason: &str) -> Result<(), QueueError>;

    /// Reads the record at `position`, whoever has finished it. [`Stored::Gone`] is answered by the stream's leader only. What
    /// was read lately may be found although it has been trimmed since; many who read from one message cost one reading.
    async fn read(&self, stream: Stream, position: Position) -> Result<Stored, QueueError>;

    /// Reads up to `limit` records of `topic` that come after `after`, in order; fewer or none at the end, and more than
    /// `limit` where the last message holds more. Takes nothing from any consumer.
    async fn read_after(
        &self,
        topic: Topic,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, Bytes)>, QueueError>;

    /// The first sequence of `stream` that was stored at or after `time`, or an earlier one where messages in between are
    /// gone; one more than the last if everything was stored before.
    async fn sequence_at(&self, stream: Stream, time: Timestamp) -> Result<u64, QueueError>;

    /// Removes all messages of `stream` below `sequence`, but never what a consumer of the stream has not finished.
    /// Returns the first sequence that is still there.
    async fn trim(&self, stream: Stream, sequence: u64) -> Result<u64, QueueError>;

    /// Removes the messages of `topic` below `sequence`, but never what a consumer of its stream has not finished; the
    /// stream's other topics keep theirs, with gaps between.
    async fn trim_topic(&self, topic: Topic, sequence: u64) -> Result<(), QueueError>;

    /// How full a stream is. Its `last` counts everything that was stored before the call.
    async fn usage(&self, stream: Stream) -> Result<Usage, QueueError>;

    /// When the oldest message was stored that `consumer` has not finished, taken or not; `None` if it has finished all. What is
    /// handed back may count from then.
    async fn oldest_unfinished(&self, consumer: Consumer) -> Result<Option<Timestamp>, QueueError>;

    /// How far a consumer is.
    async fn backlog(&self, consumer: Consumer) -> Result<Backlog, QueueError>;
}
