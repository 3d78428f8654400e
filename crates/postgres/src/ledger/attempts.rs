//! Writing attempts.

use std::collections::HashSet;

use fanfare_domain::attempt::Attempt;
use fanfare_domain::ids::{AttemptId, DeliveryId};
use fanfare_domain::journal::Attempted;
use fanfare_domain::time::Day;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::batch::{AttemptKey, Batch};
use crate::rows::text::escape;
use crate::rows::{tenant_column, uuid};

const INSERT: &str = "INSERT INTO attempts (day, delivery, id, late, tenant, webhook, number, manual, counts, started_at, \
     response_time_ms, status_code, error, request_headers, response_headers, response_body) \
     SELECT * FROM UNNEST($1::integer[], $2::uuid[], $3::uuid[], $4::boolean[], $5::integer[], $6::uuid[], $7::integer[], \
     $8::boolean[], $9::boolean[], $10::bigint[], $11::bigint[], $12::integer[], $13::text[], $14::text[], $15::text[], \
     $16::bytea[]) \
     ON CONFLICT (delivery, id, late, day) DO NOTHING RETURNING delivery, id, late, day";

/// How long an attempt took, in milliseconds.
pub(super) fn duration_column(attempt: &Attempt) -> i64 {
    i64::from(u32::try_from(attempt.duration.as_millis()).unwrap_or(u32::MAX))
}

/// Whether an attempt enters its webhook's health.
pub(super) const fn counts_for_health(attempted: &Attempted) -> bool {
    attempted.counts_for_health && !attempted.late
}

/// Writes the attempts and tells which had not been written before.
pub(super) async fn write(
    connection: &mut PgConnection,
    batch: &Batch<'_>,
) -> Result<HashSet<AttemptKey>, sqlx::Error> {
    let rows: Vec<(&Attempted, &Attempt)> = batch.attempts.values().copied().collect();
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let flags =
        |value: fn(&Attempted, &Attempt) -> bool| rows.iter().map(|(one, two)| value(one, two)).collect::<Vec<bool>>();
    let small =
        |value: fn(&Attempted, &Attempt) -> i32| rows.iter().map(|(one, two)| value(one, two)).collect::<Vec<i32>>();
    let ids =
        |value: fn(&Attempted, &Attempt) -> Uuid| rows.iter().map(|(one, two)| value(one, two)).collect::<Vec<Uuid>>();
    let headers = |of: fn(&Attempt) -> &[(String, String)]| {
        rows.iter()
            .map(|(_, attempt)| serde_json::to_string(of(attempt)))
            .collect::<Result<Vec<String>, _>>()
            .map_err(|error| sqlx::Error::Encode(Box::new(error)))
    };
    let new: Vec<(Uuid, Uuid, bool, i32)> = sqlx::query_as(INSERT)
        .bind(small(|attempted, _| attempted.delivery.accepted().day().number()))
        .bind(ids(|attempted, _| uuid(attempted.delivery.id.as_bytes())))
        .bind(ids(|_, attempt| uuid(attempt.id.as_bytes())))
        .bind(flags(|attempted, _| attempted.late))
        .bind(small(|attempted, _| tenant_column(attempted.delivery.tenant)))
        .bind(ids(|attempted, _| uuid(attempted.delivery.webhook.as_bytes())))
        .bind(small(|_, attempt| i32::from(attempt.number)))
        .bind(flags(|_, attempt| attempt.manual))
        .bind(flags(|attempted, _| counts_for_health(attempted)))
        .bind(rows.iter().map(|(_, attempt)| attempt.started.as_millis()).collect::<Vec<i64>>())
        .bind(rows.iter().map(|(_, attempt)| duration_column(attempt)).collect::<Vec<i64>>())
        .bind(rows.iter().map(|(_, attempt)| attempt.status.map(i32::from)).collect::<Vec<Option<i32>>>())
        .bind(rows.iter().map(|(_, attempt)| attempt.error.as_deref().map(escape)).collect::<Vec<_>>())
        .bind(headers(|attempt| &attempt.request_headers)?)
        .bind(headers(|attempt| &attempt.response_headers)?)
        .bind(rows.iter().map(|(_, attempt)| &attempt.response_body[..]).collect::<Vec<&[u8]>>())
        .fetch_all(connection)
        .await?;
    Ok(new.into_iter().map(key).collect())
}

fn key((delivery, id, late, day): (Uuid, Uuid, bool, i32)) -> AttemptKey {
    let delivery = DeliveryId::from_bytes(delivery.into_bytes());
    (delivery, AttemptId::from_bytes(id.into_bytes()), late, Day::from_number(day))
}
