//! What the directory has not been told yet.

use std::time::Duration;

use async_trait::async_trait;
use fanfare_ports::directory::{Entry, Write};
use fanfare_ports::store::{Outbox, OutboxItem, StoreError};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Row, query, query_scalar};

use super::{SqliteStore, documents, failed};

/// How long the items are kept from others.
const LEASE: Duration = Duration::from_secs(5);

#[async_trait]
impl Outbox for SqliteStore {
    async fn untold(&self, holder: &str, limit: u32) -> Result<Vec<OutboxItem>, StoreError> {
        // Usually there is nothing, and then nothing needs to be written.
        let any: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM outbox)")
            .fetch_one(self.database.read())
            .await
            .map_err(failed)?;
        if !any {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let (now, until) = (now.as_millis(), now.plus(LEASE).as_millis());
        let holder = holder.to_owned();
        self.database
            .write(move |db| {
                Box::pin(async move {
                    if is_held_by_another(db, &holder, now).await? {
                        return Ok(Vec::new());
                    }
                    let items = oldest(db, limit).await?;
                    let given = items.last().map_or(0, |item| item.sequence);
                    query(
                        "INSERT INTO outbox_lease (one, holder, until, given) VALUES (1, ?, ?, ?)
                         ON CONFLICT DO UPDATE SET holder = excluded.holder, until = excluded.until, given = excluded.given",
                    )
                    .bind(holder)
                    .bind(until)
                    .bind(given)
                    .execute(db)
                    .await
                    .map_err(failed)?;
                    Ok(items)
                })
            })
            .await
    }

    async fn told(&self, holder: &str, sequence: i64) -> Result<(), StoreError> {
        let holder = holder.to_owned();
        self.database
            .write(move |db| {
                Box::pin(async move {
                    // Whoever lost the lease removes nothing: the items are told once more, in their order.
                    let given: Option<i64> =
                        query_scalar("UPDATE outbox_lease SET until = 0 WHERE holder = ? RETURNING given")
                            .bind(holder)
                            .fetch_optional(&mut *db)
                            .await
                            .map_err(failed)?;
                    if let Some(given) = given {
                        query("DELETE FROM outbox WHERE sequence <= ?")
                            .bind(sequence.min(given))
                            .execute(db)
                            .await
                            .map_err(failed)?;
                    }
                    Ok(())
                })
            })
            .await
    }

    async fn everything(&self) -> Result<Vec<Write>, StoreError> {
        // One statement sees one state.
        let rows = query(
            "SELECT 'tenant', document FROM tenants
             UNION ALL SELECT 'api_key', document FROM api_keys
             UNION ALL SELECT 'event_type', document FROM event_types
             UNION ALL SELECT 'webhook', document FROM webhooks",
        )
        .fetch_all(self.database.read())
        .await
        .map_err(failed)?;
        let mut writes = Vec::with_capacity(rows.len());
        for row in rows {
            let kind: &str = row.try_get(0).map_err(failed)?;
            let document: &str = row.try_get(1).map_err(failed)?;
            let entry = match kind {
                "tenant" => Entry::Tenant(documents::read("tenants", document)?),
                "api_key" => Entry::ApiKey(documents::read("api_keys", document)?),
                "event_type" => Entry::EventType(documents::read("event_types", document)?),
                _ => Entry::Webhook(documents::read("webhooks", document)?),
            };
            writes.push(Write { key: entry.key(), entry: Some(entry) });
        }
        Ok(writes)
    }
}

async fn is_held_by_another(db: &mut SqliteConnection, holder: &str, now: i64) -> Result<bool, StoreError> {
    query_scalar("SELECT EXISTS (SELECT 1 FROM outbox_lease WHERE holder <> ? AND until > ?)")
        .bind(holder)
        .bind(now)
        .fetch_one(db)
        .await
        .map_err(failed)
}

async fn oldest(db: &mut SqliteConnection, limit: u32) -> Result<Vec<OutboxItem>, StoreError> {
    let rows = query("SELECT sequence, key, entry FROM outbox ORDER BY sequence LIMIT ?")
        .bind(limit)
        .fetch_all(db)
        .await
        .map_err(failed)?;
    let items = rows.iter().map(|row| {
        let key: &str = row.try_get(1).map_err(failed)?;
        let entry: Option<&str> = row.try_get(2).map_err(failed)?;
        Ok(OutboxItem {
            sequence: row.try_get(0).map_err(failed)?,
            write: Write {
                key: documents::read("outbox", key)?,
                entry: entry.map(|text| documents::read("outbox", text)).transpose()?,
            },
        })
    });
    items.collect()
}
