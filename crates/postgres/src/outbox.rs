//! What the directory has not been told yet.

use async_trait::async_trait;
use fanfare_ports::directory::{Entry, Write};
use fanfare_ports::store::{Outbox, OutboxItem, StoreError};
use serde::de::DeserializeOwned;
use sqlx::{PgConnection, Postgres, Transaction};

use crate::connection::PostgresStore;
use crate::failure::failure;
use crate::rows::{document, read_document};

/// How long a process that was given items keeps others away.
const TURN: &str = "5 seconds";

/// Adds `writes` to the outbox, in their order. The caller's transaction holds the lock on changes, so that what is
/// committed first comes first.
pub(crate) async fn add(connection: &mut PgConnection, writes: &[Write]) -> Result<(), StoreError> {
    let keys = writes.iter().map(|write| document(&write.key)).collect::<Result<Vec<String>, _>>()?;
    let entries = writes
        .iter()
        .map(|write| write.entry.as_ref().map(document).transpose())
        .collect::<Result<Vec<Option<String>>, _>>()?;
    sqlx::query(
        "INSERT INTO outbox (key, entry) SELECT key, entry \
         FROM UNNEST($1::text[], $2::text[]) WITH ORDINALITY AS item (key, entry, place) ORDER BY place",
    )
    .bind(keys)
    .bind(entries)
    .execute(connection)
    .await
    .map_err(failure)?;
    Ok(())
}

#[async_trait]
impl Outbox for PostgresStore {
    async fn untold(&self, holder: &str, limit: u32) -> Result<Vec<OutboxItem>, StoreError> {
        // Most often there is nothing to tell; then no turn is taken, and nothing is written.
        let any: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM outbox)").fetch_one(&self.pool).await.map_err(failure)?;
        if !any {
            return Ok(Vec::new());
        }
        let mut transaction = self.pool.begin().await.map_err(failure)?;
        let turn = sqlx::query(
            "UPDATE outbox_turn SET holder = $1, until = clock_timestamp() + $2::text::interval, given = 0 \
             WHERE holder IS NULL OR holder = $1 OR until <= clock_timestamp()",
        )
        .bind(holder)
        .bind(TURN)
        .execute(&mut *transaction)
        .await
        .map_err(failure)?;
        if turn.rows_affected() == 0 {
            return Ok(Vec::new());
        }
        let items = oldest(&mut transaction, limit).await?;
        let given = items.last().map(|item| item.sequence);
        sqlx::query(
            "UPDATE outbox_turn SET given = COALESCE($1, 0), holder = CASE WHEN $1 IS NULL THEN NULL ELSE holder END",
        )
        .bind(given)
        .execute(&mut *transaction)
        .await
        .map_err(failure)?;
        transaction.commit().await.map_err(failure)?;
        Ok(items)
    }

    async fn told(&self, holder: &str, sequence: i64) -> Result<(), StoreError> {
        sqlx::query(
            "WITH turn AS (UPDATE outbox_turn SET holder = NULL WHERE holder = $1 RETURNING given) \
             DELETE FROM outbox USING turn WHERE outbox.sequence <= LEAST($2, turn.given)",
        )
        .bind(holder)
        .bind(sequence)
        .execute(&self.pool)
        .await
        .map_err(failure)?;
        Ok(())
    }

    async fn everything(&self) -> Result<Vec<Write>, StoreError> {
        let mut snapshot =
            self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await.map_err(failure)?;
        let mut entries: Vec<Entry> = Vec::new();
        entries.extend(all(&mut snapshot, "SELECT document FROM tenants").await?.into_iter().map(Entry::Tenant));
        entries.extend(all(&mut snapshot, "SELECT document FROM event_types").await?.into_iter().map(Entry::EventType));
        entries.extend(
            all(&mut snapshot, "SELECT document FROM webhooks")
                .await?
                .into_iter()
                .map(|one| Entry::Webhook(Box::new(one))),
        );
        entries.extend(all(&mut snapshot, "SELECT document FROM api_keys").await?.into_iter().map(Entry::ApiKey));
        Ok(entries.into_iter().map(|entry| Write { key: entry.key(), entry: Some(entry) }).collect())
    }
}

async fn oldest(transaction: &mut Transaction<'_, Postgres>, limit: u32) -> Result<Vec<OutboxItem>, StoreError> {
    let rows: Vec<(i64, String, Option<String>)> =
        sqlx::query_as("SELECT sequence, key, entry FROM outbox ORDER BY sequence LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(&mut **transaction)
            .await
            .map_err(failure)?;
    rows.into_iter()
        .map(|(sequence, key, entry)| {
            let what = format!("outbox item {sequence}");
            let key = read_document(&what, &key)?;
            let entry = entry.map(|entry| read_document(&what, &entry)).transpose()?;
            Ok(OutboxItem { sequence, write: Write { key, entry } })
        })
        .collect()
}

async fn all<T: DeserializeOwned>(
    snapshot: &mut Transaction<'_, Postgres>,
    query: &'static str,
) -> Result<Vec<T>, StoreError> {
    let documents: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut **snapshot).await.map_err(failure)?;
    documents.iter().map(|document| read_document("configuration", document)).collect()
}
