//! Replays: who works on which, and what they find.

use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::ids::{EventId, ReplayId, TenantNumber};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{Candidate, Cursor, Replay, ReplayOnly, ReplayState, Replays, StoreError};
use sqlx::{Postgres, QueryBuilder};

use crate::connection::PostgresStore;
use crate::failure::failure;
use crate::rows::cursor::List;
use crate::rows::event::{EventRecord, event_columns, of_living_tenant, with_delivered};
use crate::rows::{document, read_document, tenant_column, uuid};

#[async_trait]
impl Replays for PostgresStore {
    async fn begin(&self, replay: &Replay) -> Result<(), StoreError> {
        let begun = sqlx::query(
            "INSERT INTO replays (id, tenant, created_at, running, document) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING",
        )
        .bind(uuid(replay.id.as_bytes()))
        .bind(tenant_column(replay.tenant))
        .bind(replay.created_at.as_millis())
        .bind(replay.state == ReplayState::Running)
        .bind(document(replay)?)
        .execute(&self.pool)
        .await
        .map_err(failure)?;
        if begun.rows_affected() == 0 { Err(StoreError::Conflict) } else { Ok(()) }
    }

    async fn replay(&self, tenant: TenantNumber, id: ReplayId) -> Result<Option<Replay>, StoreError> {
        let found: Option<String> = sqlx::query_scalar(concat!(
            "SELECT document FROM replays WHERE tenant = $1 AND id = $2",
            of_living_tenant!()
        ))
        .bind(tenant_column(tenant))
        .bind(uuid(id.as_bytes()))
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)?;
        found.map(|text| read_document(&format!("replay {id}"), &text)).transpose()
    }

    async fn take_up(&self, holder: &str, now: Timestamp, lease: Duration) -> Result<Option<Replay>, StoreError> {
        let found: Option<String> = sqlx::query_scalar(
            "UPDATE replays SET holder = $1, until = $3 WHERE id = ( \
                 SELECT id FROM replays r WHERE running AND (until IS NULL OR until <= $2) \
                 AND NOT EXISTS (SELECT FROM erasures e WHERE e.tenant = r.tenant) \
                 ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED \
             ) RETURNING document",
        )
        .bind(holder)
        .bind(now.as_millis())
        .bind(now.plus(lease).as_millis())
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)?;
        found.map(|text| read_document("replay", &text)).transpose()
    }

    async fn advance(&self, holder: &str, now: Timestamp, lease: Duration, replay: &Replay) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await.map_err(failure)?;
        let stored: Option<String> =
            sqlx::query_scalar("SELECT document FROM replays WHERE id = $1 AND holder = $2 FOR UPDATE")
                .bind(uuid(replay.id.as_bytes()))
                .bind(holder)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(failure)?;
        let stored: Replay = read_document("replay", &stored.ok_or(StoreError::Conflict)?)?;
        let advanced = Replay {
            state: replay.state,
            published: replay.published,
            gone: replay.gone,
            cursor: replay.cursor.clone(),
            ..stored
        };
        sqlx::query("UPDATE replays SET document = $2, running = $3, until = $4 WHERE id = $1")
            .bind(uuid(replay.id.as_bytes()))
            .bind(document(&advanced)?)
            .bind(advanced.state == ReplayState::Running)
            .bind(now.plus(lease).as_millis())
            .execute(&mut *transaction)
            .await
            .map_err(failure)?;
        transaction.commit().await.map_err(failure)
    }

    async fn candidates(
        &self,
        replay: &Replay,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<Candidate>, StoreError> {
        let mut query = candidates(replay, cursor);
        query.push(" ORDER BY e.accepted_at, e.id LIMIT ").push_bind(i64::from(limit));
        let rows: Vec<EventRecord> = query.build_query_as().fetch_all(&self.pool).await.map_err(failure)?;
        rows.into_iter()
            .map(|row| {
                let cursor = List::Candidates.after(row.accepted_at, &row.id);
                Ok(Candidate { event: row.read()?, cursor })
            })
            .collect()
    }
}

fn candidates(replay: &Replay, cursor: Option<&Cursor>) -> QueryBuilder<Postgres> {
    let select = concat!("SELECT ", event_columns!(), " FROM events e", with_delivered!(), "WHERE e.tenant = ");
    let mut query = QueryBuilder::new(select);
    query.push_bind(tenant_column(replay.tenant)).push(of_living_tenant!());
    query.push(" AND e.trial_for IS NULL");
    query.push(" AND e.accepted_at >= ").push_bind(replay.since.as_millis());
    query.push(" AND e.accepted_at < ").push_bind(replay.until.as_millis());
    query.push(" AND e.day >= ").push_bind(replay.since.day().number());
    query.push(" AND e.day <= ").push_bind(replay.until.day().number());
    if let Some((time, id)) = List::Candidates.read(cursor, |text| EventId::new(text).ok()) {
        query
            .push(" AND (e.accepted_at, e.id) > (")
            .push_bind(time)
            .push(", ")
            .push_bind(id.as_str().to_owned())
            .push(")");
        query.push(" AND e.day >= ").push_bind(Timestamp::from_millis(time).day().number());
    }
    match replay.only {
        ReplayOnly::All => {}
        ReplayOnly::Missing => {
            query.push(" AND NOT ");
            has_delivery(&mut query, replay, "");
        }
        ReplayOnly::Failed => {
            query.push(" AND ");
            has_delivery(&mut query, replay, " AND f.status = 2");
            query.push(" AND NOT ");
            has_delivery(&mut query, replay, " AND f.status = 4");
        }
    }
    query
}

/// Whether the event has a delivery to the replay's webhook in another run, and of this `state`.
fn has_delivery(query: &mut QueryBuilder<Postgres>, replay: &Replay, state: &'static str) {
    query.push("EXISTS (SELECT FROM deliveries f WHERE f.tenant = e.tenant AND f.event = e.id AND f.day = e.day");
    query.push(" AND f.webhook = ").push_bind(uuid(replay.webhook.as_bytes()));
    query.push(" AND f.replay IS DISTINCT FROM ").push_bind(uuid(replay.id.as_bytes()));
    query.push(state).push(")");
}
