//! Ports in memory, which fail when they are told to, and an intake on top of them.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test binary uses a part of it")]

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_domain::event::Event;
use fanfare_domain::event_type::EventType;
use fanfare_domain::ids::{KeyId, TenantId, TenantNumber};
use fanfare_domain::tenant::{ApiKey, EventTypeEntry, Quota, Scope, Tenant};
use fanfare_domain::time::Timestamp;
use fanfare_intake::{Caller, Config, Intake, OperatorKey, hash_key};
use fanfare_ports::catalogue::Catalogue;
use fanfare_ports::clock::{ManualClock, SharedClock};
use fanfare_ports::directory::{Directory, DirectoryError, Entry, EntryKey, Notice, Write};
use fanfare_ports::idempotency::{IdClaim, Idempotency, IdempotencyError, Key};
use fanfare_ports::queue::{
    Backlog, Consumer, Lease, Leased, PublishError, Queue, QueueError, Stored, Stream, Topic, Usage,
};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The operator's key of every test.
pub const OPERATOR: &str = "operators-key";

/// All changes, in order.
pub struct MemoryDirectory {
    log: watch::Sender<Vec<Write>>,
    pub away: AtomicBool,
}

impl MemoryDirectory {
    fn check(&self) -> Result<(), DirectoryError> {
        if self.away.load(Ordering::SeqCst) { Err(DirectoryError::Unavailable("away".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl Directory for MemoryDirectory {
    async fn write(&self, writes: &[Write]) -> Result<(), DirectoryError> {
        self.log.send_modify(|log| log.extend_from_slice(writes));
        Ok(())
    }

    async fn watch(&self) -> Result<BoxStream<'static, Result<Notice, DirectoryError>>, DirectoryError> {
        let mut log = self.log.subscribe();
        let (notices, told) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut next = 0;
            loop {
                let news: Vec<Write> = log.borrow_and_update().iter().skip(next).cloned().collect();
                for write in news {
                    next += 1;
                    let _ = notices.send(Ok(Notice::Changed { revision: next as u64, write }));
                }
                let _ = notices.send(Ok(Notice::CaughtUp { revision: next as u64 }));
                if log.changed().await.is_err() {
                    return;
                }
            }
        });
        Ok(futures::stream::unfold(told, |mut told| async move { Some((told.recv().await?, told)) }).boxed())
    }

    async fn get(&self, _: &EntryKey) -> Result<Option<Entry>, DirectoryError> {
        Ok(None)
    }

    async fn revision(&self) -> Result<u64, DirectoryError> {
        self.check()?;
        Ok(self.log.borrow().len() as u64)
    }

    fn freshness(&self) -> Duration {
        Duration::ZERO
    }
}

/// What the queue does with records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Stores,
    Full,
    /// Stores the first records of a call and has no room for the others.
    RoomFor(usize),
    Away,
    NeverAnswers,
}

/// The events stored, and how many calls it took.
#[derive(Default)]
pub struct MemoryQueue {
    records: Mutex<Vec<Bytes>>,
    mood: Mutex<Mood>,
    /// While this is set, publishing waits.
    pub held: watch::Sender<bool>,
    pub calls: AtomicU64,
    pub used: AtomicU64,
}

impl MemoryQueue {
    pub fn set(&self, mood: Mood) {
        *self.mood.lock().expect("not poisoned") = mood;
    }

    fn store(&self, records: Vec<Bytes>) -> Vec<Position> {
        let mut stored = self.records.lock().expect("not poisoned");
        let first = stored.len() as u64 + 1;
        let count = records.len() as u64;
        stored.extend(records);
        (first..first + count).map(|sequence| Position { sequence, index: 0 }).collect()
    }

    pub fn events(&self) -> Vec<Event> {
        let records = self.records.lock().expect("not poisoned");
        records.iter().map(|record| fanfare_proto::records::decode_event(record).expect("an event")).collect()
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn publish(&self, topic: Topic, records: Vec<Bytes>) -> Result<Vec<Position>, PublishError> {
        assert_eq!(topic, Topic::Events);
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mut held = self.held.subscribe();
        let _ = held.wait_for(|held| !held).await;
        let mood = *self.mood.lock().expect("not poisoned");
        match mood {
            Mood::Stores => Ok(self.store(records)),
            Mood::Full => Err(PublishError::Full { stream: Stream::Events, stored: Vec::new() }),
            Mood::RoomFor(count) => {
                let stored = self.store(records.into_iter().take(count).collect());
                Err(PublishError::Full { stream: Stream::Events, stored })
            }
            Mood::Away => Err(PublishError::unavailable("away")),
            Mood::NeverAnswers => std::future::pending().await,
        }
    }

    async fn take(&self, _: Consumer, _: usize, _: Duration) -> Result<Vec<Leased>, QueueError> {
        Ok(Vec::new())
    }

    async fn finish(&self, _: &[Lease]) -> Result<(), QueueError> {
        Ok(())
    }

    async fn hand_back(&self, _: &[Lease], _: Duration) -> Result<(), QueueError> {
        Ok(())
    }

    async fn bury(&self, _: &[Leased], _: &str) -> Result<(), QueueError> {
        Ok(())
    }

    async fn read(&self, _: Stream, _: Position) -> Result<Stored, QueueError> {
        Ok(Stored::Gone)
    }

    async fn read_after(&self, _: Topic, _: Position, _: usize) -> Result<Vec<(Position, Bytes)>, QueueError> {
        Ok(Vec::new())
    }

    async fn sequence_at(&self, _: Stream, _: Timestamp) -> Result<u64, QueueError> {
        Ok(1)
    }

    async fn trim(&self, _: Stream, sequence: u64) -> Result<u64, QueueError> {
        Ok(sequence)
    }

    async fn trim_topic(&self, _: Topic, _: u64) -> Result<(), QueueError> {
        Ok(())
    }

    async fn usage(&self, _: Stream) -> Result<Usage, QueueError> {
        Ok(Usage { bytes: self.used.load(Ordering::SeqCst), limit: 100, first: 1, ..Usage::default() })
    }

    async fn oldest_unfinished(&self, _: Consumer) -> Result<Option<Timestamp>, QueueError> {
        Ok(None)
    }

    async fn backlog(&self, _: Consumer) -> Result<Backlog, QueueError> {
        Ok(Backlog::default())
    }
}

/// Ids: claimed (false) or confirmed (true).
#[derive(Default)]
pub struct MemoryIds {
    pub known: Mutex<HashMap<Key, bool>>,
    pub away: AtomicBool,
}

impl MemoryIds {
    fn check(&self) -> Result<(), IdempotencyError> {
        if self.away.load(Ordering::SeqCst) { Err(IdempotencyError("away".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl Idempotency for MemoryIds {
    async fn claim(&self, keys: &[Key]) -> Result<Vec<IdClaim>, IdempotencyError> {
        self.check()?;
        let mut known = self.known.lock().expect("not poisoned");
        let claim = |key: &Key| match known.get(key) {
            Some(true) => IdClaim::Duplicate,
            Some(false) => IdClaim::Busy,
            None => {
                known.insert(key.clone(), false);
                IdClaim::Granted
            }
        };
        Ok(keys.iter().map(claim).collect())
    }

    async fn confirm(&self, keys: &[Key]) -> Result<(), IdempotencyError> {
        self.check()?;
        self.known.lock().expect("not poisoned").extend(keys.iter().map(|key| (key.clone(), true)));
        Ok(())
    }

    async fn release(&self, keys: &[Key]) -> Result<(), IdempotencyError> {
        self.check()?;
        self.known.lock().expect("not poisoned").retain(|key, confirmed| *confirmed || !keys.contains(key));
        Ok(())
    }

    async fn erase(&self, tenant: TenantNumber) -> Result<(), IdempotencyError> {
        self.known.lock().expect("not poisoned").retain(|key, _| key.tenant != tenant);
        Ok(())
    }
}

/// An intake and everything around it. Tenant `acme` has the number 1, `other` 2 and `fanfare` 3.
pub struct World {
    pub clock: ManualClock,
    pub directory: Arc<MemoryDirectory>,
    pub queue: Arc<MemoryQueue>,
    pub ids: Arc<MemoryIds>,
    pub catalogue: Arc<Catalogue>,
    pub intake: Arc<Intake>,
    _follow: DropGuard,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub async fn with(config: Config) -> Self {
        let clock = ManualClock::at(Timestamp::from_millis(1_700_000_000_000));
        let shared: SharedClock = Arc::new(clock.clone());
        let directory = Arc::new(MemoryDirectory { log: watch::Sender::default(), away: AtomicBool::new(false) });
        let (queue, ids) = (Arc::<MemoryQueue>::default(), Arc::<MemoryIds>::default());
        let catalogue = Catalogue::of(Arc::clone(&directory) as Arc<dyn Directory>, Arc::clone(&shared));
        let intake = Intake::new(
            Arc::clone(&queue) as Arc<dyn Queue>,
            Arc::clone(&ids) as Arc<dyn Idempotency>,
            Arc::clone(&catalogue),
            shared,
            config,
            OperatorKey::of(OPERATOR),
        );
        let stop = CancellationToken::new();
        let follow = (Arc::clone(&catalogue), stop.clone());
        tokio::spawn(async move { follow.0.follow(&follow.1).await });
        let world = Self { clock, directory, queue, ids, catalogue, intake, _follow: stop.drop_guard() };
        for (name, number) in [("acme", 1), ("other", 2), ("fanfare", 3)] {
            world.write(Entry::Tenant(tenant(name, number, None))).await;
        }
        world.settle().await;
        world
    }

    /// Changes the directory.
    pub async fn write(&self, entry: Entry) {
        let write = Write { key: entry.key(), entry: Some(entry) };
        self.directory.write(&[write]).await.expect("in memory");
    }

    /// Removes from the directory.
    pub async fn remove(&self, key: EntryKey) {
        self.directory.write(&[Write { key, entry: None }]).await.expect("in memory");
    }

    /// Moves the clock, and lets the catalogue follow.
    pub async fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
        self.settle().await;
    }

    pub async fn settle(&self) {
        let now = fanfare_ports::clock::Clock::now(&self.clock);
        self.catalogue.include(now).await.expect("in memory");
    }
}

pub fn tenant(name: &str, number: u32, events_per_second: Option<u32>) -> Tenant {
    Tenant {
        id: TenantId::new(name).expect("valid"),
        number: TenantNumber::new(number),
        version: 1,
        name: None,
        default_profile: "standard".to_owned(),
        quota: events_per_second.map(|events_per_second| Quota { events_per_second }),
        created_at: Timestamp::from_millis(0),
    }
}

pub fn api_key(text: &str, tenant: Option<u32>) -> ApiKey {
    let random = u128::from_be_bytes(hash_key(text)[..16].try_into().expect("16 of 32"));
    ApiKey {
        id: KeyId::make(Timestamp::from_millis(1), random),
        hash: hash_key(text),
        tenant: tenant.map(TenantNumber::new),
        name: None,
        scope: Scope::Publish,
        created_at: Timestamp::from_millis(0),
    }
}

pub fn event_type(name: &str, schema: &str, aliases: &[&str]) -> EventTypeEntry {
    let named = |name: &str| EventType::new(name).expect("valid");
    EventTypeEntry {
        tenant: TenantNumber::new(1),
        name: named(name),
        version: 1,
        description: String::new(),
        schema: Some(schema.into()),
        example: None,
        aliases: aliases.iter().map(|alias| named(alias)).collect(),
        deprecated: false,
        created_at: Timestamp::from_millis(0),
    }
}

pub fn operator() -> Caller {
    Caller::Operator { scope: Scope::All, key: None }
}
