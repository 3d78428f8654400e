//! Claiming what is due: half for those that wait for a time, half for queues, and each queue its share of that.

use fanfare_domain::delivery::DeliveryRef;
use fanfare_domain::ids::WebhookId;
use fanfare_domain::time::Timestamp;
use fanfare_ports::schedule::Claim;
use sqlx::sqlite::SqliteConnection;

use super::entries::hex_list;
use super::gates;
use crate::database::DatabaseError;

/// Gates that one claim looks at, each with a statement of its own.
const GATES_TOGETHER: usize = 128;

/// key, attempt, due, parked
type Row = (Vec<u8>, u16, i64, bool);

/// When the next entry can be claimed.
pub(super) async fn next(connection: &mut SqliteConnection) -> Result<Option<Timestamp>, DatabaseError> {
    let (visible, opens): (Option<i64>, Option<i64>) = sqlx::query_as(
        "SELECT (SELECT min(visible) FROM schedule_entries WHERE visible IS NOT NULL),
                (SELECT min(opens_at) FROM schedule_gates WHERE opens_at IS NOT NULL)",
    )
    .fetch_one(connection)
    .await?;
    Ok([visible, opens].into_iter().flatten().min().map(Timestamp::from_millis))
}

/// Claims up to `limit` entries until `until`, and tells when there will be more.
pub(super) async fn claim(
    connection: &mut SqliteConnection,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<(Vec<Claim>, Option<Timestamp>), DatabaseError> {
    let mut rows: Vec<Row> = sqlx::query_as(
        "SELECT key, attempt, due, parked FROM schedule_entries WHERE visible <= ? ORDER BY visible LIMIT ?",
    )
    .bind(now.as_millis())
    .bind(rows_of(limit))
    .fetch_all(&mut *connection)
    .await?;
    let room = (limit / 2).max(limit - rows.len());
    let (queued, touched) = from_queues(connection, now, room).await?;
    rows.truncate(limit - queued.len());
    rows.extend(queued);
    hide(connection, &rows, until).await?;
    gates::refresh(connection, touched, now).await?;
    let next = next(connection).await?;
    let mut claims: Vec<Claim> = rows.into_iter().filter_map(|row| claim_of(row, until)).collect();
    claims.sort_by_key(|claim| claim.due);
    Ok((claims, next))
}

/// Up to `room` entries of queues whose gates are open, and the webhooks of these queues.
async fn from_queues(
    connection: &mut SqliteConnection,
    now: Timestamp,
    room: usize,
) -> Result<(Vec<Row>, Vec<WebhookId>), DatabaseError> {
    let mut taken = Vec::new();
    let mut opened = gates::opened(connection, now, room.min(GATES_TOGETHER)).await?;
    let share = room / opened.len().max(1);
    for (webhook, gate) in &mut opened {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT key, attempt, due, parked FROM schedule_entries
             WHERE webhook = ? AND visible IS NULL AND due <= ? ORDER BY due LIMIT ?",
        )
        .bind(webhook.as_bytes().as_slice())
        .bind(now.as_millis())
        .bind(rows_of(gate.lets_through(now).min(share)))
        .fetch_all(&mut *connection)
        .await?;
        gate.pass(rows.len(), now);
        taken.extend(rows);
    }
    gates::store(connection, &opened).await?;
    Ok((taken, opened.into_iter().map(|(webhook, _)| webhook).collect()))
}

async fn hide(connection: &mut SqliteConnection, rows: &[Row], until: Timestamp) -> Result<(), DatabaseError> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE schedule_entries SET visible = ?, claimed = 1 WHERE key IN (SELECT unhex(value) FROM json_each(?))",
    )
    .bind(until.as_millis())
    .bind(hex_list(rows.iter().map(|(key, ..)| key.as_slice())))
    .execute(connection)
    .await?;
    Ok(())
}

fn claim_of((key, attempt, due, parked): Row, until: Timestamp) -> Option<Claim> {
    match DeliveryRef::from_bytes(&key) {
        Ok(delivery) => Some(Claim { delivery, attempt, due: Timestamp::from_millis(due), parked, until }),
        Err(error) => {
            tracing::error!(%error, "schedule entry cannot be read");
            None
        }
    }
}

fn rows_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
