//! Writing down what happened.

mod aside;
mod attempts;
mod batch;
mod days;
mod deliveries;
mod events;
pub(crate) mod health;
mod outcomes;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::journal::JournalRecord;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::outcomes::Additions;
use fanfare_ports::store::{Ledger, Recorded, StoreError};
use sqlx::PgConnection;

use self::batch::Batch;
use self::days::Gate;
use crate::connection::PostgresStore;
use crate::failure::{failure, refusal_of_content};
use crate::undelivered;

/// How events and attempts are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As new ones, which costs least: one that is there already refuses the batch.
    AllNew,
    /// Those that are there already are passed over.
    SomeKnown,
}

/// Why a batch was not written; nothing of it was.
#[derive(Debug)]
enum Refused {
    /// The database will not hold something in it, for this reason.
    Content(String),
    /// Nothing is wrong with it.
    Store(StoreError),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        match refusal_of_content(&error) {
            Some(reason) => Self::Content(reason),
            None => Self::Store(failure(error)),
        }
    }
}

#[async_trait]
impl Ledger for PostgresStore {
    async fn record(&self, records: &[JournalRecord]) -> Result<Recorded, StoreError> {
        let is_written =
            |record: &&JournalRecord| !matches!(record, JournalRecord::Parked(_) | JournalRecord::Restated(_));
        let written: Vec<&JournalRecord> = records.iter().filter(is_written).collect();
        let mut total = Recorded::default();
        let mut health = BTreeMap::new();
        let mut parts = vec![written.as_slice()];
        while let Some(part) = parts.pop() {
            match (self.write(part).await, part) {
                (Ok(recorded), _) => {
                    total.new_attempts += recorded.new_attempts;
                    total.too_old += recorded.too_old;
                    // What a later part found is newer.
                    health.extend(recorded.health.into_iter().map(|one| ((one.tenant, one.webhook), one)));
                }
                (Err(Refused::Store(error)), _) => return Err(error),
                (Err(Refused::Content(reason)), [bad]) => {
                    aside::set(&self.pool, bad, &reason).await?;
                    total.set_aside += 1;
                }
                (Err(Refused::Content(_)), _) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
        }
        total.health = health.into_values().collect();
        Ok(total)
    }

    async fn maintain(&self, now: Timestamp, keep: Duration) -> Result<(), StoreError> {
        days::maintain(&self.pool, now, keep).await
    }
}

impl PostgresStore {
    /// Writes `records` in one transaction. Seldom is one of them known already: logs died before it could finish what it had
    /// written, or another has the same. So that is looked into only where the database found one.
    async fn write(&self, records: &[&JournalRecord]) -> Result<Recorded, Refused> {
        if records.is_empty() {
            return Ok(Recorded::default());
        }
        let mut way = Way::AllNew;
        loop {
            let mut transaction = self.pool.begin().await?;
            let gate = Gate::enter(&mut transaction, records).await?;
            let missing = gate.missing_days(records);
            if !missing.is_empty() {
                // Days are made in a transaction of their own, which waits until nobody is within the gate.
                transaction.rollback().await?;
                days::make(&self.pool, &missing).await.map_err(Refused::Store)?;
                continue;
            }
            let batch = Batch::of(records.iter().copied().filter(|record| gate.admits(record)));
            if batch.replays() {
                way = Way::SomeKnown;
            }
            match write_batch(&mut transaction, &batch, way).await {
                Ok(recorded) => {
                    transaction.commit().await?;
                    return Ok(Recorded { too_old: gate.too_old(records), ..recorded });
                }
                Err(error) if way == Way::AllNew && is_known(&error) => {
                    transaction.rollback().await?;
                    way = Way::SomeKnown;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

async fn write_batch(connection: &mut PgConnection, batch: &Batch<'_>, way: Way) -> Result<Recorded, sqlx::Error> {
    events::write(connection, batch, way).await?;
    let mut additions = Additions::default();
    let moved = deliveries::write(connection, batch).await?;
    for moved in &moved {
        additions.add_moved(moved);
    }
    let new = attempts::write(connection, batch, way).await?;
    outcomes::add_attempts(&mut additions, batch, &new);
    let health = health::write(connection, batch, &new).await?;
    outcomes::write(connection, &additions).await?;
    undelivered::add(connection, &moved).await?;
    let new_attempts = batch.attempts.keys().filter(|key| new.contains(key)).count() as u64;
    Ok(Recorded { new_attempts, health, ..Recorded::default() })
}

/// Whether a row was refused because it is there already.
fn is_known(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|refusal| refusal.is_unique_violation())
}
