//! Looking up what deliveries wait for.

use fanfare_domain::delivery::DeliveryRef;
use fanfare_domain::journal::{PaceKind, QueuePace, Restated};
use fanfare_domain::time::Timestamp;
use fanfare_ports::schedule::LookedUp;
use sqlx::sqlite::SqlitePool;

use super::entries::hex_list;
use super::gates;
use super::pace::{Pace, SECOND, micros};
use crate::database::DatabaseError;

/// key, attempt, from when it can be claimed or its place in the queue; the queue's pace, since when it grows, its burst
type Row = (Vec<u8>, u16, i64, Option<f64>, Option<i64>, Option<i64>);

/// Finds what `deliveries` wait for, in one view of the database.
pub(super) async fn look_up(
    readers: &SqlitePool,
    deliveries: &[DeliveryRef],
    now: Timestamp,
) -> Result<LookedUp, DatabaseError> {
    let keys: Vec<Vec<u8>> = deliveries.iter().map(DeliveryRef::to_bytes).collect();
    let mut view = readers.begin().await?;
    let position = super::position(&mut view).await?;
    // CROSS JOIN: those that are looked for are few and each finds its entry by key.
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT entry.key, entry.attempt, coalesce(entry.visible, entry.due), gate.per_second, gate.since, gate.burst
         FROM json_each(?) AS wanted CROSS JOIN schedule_entries AS entry ON entry.key = unhex(wanted.value)
         LEFT JOIN schedule_gates AS gate ON gate.webhook = entry.webhook AND entry.parked",
    )
    .bind(hex_list(keys.iter().map(Vec::as_slice)))
    .fetch_all(&mut *view)
    .await?;
    view.rollback().await?;
    Ok(LookedUp { entries: rows.into_iter().filter_map(|row| entry_of(row, now)).collect(), position })
}

fn entry_of((key, attempt, due, per_second, since, burst): Row, now: Timestamp) -> Option<Restated> {
    let delivery = match DeliveryRef::from_bytes(&key) {
        Ok(delivery) => delivery,
        Err(error) => {
            tracing::error!(%error, "schedule entry cannot be read");
            return None;
        }
    };
    let queue = per_second.zip(burst).map(|(per_second, burst)| {
        let pace = Pace::stored(per_second, since.map(Timestamp::from_millis));
        let kind = if since.is_some() { PaceKind::Measured } else { PaceKind::Limit };
        QueuePace { per_second: pace.at(micros(now)) * SECOND, burst: gates::burst_of(burst), kind }
    });
    Some(Restated { delivery, attempt, due: Timestamp::from_millis(due), queue })
}
