//! Gates in the database.

use std::collections::HashMap;

use fanfare_domain::ids::WebhookId;
use fanfare_domain::time::Timestamp;
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};

use super::entries::{ROWS_TOGETHER, hex_list};
use super::gate::Gate;
use super::pace::Pace;
use crate::database::DatabaseError;

/// Gates as they lie in a row: webhook, pace, since when it grows, burst, paid.
type Row = (Vec<u8>, f64, Option<i64>, i64, f64);

/// A burst as it lies in a row.
pub(super) fn burst_of(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(u32::MAX)
}

fn gate_of((webhook, per_second, since, burst, paid_at): Row) -> Option<(WebhookId, Gate)> {
    let webhook = WebhookId::from_bytes(webhook.try_into().ok()?);
    let burst = burst_of(burst);
    let pace = Pace::stored(per_second, since.map(Timestamp::from_millis));
    Some((webhook, Gate { paid_at, ..Gate::new(pace, burst) }))
}

/// Sets the paces of queues.
pub(super) async fn set_paces(
    connection: &mut SqliteConnection,
    mut paces: HashMap<WebhookId, Gate>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    if paces.is_empty() {
        return Ok(());
    }
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT webhook, per_second, since, burst, paid_at FROM schedule_gates
         WHERE webhook IN (SELECT unhex(value) FROM json_each(?))",
    )
    .bind(hex_list(paces.keys().map(|webhook| webhook.as_bytes().as_slice())))
    .fetch_all(&mut *connection)
    .await?;
    for (webhook, before) in rows.into_iter().filter_map(gate_of) {
        if let Some(pace) = paces.get_mut(&webhook) {
            let same = (before.pace, before.burst) == (pace.pace, pace.burst);
            *pace = if same { before } else { before.at_pace_of(pace, now) };
        }
    }
    store(connection, &paces.into_iter().collect::<Vec<_>>()).await
}

/// Writes gates as they are now; when they open is seen to by [`refresh`].
pub(super) async fn store(connection: &mut SqliteConnection, gates: &[(WebhookId, Gate)]) -> Result<(), DatabaseError> {
    for rows in gates.chunks(ROWS_TOGETHER) {
        let mut upsert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO schedule_gates (webhook, per_second, since, burst, paid_at, free_at) ",
        );
        upsert.push_values(rows, |mut row, (webhook, gate)| {
            row.push_bind(webhook.as_bytes().to_vec()).push_bind(gate.pace.per_second);
            row.push_bind(gate.pace.since.map(Timestamp::as_millis)).push_bind(i64::from(gate.burst));
            row.push_bind(gate.paid_at).push_bind(gate.free_at().as_millis());
        });
        upsert.push(
            " ON CONFLICT (webhook) DO UPDATE SET per_second = excluded.per_second, since = excluded.since,
              burst = excluded.burst, paid_at = excluded.paid_at, free_at = excluded.free_at",
        );
        upsert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Makes gates open when their first entry and their pace allow, not before `now`: so those that could have opened
/// earlier come first. Those that are paid off and have nobody waiting say nothing and go.
pub(super) async fn refresh(
    connection: &mut SqliteConnection,
    webhooks: impl IntoIterator<Item = WebhookId>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let webhooks: Vec<WebhookId> = webhooks.into_iter().collect();
    if webhooks.is_empty() {
        return Ok(());
    }
    let list = hex_list(webhooks.iter().map(|webhook| webhook.as_bytes().as_slice()));
    sqlx::query(
        "UPDATE schedule_gates SET opens_at = (
             SELECT max(min(e.due), free_at, ?1) FROM schedule_entries e
             WHERE e.webhook = schedule_gates.webhook AND e.visible IS NULL
         ) WHERE webhook IN (SELECT unhex(value) FROM json_each(?2))",
    )
    .bind(now.as_millis())
    .bind(&list)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "DELETE FROM schedule_gates WHERE opens_at IS NULL AND paid_at <= ?1
         AND webhook IN (SELECT unhex(value) FROM json_each(?2))",
    )
    .bind(now.as_millis() as f64 * 1000.0)
    .bind(&list)
    .execute(connection)
    .await?;
    Ok(())
}

/// Up to `limit` gates that are open, those that have been so for longest first.
pub(super) async fn opened(
    connection: &mut SqliteConnection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<(WebhookId, Gate)>, DatabaseError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT webhook, per_second, since, burst, paid_at FROM schedule_gates WHERE opens_at <= ? ORDER BY opens_at LIMIT ?",
    )
    .bind(now.as_millis())
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().filter_map(gate_of).collect())
}

/// Lets all go that wait in the webhook's own queue, and forgets its pace.
pub(super) async fn open(
    connection: &mut SqliteConnection,
    webhook: WebhookId,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    sqlx::query(
        "UPDATE schedule_entries SET parked = 0, due = min(due, ?2), visible = ?2 WHERE webhook = ?1 AND visible IS NULL",
    )
    .bind(webhook.as_bytes().as_slice())
    .bind(now.as_millis())
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM schedule_gates WHERE webhook = ?")
        .bind(webhook.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}
