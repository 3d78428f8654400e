//! The events that a replay may take up.

use fanfare_ports::store::keyset::Keyset;
use fanfare_ports::store::{Candidate, Cursor, Replay, ReplayOnly, StoreError};
use sqlx::{QueryBuilder, Sqlite, SqlitePool};

use super::rows::{self, EVENT};
use super::{failed, lists, reports};

/// Events for everybody in the replay's time and of its kind, oldest first, after `cursor`.
pub(super) async fn find(
    pool: &SqlitePool,
    replay: &Replay,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<Vec<Candidate>, StoreError> {
    let mut query = QueryBuilder::new(format!("SELECT {EVENT} FROM events WHERE events.trial = 0"));
    reports::only_of(&mut query, "events", replay.tenant);
    query.push(" AND events.accepted >= ").push_bind(replay.since.as_millis());
    query.push(" AND events.accepted < ").push_bind(replay.until.as_millis());
    match replay.only {
        ReplayOnly::All => {}
        ReplayOnly::Missing => {
            query.push(" AND NOT");
            has_delivery(&mut query, replay, "");
        }
        ReplayOnly::Failed => {
            query.push(" AND");
            has_delivery(&mut query, replay, " AND d.status = 2");
            query.push(" AND NOT");
            has_delivery(&mut query, replay, " AND d.status = 4");
        }
    }
    let start = cursor.and_then(|cursor| Keyset::read(cursor, lists::CANDIDATES));
    if let Some((at, id)) = start.as_ref().and_then(|start| Some((start.at, start.text()?.to_owned()))) {
        query
            .push(" AND (events.accepted, events.id) > (")
            .push_bind(at.as_millis())
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    query.push(" ORDER BY events.accepted, events.id LIMIT ").push_bind(limit);
    let rows = query.build().fetch_all(pool).await.map_err(failed)?;
    let candidates = rows.iter().map(|row| {
        let event = rows::event(row)?;
        let cursor = Keyset::new(event.accepted, event.id.as_str()).cursor(lists::CANDIDATES);
        Ok(Candidate { event, cursor })
    });
    candidates.collect()
}

/// That the event has a delivery to the replay's webhook, of a run that is not this replay's own.
fn has_delivery(query: &mut QueryBuilder<Sqlite>, replay: &Replay, condition: &str) {
    query.push(" EXISTS (SELECT 1 FROM deliveries d WHERE d.tenant = events.tenant AND d.event = events.id AND d.day = events.day AND d.webhook = ");
    query.push_bind(replay.webhook.as_bytes().to_vec());
    query.push(" AND d.replay IS NOT ").push_bind(replay.id.as_bytes().to_vec());
    query.push(condition).push(")");
}
