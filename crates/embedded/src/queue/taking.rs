//! Taking: what is there at once, else what comes within the wait.

use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use fanfare_ports::Cause;
use fanfare_ports::queue::{Consumer, DeadLetter, Lease, Leased, QueueError, Topic};

use super::EmbeddedQueue;
use super::messages;
use crate::database::DatabaseError;

/// Messages that are loaded at once when takers are behind what memory keeps.
const LOADED_TOGETHER: usize = 32;
/// When records that could not be put among the dead letters are tried again.
pub(super) const BURY_AGAIN: Duration = Duration::from_secs(1);

impl EmbeddedQueue {
    pub(super) async fn take_within(
        &self,
        consumer: Consumer,
        limit: usize,
        wait: Duration,
    ) -> Result<Vec<Leased>, QueueError> {
        let core = &self.shared.core;
        let ends = core.clock.now().plus(wait);
        loop {
            // Heard from here on, so that nothing that comes after the look below is missed.
            let mut news = pin!(core.news(consumer).notified());
            news.as_mut().enable();
            let leased = self.take_now(consumer, limit).await.map_err(unavailable)?;
            let now = core.clock.now();
            if !leased.is_empty() || now >= ends {
                return Ok(leased);
            }
            let due = core.state().consumer(consumer).next_due();
            let until = due.map_or(ends, |due| due.min(ends));
            tokio::select! {
                () = news => {}
                () = core.clock.sleep_until(until) => {}
            }
        }
    }

    async fn take_now(&self, consumer: Consumer, limit: usize) -> Result<Vec<Leased>, DatabaseError> {
        let core = &self.shared.core;
        let mut loaded = HashMap::new();
        loop {
            let picked = core.state().pick(consumer, self.holder, core.clock.now(), limit, &loaded);
            if !picked.leased.is_empty() || !picked.spent.is_empty() {
                core.watch_leases();
                if core.state().consumer(consumer).unsaved {
                    core.save_soon();
                }
            }
            let buried = !picked.spent.is_empty();
            self.bury_spent(consumer, picked.spent).await;
            if !picked.leased.is_empty() || !(picked.load || buried) {
                return Ok(picked.leased);
            }
            let upcoming = core.state().consumer(consumer).upcoming(LOADED_TOGETHER);
            loaded = core.messages(consumer.stream(), &upcoming).await?;
        }
    }

    /// Puts records that too many have taken among the dead letters.
    async fn bury_spent(&self, consumer: Consumer, spent: Vec<Leased>) {
        if spent.is_empty() {
            return;
        }
        let unburied = self.bury_all(&spent, "every taker ended before it was finished").await;
        let now = self.shared.core.clock.now();
        self.shared.core.state().consumer(consumer).put_off(&unburied, now.plus(BURY_AGAIN), now);
    }

    /// Puts records among the dead letters and then finishes them. Returns the leases of those that could not be stored.
    pub(super) async fn bury_all(&self, records: &[Leased], reason: &str) -> Vec<Lease> {
        let leases: Vec<_> = records.iter().map(|one| one.lease.clone()).collect();
        match self.store_dead_letters(records, reason).await {
            Ok(()) => {
                self.finish_now(&leases);
                Vec::new()
            }
            Err(error) => {
                tracing::error!(%error, "dead letters are not stored");
                leases
            }
        }
    }

    async fn store_dead_letters(&self, records: &[Leased], reason: &str) -> Result<(), Cause> {
        let mut letters = Vec::with_capacity(records.len());
        for Leased { record, position, takers, lease } in records {
            let readers = self.shared.core.database.read();
            let topic = messages::topic_of(readers, lease.consumer.stream(), lease.message).await?;
            let Some(topic) = topic else { continue };
            tracing::error!(?topic, ?position, takers, reason, "record becomes a dead letter");
            let (position, takers, reason, record) = (*position, *takers, reason.to_owned(), record.clone());
            letters.push(DeadLetter { topic, position, takers, reason, record }.encode());
        }
        if !letters.is_empty() {
            self.store(Topic::DeadLetters, letters).await?;
        }
        Ok(())
    }
}

pub(super) fn unavailable(error: DatabaseError) -> QueueError {
    QueueError::Unavailable(error.into())
}
