//! Webhooks that rules switch off, and what operators are told of it.

use async_trait::async_trait;
use fanfare_domain::ids::EventId;
use fanfare_domain::webhook::Webhook;
use fanfare_ports::store::{AuditEntry, Change, Notice, Notices, StoreError};

use crate::connection::PostgresStore;
use crate::failure::failure;
use crate::registry;
use crate::rows::{document, read_document};

/// How long notices that were handed out are kept from other processes.
const LEASE: &str = "5 seconds";

#[async_trait]
impl Notices for PostgresStore {
    async fn disable(&self, webhook: Box<Webhook>, notice: &Notice, audit: AuditEntry) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await.map_err(failure)?;
        registry::make(&mut transaction, Change::PutWebhook(webhook), &audit).await?;
        sqlx::query("INSERT INTO notices (id, document) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(notice.id.as_str())
            .bind(document(notice)?)
            .execute(&mut *transaction)
            .await
            .map_err(failure)?;
        transaction.commit().await.map_err(failure)
    }

    async fn unannounced(&self, limit: u32) -> Result<Vec<Notice>, StoreError> {
        // Most often there is nothing; then nothing is written.
        let any: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM notices)").fetch_one(&self.pool).await.map_err(failure)?;
        if !any {
            return Ok(Vec::new());
        }
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "WITH held AS (UPDATE notices SET held_until = clock_timestamp() + $2::text::interval WHERE sequence IN \
             (SELECT sequence FROM notices WHERE held_until <= clock_timestamp() ORDER BY sequence LIMIT $1 \
             FOR UPDATE SKIP LOCKED) RETURNING sequence, document) \
             SELECT sequence, document FROM held ORDER BY sequence",
        )
        .bind(i64::from(limit))
        .bind(LEASE)
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        rows.iter().map(|(sequence, text)| read_document(&format!("notice {sequence}"), text)).collect()
    }

    async fn announced(&self, notice: &EventId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM notices WHERE id = $1")
            .bind(notice.as_str())
            .execute(&self.pool)
            .await
            .map_err(failure)?;
        Ok(())
    }
}
