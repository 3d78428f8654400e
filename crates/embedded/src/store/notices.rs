//! Webhooks that rules switch off, and what operators are told of it.

use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::ids::EventId;
use fanfare_domain::webhook::Webhook;
use fanfare_ports::store::{AuditEntry, Change, Notice, Notices, StoreError};
use sqlx::{query, query_as, query_scalar};

use super::{SqliteStore, changes, documents, failed};

/// How long notices that were handed out are kept from others.
const LEASE: Duration = Duration::from_secs(5);

#[async_trait]
impl Notices for SqliteStore {
    async fn disable(&self, webhook: Box<Webhook>, notice: &Notice, audit: AuditEntry) -> Result<(), StoreError> {
        let (id, document) = (notice.id.as_str().to_owned(), documents::text(notice)?);
        self.database
            .write(move |db| {
                Box::pin(async move {
                    changes::apply(db, Change::PutWebhook(webhook), &audit).await?;
                    query("INSERT INTO notices (id, document) VALUES (?, ?) ON CONFLICT DO NOTHING")
                        .bind(id)
                        .bind(document)
                        .execute(db)
                        .await
                        .map_err(failed)?;
                    Ok(())
                })
            })
            .await
    }

    async fn unannounced(&self, limit: u32) -> Result<Vec<Notice>, StoreError> {
        let now = self.clock.now();
        let (now, until) = (now.as_millis(), now.plus(LEASE).as_millis());
        // Usually there is nothing, and then nothing needs to be written.
        let any: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM notices WHERE held_until <= ?)")
            .bind(now)
            .fetch_one(self.database.read())
            .await
            .map_err(failed)?;
        if !any {
            return Ok(Vec::new());
        }
        self.database
            .write(move |db| {
                Box::pin(async move {
                    let mut rows: Vec<(i64, String)> = query_as(
                        "UPDATE notices SET held_until = ? WHERE sequence IN
                            (SELECT sequence FROM notices WHERE held_until <= ? ORDER BY sequence LIMIT ?)
                         RETURNING sequence, document",
                    )
                    .bind(until)
                    .bind(now)
                    .bind(limit)
                    .fetch_all(db)
                    .await
                    .map_err(failed)?;
                    rows.sort_unstable();
                    rows.iter().map(|(_, document)| documents::read("notices", document)).collect()
                })
            })
            .await
    }

    async fn announced(&self, notice: &EventId) -> Result<(), StoreError> {
        let id = notice.as_str().to_owned();
        self.database
            .write(move |db| {
                Box::pin(async move {
                    query("DELETE FROM notices WHERE id = ?").bind(id).execute(db).await.map_err(failed)?;
                    Ok(())
                })
            })
            .await
    }
}
