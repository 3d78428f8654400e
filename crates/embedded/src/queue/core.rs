//! What all handles of the queue and its background tasks share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fanfare_ports::clock::SharedClock;
use fanfare_ports::metrics::Lookups;
use fanfare_ports::queue::{Consumer, Pack, Stream, Topic};
use sqlx::{QueryBuilder, Sqlite};
use tokio::sync::Notify;

use super::codes;
use super::messages::{self, Loaded};
use super::state::State;
use crate::database::{Database, DatabaseError};

/// How often leases are looked at while there are any; a lapsed one is noticed so much later at most.
const LOOK_AT_LEASES: Duration = Duration::from_millis(500);
const SAVE_AGAIN: Duration = Duration::from_millis(200);
/// From one save of progress to the next: what a process that is killed has finished meanwhile comes again.
const BETWEEN_SAVES: Duration = Duration::from_millis(10);

/// The queue's memory, its database and its bells.
pub(super) struct Core {
    pub(super) database: Arc<Database>,
    pub(super) clock: SharedClock,
    state: Mutex<State>,
    /// Of messages that are read by their position.
    lookups: Lookups,
    /// Rung when a consumer has something to take.
    news: [Notify; codes::CONSUMERS],
    /// Rung when a consumer's progress is to be saved.
    progress: Notify,
    /// Rung when something was taken.
    taken: Notify,
}

impl Core {
    pub(super) fn new(database: Arc<Database>, clock: SharedClock, state: State) -> Self {
        Self {
            database,
            clock,
            state: Mutex::new(state),
            lookups: Lookups::of("packs"),
            news: Default::default(),
            progress: Notify::new(),
            taken: Notify::new(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn news(&self, consumer: Consumer) -> &Notify {
        &self.news[codes::slot(codes::consumer(consumer))]
    }

    pub(super) fn wake_takers(&self, topic: Topic) {
        if let Some(consumer) = codes::taker(topic) {
            self.news(consumer).notify_waiters();
        }
    }

    /// Progress is saved soon, in the next commit.
    pub(super) fn save_soon(&self) {
        self.progress.notify_one();
    }

    /// Leases are looked at from now on.
    pub(super) fn watch_leases(&self) {
        self.taken.notify_one();
    }

    /// Messages of `stream`, from memory or disk, one answer for each.
    pub(super) async fn messages(
        &self,
        stream: Stream,
        sequences: &[u64],
    ) -> Result<HashMap<u64, Loaded>, DatabaseError> {
        let mut found = HashMap::with_capacity(sequences.len());
        let mut missing = Vec::new();
        {
            let state = self.state();
            for &sequence in sequences {
                match state.recent(stream, sequence) {
                    Some(pack) => drop(found.insert(sequence, Loaded::Pack(pack))),
                    None => missing.push(sequence),
                }
            }
        }
        if !missing.is_empty() {
            let loaded = messages::load(self.database.read(), stream, &missing).await?;
            let mut state = self.state();
            for (&sequence, message) in &loaded {
                if let Loaded::Pack(pack) = message {
                    state.recent.insert(codes::place(stream, sequence), Arc::clone(pack));
                }
            }
            found.extend(loaded);
        }
        Ok(found)
    }

    /// One message, likewise.
    pub(super) async fn message(&self, stream: Stream, sequence: u64) -> Result<Loaded, DatabaseError> {
        let recent: Option<Arc<Pack>> = self.state().recent(stream, sequence);
        self.lookups.note(recent.is_some());
        match recent {
            Some(pack) => Ok(Loaded::Pack(pack)),
            None => Ok(self.messages(stream, &[sequence]).await?.remove(&sequence).unwrap_or(Loaded::Gone)),
        }
    }

    /// Saves progress when there is some, as long as it runs. What is finished meanwhile is the next to be saved.
    pub(super) async fn keep_saving(self: Arc<Self>) {
        loop {
            self.progress.notified().await;
            while let Err(error) = self.save().await {
                tracing::error!(%error, "progress of the queue is not saved");
                if matches!(error, DatabaseError::Closed) {
                    return;
                }
                self.clock.sleep(SAVE_AGAIN).await;
            }
            tokio::time::sleep(BETWEEN_SAVES).await;
        }
    }

    /// Saves the progress of the consumers that have made any.
    pub(super) async fn save(self: &Arc<Self>) -> Result<(), DatabaseError> {
        let core = Arc::clone(self);
        let saved = self
            .database
            .write_together(move |connection| {
                Box::pin(async move {
                    let rows = core.unsaved();
                    if rows.is_empty() {
                        return Ok(());
                    }
                    let mut upsert = QueryBuilder::<Sqlite>::new("INSERT INTO consumers (consumer, cursor, open) ");
                    upsert.push_values(rows, |mut row, (consumer, cursor, open)| {
                        row.push_bind(consumer).push_bind(cursor).push_bind(open);
                    });
                    upsert.push(" ON CONFLICT (consumer) DO UPDATE SET cursor = excluded.cursor, open = excluded.open");
                    upsert.build().execute(connection).await?;
                    Ok::<_, DatabaseError>(())
                })
            })
            .await;
        if saved.is_err() {
            // Which of them were part of it is not known here; saving once too often does no harm.
            self.state().consumers.iter_mut().for_each(|consumer| consumer.unsaved = true);
        }
        saved
    }

    fn unsaved(&self) -> Vec<(i64, i64, Vec<u8>)> {
        let mut state = self.state();
        let behind = Consumer::ALL.into_iter().filter_map(|consumer| {
            let state = state.consumer(consumer);
            let saved = state.unsaved.then(|| state.save())?;
            Some((codes::consumer(consumer), messages::integer(saved.cursor), saved.to_bytes()))
        });
        behind.collect()
    }

    /// Offers again what was held under leases that have lapsed, as long as it runs.
    pub(super) async fn keep_leases(self: Arc<Self>) {
        loop {
            self.taken.notified().await;
            while !self.state().consumers.iter().all(|consumer| consumer.is_idle()) {
                self.clock.sleep(LOOK_AT_LEASES).await;
                let now = self.clock.now();
                for consumer in Consumer::ALL {
                    if self.state().consumer(consumer).lapse(now) {
                        self.news(consumer).notify_waiters();
                    }
                }
            }
        }
    }
}
