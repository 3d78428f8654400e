//! Idempotency: publishers' own ids in a table, each until a time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use fanfare_domain::ids::TenantNumber;
use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::idempotency::{CLAIM, IdClaim, Idempotency, IdempotencyError, Key, REMEMBERED};
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};

use crate::database::{Database, DatabaseError};

const ROWS_TOGETHER: usize = 128;
/// Old ids that a claim removes in passing: more than it adds, so that they do not pile up.
const REMOVED_IN_PASSING: usize = 64;
const ERASED_TOGETHER: i64 = 5000;

/// Publishers' own ids, in the database.
pub struct EmbeddedIdempotency {
    database: Arc<Database>,
    clock: SharedClock,
}

impl EmbeddedIdempotency {
    /// The ids in `database`.
    #[must_use]
    pub fn new(database: Arc<Database>, clock: SharedClock) -> Self {
        Self { database, clock }
    }
}

/// Tenant and id, as the table has them.
type Id = (u32, String);

fn ids(keys: &[Key]) -> Vec<Id> {
    keys.iter().map(|key| (key.tenant.get(), key.event.as_str().to_owned())).collect()
}

fn unavailable(error: DatabaseError) -> IdempotencyError {
    IdempotencyError(error.into())
}

/// What is known of ids: whether they are confirmed. What has expired is not known any more.
async fn known(
    connection: &mut SqliteConnection,
    ids: &[Id],
    now: Timestamp,
) -> Result<HashMap<Id, bool>, DatabaseError> {
    // CROSS JOIN: the ids asked for are few and each is found by key.
    let rows: Vec<(u32, String, bool)> = sqlx::query_as(
        "SELECT known.tenant, known.event, known.confirmed
         FROM json_each(?) AS asked CROSS JOIN published_ids AS known
         ON known.tenant = asked.value ->> 0 AND known.event = asked.value ->> 1
         WHERE known.until > ?",
    )
    .bind(serde_json::json!(ids).to_string())
    .bind(now.as_millis())
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(tenant, event, confirmed)| ((tenant, event), confirmed)).collect())
}

async fn store(
    connection: &mut SqliteConnection,
    ids: &[Id],
    confirmed: bool,
    until: Timestamp,
) -> Result<(), DatabaseError> {
    for rows in ids.chunks(ROWS_TOGETHER) {
        let mut upsert = QueryBuilder::<Sqlite>::new("INSERT INTO published_ids (tenant, event, confirmed, until) ");
        upsert.push_values(rows, |mut row, (tenant, event)| {
            row.push_bind(*tenant).push_bind(event.clone()).push_bind(confirmed).push_bind(until.as_millis());
        });
        upsert
            .push(" ON CONFLICT (tenant, event) DO UPDATE SET confirmed = excluded.confirmed, until = excluded.until");
        upsert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

async fn claim(connection: &mut SqliteConnection, ids: &[Id], now: Timestamp) -> Result<Vec<IdClaim>, DatabaseError> {
    let known = known(connection, ids, now).await?;
    let mut granted = HashSet::new();
    let answers: Vec<IdClaim> = ids
        .iter()
        .map(|id| match known.get(id) {
            Some(true) => IdClaim::Duplicate,
            Some(false) => IdClaim::Busy,
            None if granted.insert(id.clone()) => IdClaim::Granted,
            None => IdClaim::Busy,
        })
        .collect();
    let granted: Vec<Id> = granted.into_iter().collect();
    forget(connection, now, REMOVED_IN_PASSING + 2 * granted.len()).await?;
    store(connection, &granted, false, now.plus(CLAIM)).await?;
    Ok(answers)
}

/// Removes up to `limit` ids whose time is over, those that have been so for longest first.
async fn forget(connection: &mut SqliteConnection, now: Timestamp, limit: usize) -> Result<(), DatabaseError> {
    sqlx::query(
        "DELETE FROM published_ids WHERE row IN
         (SELECT row FROM published_ids WHERE until <= ? ORDER BY until LIMIT ?)",
    )
    .bind(now.as_millis())
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    Ok(())
}

async fn release(connection: &mut SqliteConnection, ids: &[Id]) -> Result<(), DatabaseError> {
    sqlx::query(
        "DELETE FROM published_ids WHERE row IN (
             SELECT known.row FROM json_each(?) AS given CROSS JOIN published_ids AS known
             ON known.tenant = given.value ->> 0 AND known.event = given.value ->> 1
             WHERE NOT known.confirmed
         )",
    )
    .bind(serde_json::json!(ids).to_string())
    .execute(connection)
    .await?;
    Ok(())
}

#[async_trait]
impl Idempotency for EmbeddedIdempotency {
    async fn claim(&self, keys: &[Key]) -> Result<Vec<IdClaim>, IdempotencyError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (ids, now) = (ids(keys), self.clock.now());
        self.database
            .write_together(move |connection| Box::pin(async move { claim(connection, &ids, now).await }))
            .await
            .map_err(unavailable)
    }

    async fn confirm(&self, keys: &[Key]) -> Result<(), IdempotencyError> {
        let (ids, until) = (ids(keys), self.clock.now().plus(REMEMBERED));
        self.database
            .write_together(move |connection| Box::pin(async move { store(connection, &ids, true, until).await }))
            .await
            .map_err(unavailable)
    }

    async fn release(&self, keys: &[Key]) -> Result<(), IdempotencyError> {
        let ids = ids(keys);
        self.database
            .write_together(move |connection| Box::pin(async move { release(connection, &ids).await }))
            .await
            .map_err(unavailable)
    }

    async fn erase(&self, tenant: TenantNumber) -> Result<(), IdempotencyError> {
        loop {
            let erased: Result<u64, DatabaseError> = self
                .database
                .write_together(move |connection| {
                    Box::pin(async move {
                        let erased = sqlx::query(
                            "DELETE FROM published_ids WHERE row IN
                             (SELECT row FROM published_ids WHERE tenant = ? LIMIT ?)",
                        )
                        .bind(tenant.get())
                        .bind(ERASED_TOGETHER)
                        .execute(connection)
                        .await?;
                        Ok(erased.rows_affected())
                    })
                })
                .await;
            if erased.map_err(unavailable)? == 0 {
                return Ok(());
            }
        }
    }
}
