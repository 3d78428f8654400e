//! Writing down what happened.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::journal::JournalRecord;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::folding::{belongs_to, fold};
use fanfare_ports::store::{Ledger, Recorded, StoreError};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Row, query, query_scalar};

use super::batch::{Batch, Way, WriteError, Written};
use super::{SqliteStore, failed, health, outcomes, removal};
use crate::database::DatabaseError;

#[async_trait]
impl Ledger for SqliteStore {
    async fn record(&self, records: &[JournalRecord]) -> Result<Recorded, StoreError> {
        let mut recorded = Recorded::default();
        let mut healths = BTreeMap::new();
        let mut parts = vec![records];
        while let Some(part) = parts.pop() {
            // A replay's events are known.
            let way = if part.iter().any(is_of_a_replay) { Way::Merging } else { Way::AsExpected };
            let written = match self.record_part(part, way).await {
                Err(RecordError::NotAsExpected) => self.record_part(part, Way::Merging).await,
                written => written,
            };
            match written {
                Ok(done) => {
                    recorded.new_attempts += done.new_attempts;
                    recorded.too_old += done.too_old;
                    healths.extend(done.health.into_iter().map(|health| ((health.tenant, health.webhook), health)));
                }
                Err(RecordError::Overtaken) => parts.push(part),
                Err(RecordError::Refused(reason)) => {
                    if let [record] = part {
                        self.set_aside(record, &reason).await?;
                        recorded.set_aside += 1;
                    } else {
                        let (first, second) = part.split_at(part.len() / 2);
                        parts.extend([second, first]);
                    }
                }
                Err(RecordError::NotAsExpected) => {
                    return Err(StoreError::Damaged("rows that cannot be merged are there already".to_owned()));
                }
                Err(RecordError::Store(error)) => return Err(error),
            }
        }
        recorded.health = healths.into_values().collect();
        Ok(recorded)
    }

    async fn maintain(&self, now: Timestamp, keep: Duration) -> Result<(), StoreError> {
        let first = now.minus(keep).day();
        self.database
            .write(move |db| {
                Box::pin(async move {
                    query(
                        "INSERT INTO kept_days (one, first_day) VALUES (1, ?)
                         ON CONFLICT DO UPDATE SET first_day = max(first_day, excluded.first_day)",
                    )
                    .bind(first.number())
                    .execute(db)
                    .await
                    .map_err(failed)?;
                    Ok::<(), StoreError>(())
                })
            })
            .await?;
        loop {
            let is_done =
                self.database.write(move |db| Box::pin(async move { removal::drop_before(db, first).await })).await?;
            if is_done {
                break;
            }
        }
        self.database.write(move |db| Box::pin(async move { outcomes::drop_old(db, now, first).await })).await
    }
}

fn is_of_a_replay(record: &JournalRecord) -> bool {
    matches!(record, JournalRecord::Routed(routed) if routed.replay.is_some())
}

/// Why a part of a batch was not written.
enum RecordError {
    /// For what it says: a smaller part may be written.
    Refused(String),
    /// What is passed over has changed meanwhile; again.
    Overtaken,
    /// Something was known already, or not known yet; again, merging.
    NotAsExpected,
    /// For reasons that lie elsewhere.
    Store(StoreError),
}

impl From<StoreError> for RecordError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<WriteError> for RecordError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NotAsExpected => Self::NotAsExpected,
            WriteError::Database(error) => DatabaseError::from(error).into(),
        }
    }
}

impl From<DatabaseError> for RecordError {
    fn from(error: DatabaseError) -> Self {
        match &error {
            DatabaseError::Failed(cause) if is_refusal(cause) => Self::Refused(cause.to_string()),
            _ => Self::Store(error.into()),
        }
    }
}

/// Whether SQLite says that a row's content does not fit. The low byte is the kind of error: too big, constraint, mismatch.
fn is_refusal(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| matches!(code & 0xff, 18..=20))
}

/// What is passed over: days that are no longer kept, and deleted tenants.
#[derive(Clone, Copy, PartialEq, Eq)]
struct PassedOver {
    first_day: Option<i32>,
    deleted_tenants: i64,
}

impl PassedOver {
    const SQL: &str = "SELECT (SELECT first_day FROM kept_days), (SELECT count(*) FROM erasures)";

    fn read(row: &sqlx::sqlite::SqliteRow) -> Result<Self, StoreError> {
        Ok(Self { first_day: row.try_get(0).map_err(failed)?, deleted_tenants: row.try_get(1).map_err(failed)? })
    }

    /// What holds in the writer's transaction.
    async fn now(db: &mut SqliteConnection) -> Result<Self, StoreError> {
        Self::read(&query(Self::SQL).fetch_one(db).await.map_err(failed)?)
    }
}

impl SqliteStore {
    async fn record_part(&self, records: &[JournalRecord], way: Way) -> Result<Recorded, RecordError> {
        let row = query(PassedOver::SQL).fetch_one(self.database.read()).await.map_err(failed)?;
        let passed_over = PassedOver::read(&row)?;
        let (kept, too_old) = self.kept(records, passed_over).await?;
        let now = self.clock.now();
        let batch = Batch::of(&fold(kept), way, now).map_err(|error| RecordError::Refused(error.to_string()))?;
        self.database
            .write(move |db| {
                Box::pin(async move {
                    if PassedOver::now(db).await? != passed_over {
                        return Err(RecordError::Overtaken);
                    }
                    let failing = batch.failing.clone();
                    let Written { new, additions } = batch.write(db).await?;
                    let new_attempts = u64::try_from(new.len()).unwrap_or(u64::MAX);
                    let health = health::add(db, new.into_iter().flatten(), &failing).await?;
                    outcomes::add(db, &additions).await?;
                    Ok(Recorded { new_attempts, too_old, set_aside: 0, health })
                })
            })
            .await
    }

    /// The records that are to be written, and how many are not because they are too old.
    async fn kept<'a>(
        &self,
        records: &'a [JournalRecord],
        passed_over: PassedOver,
    ) -> Result<(Vec<&'a JournalRecord>, u64), StoreError> {
        let mut deleted = BTreeSet::new();
        if passed_over.deleted_tenants > 0 {
            let tenants: Vec<i64> =
                query_scalar("SELECT tenant FROM erasures").fetch_all(self.database.read()).await.map_err(failed)?;
            deleted.extend(tenants);
        }
        let mut kept = Vec::with_capacity(records.len());
        let mut too_old = 0;
        for record in records {
            let (tenant, day) = belongs_to(record);
            if deleted.contains(&i64::from(tenant.get())) {
                continue;
            }
            if passed_over.first_day.is_some_and(|first| day.number() < first) {
                too_old += 1;
            } else {
                kept.push(record);
            }
        }
        Ok((kept, too_old))
    }

    /// Puts a record that cannot be written where an operator finds it.
    async fn set_aside(&self, record: &JournalRecord, reason: &str) -> Result<(), StoreError> {
        tracing::error!(reason, "journal record set aside");
        let (at, reason, record) = (self.clock.now().as_millis(), reason.to_owned(), format!("{record:?}"));
        self.database
            .write(move |db| {
                Box::pin(async move {
                    query("INSERT INTO set_aside (at, reason, record) VALUES (?, ?, ?)")
                        .bind(at)
                        .bind(reason)
                        .bind(record)
                        .execute(db)
                        .await
                        .map_err(failed)?;
                    Ok(())
                })
            })
            .await
    }
}
