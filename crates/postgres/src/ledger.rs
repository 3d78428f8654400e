//! Writing down what happened.

mod aside;
mod attempts;
mod batch;
mod days;
mod deliveries;
mod events;
pub(crate) mod health;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::journal::JournalRecord;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{Ledger, Recorded, StoreError};

use self::batch::Batch;
use self::days::Gate;
use crate::connection::PostgresStore;
use crate::failure::{failure, refusal_of_content};

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
    /// Writes `records` in one transaction.
    async fn write(&self, records: &[&JournalRecord]) -> Result<Recorded, Refused> {
        if records.is_empty() {
            return Ok(Recorded::default());
        }
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
            let mut recorded = Recorded { too_old: gate.too_old(records), ..Recorded::default() };
            let batch = Batch::of(records.iter().copied().filter(|record| gate.admits(record)));
            events::write(&mut transaction, &batch).await?;
            deliveries::write(&mut transaction, &batch).await?;
            let new = attempts::write(&mut transaction, &batch).await?;
            recorded.new_attempts = new.len() as u64;
            recorded.health = health::write(&mut transaction, &batch, &new).await?;
            transaction.commit().await?;
            return Ok(recorded);
        }
    }
}
