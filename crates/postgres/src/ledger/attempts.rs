//! Writing attempts.

use std::collections::HashSet;

use fanfare_domain::attempt::Attempt;
use fanfare_domain::ids::{AttemptId, DeliveryId};
use fanfare_domain::journal::Attempted;
use fanfare_domain::time::Day;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::Way;
use super::batch::{AttemptKey, Batch};
use crate::rows::text::escape;
use crate::rows::{sparse, tenant_column, uuid};

macro_rules! insert {
    () => {
        "INSERT INTO attempts (day, delivery, id, late, tenant, webhook, number, manual, counts, started_at, \
         response_time_ms, status_code, error, request_headers, response_headers, response_body) \
         SELECT UNNEST($1::integer[]), UNNEST($2::uuid[]), UNNEST($3::uuid[]), UNNEST($4::boolean[]), \
         UNNEST($5::integer[]), UNNEST($6::uuid[]), UNNEST($7::integer[]), UNNEST($8::boolean[]), UNNEST($9::boolean[]), \
         UNNEST($10::bigint[]), UNNEST($11::bigint[]), UNNEST($12::integer[]), UNNEST($13::text[]), UNNEST($14::text[]), \
         UNNEST($15::text[]), UNNEST($16::bytea[])"
    };
}

const INSERT_UNKNOWN: &str =
    concat!(insert!(), " ON CONFLICT (delivery, id, late, day) DO NOTHING RETURNING delivery, id, late, day");

/// The attempts of a batch that had not been written before.
pub(super) enum New {
    All,
    These(HashSet<AttemptKey>),
}

impl New {
    pub(super) fn contains(&self, key: &AttemptKey) -> bool {
        match self {
            Self::All => true,
            Self::These(keys) => keys.contains(key),
        }
    }
}

/// How long an attempt took, in milliseconds.
pub(super) fn duration_ms(attempt: &Attempt) -> u32 {
    u32::try_from(attempt.duration.as_millis()).unwrap_or(u32::MAX)
}

/// Whether an attempt enters its webhook's health.
pub(super) const fn counts_for_health(attempted: &Attempted) -> bool {
    attempted.counts_for_health && !attempted.late
}

/// Writes the attempts and tells which had not been written before.
pub(super) async fn write(connection: &mut PgConnection, batch: &Batch<'_>, way: Way) -> Result<New, sqlx::Error> {
    let rows: Vec<(&Attempted, &Attempt)> = batch.attempts.values().copied().collect();
    if rows.is_empty() {
        return Ok(New::All);
    }
    let flags =
        |value: fn(&Attempted, &Attempt) -> bool| rows.iter().map(|(one, two)| value(one, two)).collect::<Vec<bool>>();
    let small =
        |value: fn(&Attempted, &Attempt) -> i32| rows.iter().map(|(one, two)| value(one, two)).collect::<Vec<i32>>();
    let ids =
        |value: fn(&Attempted, &Attempt) -> Uuid| rows.iter().map(|(one, two)| value(one, two)).collect::<Vec<Uuid>>();
    let insert = match way {
        Way::AllNew => insert!(),
        Way::SomeKnown => INSERT_UNKNOWN,
    };
    let returned = sqlx::query_as::<_, (Uuid, Uuid, bool, i32)>(insert)
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
        .bind(rows.iter().map(|(_, attempt)| i64::from(duration_ms(attempt))).collect::<Vec<i64>>())
        .bind(sparse(rows.iter().map(|(_, attempt)| attempt.status.map(i32::from))))
        .bind(sparse(rows.iter().map(|(_, attempt)| attempt.error.as_deref().map(escape))))
        .bind(rows.iter().map(|(_, attempt)| attempt.request_headers.as_str()).collect::<Vec<&str>>())
        .bind(rows.iter().map(|(_, attempt)| attempt.response_headers.as_str()).collect::<Vec<&str>>())
        .bind(rows.iter().map(|(_, attempt)| &attempt.response_body[..]).collect::<Vec<&[u8]>>())
        .fetch_all(connection)
        .await?;
    Ok(match way {
        Way::AllNew => New::All,
        Way::SomeKnown => New::These(returned.into_iter().map(key).collect()),
    })
}

fn key((delivery, id, late, day): (Uuid, Uuid, bool, i32)) -> AttemptKey {
    let delivery = DeliveryId::from_bytes(delivery.into_bytes());
    (delivery, AttemptId::from_bytes(id.into_bytes()), late, Day::from_number(day))
}
