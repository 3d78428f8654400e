//! Replays and their progress.

use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::ids::{ReplayId, TenantNumber};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{Candidate, Cursor, Replay, ReplayState, Replays, StoreError};
use sqlx::{query, query_scalar};

use super::{SqliteStore, candidates, documents, failed};

#[async_trait]
impl Replays for SqliteStore {
    async fn begin(&self, replay: &Replay) -> Result<(), StoreError> {
        let replay = replay.clone();
        self.database
            .write(move |db| {
                Box::pin(async move {
                    let begun = query(
                        "INSERT INTO replays (id, tenant, webhook, running, held_until, created_at, document)
                         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    )
                    .bind(replay.id.as_bytes().to_vec())
                    .bind(i64::from(replay.tenant.get()))
                    .bind(replay.webhook.as_bytes().to_vec())
                    .bind(replay.state == ReplayState::Running)
                    .bind(i64::MIN)
                    .bind(replay.created_at.as_millis())
                    .bind(documents::text(&replay)?)
                    .execute(db)
                    .await
                    .map_err(failed)?;
                    if begun.rows_affected() == 0 { Err(StoreError::Conflict) } else { Ok(()) }
                })
            })
            .await
    }

    async fn replay(&self, tenant: TenantNumber, id: ReplayId) -> Result<Option<Replay>, StoreError> {
        let sql =
            "SELECT document FROM replays WHERE id = ? AND tenant = ? AND tenant NOT IN (SELECT tenant FROM erasures)";
        let document: Option<String> = query_scalar(sql)
            .bind(id.as_bytes().to_vec())
            .bind(i64::from(tenant.get()))
            .fetch_optional(self.database.read())
            .await
            .map_err(failed)?;
        document.map(|text| documents::read("replays", &text)).transpose()
    }

    async fn take_up(&self, holder: &str, now: Timestamp, lease: Duration) -> Result<Option<Replay>, StoreError> {
        let (until, now) = (now.plus(lease).as_millis(), now.as_millis());
        // Usually there is none, and then nothing needs to be written.
        let any: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM replays WHERE running = 1 AND held_until <= ?)")
            .bind(now)
            .fetch_one(self.database.read())
            .await
            .map_err(failed)?;
        if !any {
            return Ok(None);
        }
        let holder = holder.to_owned();
        let document: Option<String> = self
            .database
            .write(move |db| {
                Box::pin(async move {
                    query_scalar(
                        "UPDATE replays SET holder = ?1, held_until = ?2 WHERE id = (
                            SELECT id FROM replays WHERE running = 1 AND held_until <= ?3 ORDER BY created_at, id LIMIT 1)
                         RETURNING document",
                    )
                    .bind(holder)
                    .bind(until)
                    .bind(now)
                    .fetch_optional(db)
                    .await
                    .map_err(failed)
                })
            })
            .await?;
        document.map(|text| documents::read("replays", &text)).transpose()
    }

    async fn advance(&self, holder: &str, now: Timestamp, lease: Duration, replay: &Replay) -> Result<(), StoreError> {
        let holder = holder.to_owned();
        let until = now.plus(lease).as_millis();
        let replay = replay.clone();
        self.database
            .write(move |db| {
                Box::pin(async move {
                    // Only what is progress is taken from the caller's copy.
                    let advanced = query(
                        "UPDATE replays SET running = ?3, held_until = ?4,
                            document = json_set(document, '$.state', json(?5), '$.published', ?6, '$.gone', ?7, '$.cursor', ?8)
                         WHERE id = ?1 AND holder = ?2 AND running = 1",
                    )
                    .bind(replay.id.as_bytes().to_vec())
                    .bind(holder)
                    .bind(replay.state == ReplayState::Running)
                    .bind(until)
                    .bind(documents::text(&replay.state)?)
                    .bind(i64::try_from(replay.published).unwrap_or(i64::MAX))
                    .bind(i64::try_from(replay.gone).unwrap_or(i64::MAX))
                    .bind(replay.cursor)
                    .execute(db)
                    .await
                    .map_err(failed)?;
                    if advanced.rows_affected() == 0 { Err(StoreError::Conflict) } else { Ok(()) }
                })
            })
            .await
    }

    async fn candidates(
        &self,
        replay: &Replay,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<Candidate>, StoreError> {
        candidates::find(self.database.read(), replay, cursor, limit).await
    }
}
