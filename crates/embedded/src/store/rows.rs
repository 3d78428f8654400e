//! Rows as what they say.

use bytes::Bytes;
use fanfare_domain::delivery::{DeliveryRef, DeliveryStatus, Position};
use fanfare_domain::ids::{AttemptId, DeliveryId, EventId, ReplayId, Run, TenantNumber, WebhookId};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{AttemptRow, DeliveryRow, EventRow, StoreError};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{documents, failed};

/// The columns of [`event`], of a table called `events`.
pub(super) const EVENT: &str = "events.id, events.event_type, events.subject, events.created, events.accepted, \
     events.sequence, events.place, \
     (SELECT min(d.status = 4) FROM deliveries d WHERE d.tenant = events.tenant AND d.event = events.id \
     AND d.day = events.day) AS delivered";

/// The columns of [`delivery`], of a table called `deliveries`.
pub(super) const DELIVERY: &str = "deliveries.id, deliveries.tenant, deliveries.webhook, deliveries.event, \
     deliveries.event_type, deliveries.replay, deliveries.sequence, deliveries.place, deliveries.accepted, \
     deliveries.status, deliveries.due, deliveries.error, deliveries.newest_number, deliveries.newest_status_code, \
     deliveries.newest_response_time";

/// The columns of [`attempt`].
pub(super) const ATTEMPT: &str = "id, number, manual, late, started, status_code, response_time, error, request_headers, \
     response_headers, response_body";

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(what.to_owned())
}

/// The bytes of an id found in `table`.
pub(super) fn sixteen(bytes: &[u8], table: &str) -> Result<[u8; 16], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged(format!("an id of {} bytes in {table}", bytes.len())))
}

/// The id in a column.
pub(super) fn id(row: &SqliteRow, column: usize) -> Result<[u8; 16], StoreError> {
    let bytes: &[u8] = row.try_get(column).map_err(failed)?;
    sixteen(bytes, "a log table")
}

/// An id as SQLite's `unhex` reads it, for lists of ids that travel as one JSON parameter.
pub(super) fn hex(id: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*id))
}

/// The tenant of this number.
pub(super) fn tenant(number: i64) -> Result<TenantNumber, StoreError> {
    u32::try_from(number).map(TenantNumber::new).map_err(|_| damaged("a tenant's number"))
}

/// The time in a column.
pub(super) fn time(row: &SqliteRow, column: usize) -> Result<Option<Timestamp>, StoreError> {
    let millis: Option<i64> = row.try_get(column).map_err(failed)?;
    Ok(millis.map(Timestamp::from_millis))
}

fn time_given(row: &SqliteRow, column: usize) -> Result<Timestamp, StoreError> {
    row.try_get(column).map(Timestamp::from_millis).map_err(failed)
}

fn position(row: &SqliteRow, column: usize) -> Result<Position, StoreError> {
    let sequence: i64 = row.try_get(column).map_err(failed)?;
    Ok(Position { sequence: sequence.cast_unsigned(), index: row.try_get(column + 1).map_err(failed)? })
}

fn event_id(row: &SqliteRow, column: usize) -> Result<EventId, StoreError> {
    let text: &str = row.try_get(column).map_err(failed)?;
    EventId::new(text).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// The event in a row of [`EVENT`].
pub(super) fn event(row: &SqliteRow) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        id: event_id(row, 0)?,
        event_type: row.try_get(1).map_err(failed)?,
        subject: row.try_get(2).map_err(failed)?,
        created: time_given(row, 3)?,
        accepted: time_given(row, 4)?,
        position: position(row, 5)?,
        delivered: row.try_get(7).map_err(failed)?,
    })
}

/// The delivery in a row of [`DELIVERY`].
pub(super) fn delivery(row: &SqliteRow) -> Result<DeliveryRow, StoreError> {
    let replay: Option<&[u8]> = row.try_get(5).map_err(failed)?;
    let run = match replay {
        None => Run::First,
        Some(bytes) => Run::Replay(ReplayId::from_bytes(sixteen(bytes, "deliveries")?)),
    };
    let accepted = time_given(row, 8)?;
    let status = status(row.try_get(9).map_err(failed)?)?;
    Ok(DeliveryRow {
        reference: DeliveryRef::from_parts(
            DeliveryId::from_bytes(id(row, 0)?),
            tenant(row.try_get(1).map_err(failed)?)?,
            WebhookId::from_bytes(id(row, 2)?),
            position(row, 6)?,
            accepted,
            run,
        ),
        event: event_id(row, 3)?,
        event_type: row.try_get(4).map_err(failed)?,
        status,
        error: row.try_get(11).map_err(failed)?,
        status_code: row.try_get(13).map_err(failed)?,
        response_time_ms: row.try_get(14).map_err(failed)?,
        attempt: row.try_get(12).map_err(failed)?,
        next_attempt_at: time(row, 10)?.filter(|_| status == DeliveryStatus::Retrying),
        created_at: accepted,
    })
}

fn status(rank: u8) -> Result<DeliveryStatus, StoreError> {
    DeliveryStatus::from_rank(rank).ok_or_else(|| damaged("a delivery's status"))
}

/// The attempt in a row of [`ATTEMPT`].
pub(super) fn attempt(row: &SqliteRow) -> Result<AttemptRow, StoreError> {
    let headers = |column| {
        let text: &str = row.try_get(column).map_err(failed)?;
        documents::read("attempts", text)
    };
    let body: Vec<u8> = row.try_get(10).map_err(failed)?;
    Ok(AttemptRow {
        id: AttemptId::from_bytes(id(row, 0)?),
        number: row.try_get(1).map_err(failed)?,
        manual: row.try_get(2).map_err(failed)?,
        late: row.try_get(3).map_err(failed)?,
        started_at: time_given(row, 4)?,
        status_code: row.try_get(5).map_err(failed)?,
        response_time_ms: row.try_get(6).map_err(failed)?,
        error: row.try_get(7).map_err(failed)?,
        request_headers: headers(8)?,
        response_headers: headers(9)?,
        response_body: Bytes::from(body),
    })
}
