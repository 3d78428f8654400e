//! Writing how deliveries stand.

use fanfare_domain::delivery::{DeliveryStatus, FailureReason};
use fanfare_domain::ids::Run;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::outcomes::Moved;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::attempts::duration_ms;
use super::batch::{Batch, DeliveryState};
use crate::rows::{sparse, tenant_column, tenant_number, uuid};

/// Whether what is to be written is further than what is there: what [`super::batch::Progress`] orders.
macro_rules! further {
    () => {
        "(excluded.status, excluded.decided_by, COALESCE(excluded.next_attempt_at, 0)) \
         > (d.status, d.decided_by, COALESCE(d.next_attempt_at, 0))"
    };
}

/// Whether it knows of a newer attempt.
macro_rules! newer {
    () => {
        "excluded.attempted_at IS NOT NULL AND (d.attempted_at IS NULL \
         OR (excluded.attempt, excluded.attempted_at) > (d.attempt, d.attempted_at))"
    };
}

/// Added to a status in `was` where the row was routed.
const WAS_ROUTED: i16 = 8;

/// Nothing is written where nothing changes, so that repeats cost little. Tells how rows moved, those together that did so alike:
/// each row keeps how it was before, since Postgres tells only how it is.
const UPSERT: &str = concat!(
    "WITH written AS (INSERT INTO deliveries AS d (day, id, tenant, webhook, replay, event, event_type, accepted_at, \
     stream_sequence, stream_index, status, decided_by, next_attempt_at, error, attempt, attempted_at, status_code, \
     response_time_ms, routed) \
     SELECT UNNEST($1::integer[]), UNNEST($2::uuid[]), UNNEST($3::integer[]), UNNEST($4::uuid[]), UNNEST($5::uuid[]), \
     UNNEST($6::text[]), UNNEST($7::text[]), UNNEST($8::bigint[]), UNNEST($9::bigint[]), UNNEST($10::integer[]), \
     UNNEST($11::smallint[]), UNNEST($12::integer[]), UNNEST($13::bigint[]), UNNEST($14::text[]), UNNEST($15::integer[]), \
     UNNEST($16::bigint[]), UNNEST($17::integer[]), UNNEST($18::bigint[]), UNNEST($19::boolean[]) \
     ON CONFLICT (id, day) DO UPDATE SET \
     was = d.status + CASE WHEN d.routed THEN 8 ELSE 0 END, \
     routed = d.routed OR excluded.routed, \
     accepted_at = GREATEST(d.accepted_at, excluded.accepted_at), \
     event = COALESCE(d.event, excluded.event), \
     event_type = COALESCE(d.event_type, excluded.event_type), \
     status = CASE WHEN ",
    further!(),
    " THEN excluded.status ELSE d.status END, decided_by = CASE WHEN ",
    further!(),
    " THEN excluded.decided_by ELSE d.decided_by END, next_attempt_at = CASE WHEN ",
    further!(),
    " THEN excluded.next_attempt_at ELSE d.next_attempt_at END, error = CASE WHEN ",
    further!(),
    " THEN excluded.error ELSE d.error END, attempt = CASE WHEN ",
    newer!(),
    " THEN excluded.attempt ELSE d.attempt END, attempted_at = CASE WHEN ",
    newer!(),
    " THEN excluded.attempted_at ELSE d.attempted_at END, status_code = CASE WHEN ",
    newer!(),
    " THEN excluded.status_code ELSE d.status_code END, response_time_ms = CASE WHEN ",
    newer!(),
    " THEN excluded.response_time_ms ELSE d.response_time_ms END WHERE ",
    further!(),
    " OR ",
    newer!(),
    " OR excluded.accepted_at > d.accepted_at OR (d.event IS NULL AND excluded.event IS NOT NULL) \
     OR (excluded.routed AND NOT d.routed) \
     RETURNING d.tenant, d.accepted_at, d.attempted_at, d.routed, d.was, d.status) \
     SELECT tenant, accepted_at / 60000 * 60000 AS accepted_at, \
     COALESCE(attempted_at, (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint) / 60000 * 60000 AS moved_at, \
     routed, was, status, count(*) AS number FROM written GROUP BY 1, 2, 3, 4, 5, 6"
);

/// Rows that moved alike.
#[derive(sqlx::FromRow)]
struct MovedRecord {
    tenant: i32,
    accepted_at: i64,
    moved_at: i64,
    routed: bool,
    was: Option<i16>,
    status: i16,
    number: i64,
}

impl MovedRecord {
    fn read(&self) -> Result<Moved, sqlx::Error> {
        let status = |rank: i16| {
            let status = u8::try_from(rank).ok().and_then(DeliveryStatus::from_rank);
            status.ok_or_else(|| sqlx::Error::Decode(format!("a delivery's status {rank}").into()))
        };
        Ok(Moved {
            tenant: tenant_number(self.tenant),
            accepted: Timestamp::from_millis(self.accepted_at),
            at: Timestamp::from_millis(self.moved_at),
            is_begun: self.routed && self.was.is_none_or(|was| was < WAS_ROUTED),
            before: self.was.map(|was| status(was % WAS_ROUTED)).transpose()?,
            now: status(self.status)?,
            number: self.number.cast_unsigned(),
        })
    }
}

/// Writes the batch's deliveries and tells how they moved.
pub(super) async fn write(connection: &mut PgConnection, batch: &Batch<'_>) -> Result<Vec<Moved>, sqlx::Error> {
    let states: Vec<&DeliveryState<'_>> = batch.deliveries.values().collect();
    if states.is_empty() {
        return Ok(Vec::new());
    }
    let small = |value: fn(&DeliveryState<'_>) -> i32| states.iter().map(|state| value(state)).collect::<Vec<i32>>();
    let large = |value: fn(&DeliveryState<'_>) -> i64| states.iter().map(|state| value(state)).collect::<Vec<i64>>();
    let maybe = |value: fn(&DeliveryState<'_>) -> Option<i64>| sparse(states.iter().map(|state| value(state)));
    let replay = |state: &&DeliveryState<'_>| match state.run() {
        Run::First => None,
        Run::Replay(replay) => Some(uuid(replay.as_bytes())),
    };
    let status_code = |state: &&DeliveryState<'_>| state.newest.and_then(|attempt| attempt.status).map(i32::from);
    let moved: Vec<MovedRecord> = sqlx::query_as(UPSERT)
        .bind(small(|state| state.day().number()))
        .bind(states.iter().map(|state| uuid(state.reference.id.as_bytes())).collect::<Vec<Uuid>>())
        .bind(small(|state| tenant_column(state.reference.tenant)))
        .bind(states.iter().map(|state| uuid(state.reference.webhook.as_bytes())).collect::<Vec<Uuid>>())
        .bind(sparse(states.iter().map(replay)))
        .bind(states.iter().map(|state| state.event.map(|(id, _)| id)).collect::<Vec<Option<&str>>>())
        .bind(states.iter().map(|state| state.event.map(|(_, name)| name)).collect::<Vec<Option<&str>>>())
        .bind(large(|state| state.accepted.as_millis()))
        .bind(large(|state| state.reference.event.sequence.cast_signed()))
        .bind(small(|state| i32::from(state.reference.event.index)))
        .bind(states.iter().map(|state| i16::from(state.progress.rank)).collect::<Vec<i16>>())
        .bind(small(|state| i32::from(state.progress.decided_by)))
        .bind(maybe(|state| state.progress.next.map(|next| next.as_millis())))
        .bind(sparse(states.iter().map(|state| state.error.map(FailureReason::as_str))))
        .bind(small(|state| state.newest.map_or(0, |attempt| i32::from(attempt.number))))
        .bind(maybe(|state| state.newest.map(|attempt| attempt.started.as_millis())))
        .bind(sparse(states.iter().map(status_code)))
        .bind(maybe(|state| state.newest.map(|attempt| i64::from(duration_ms(attempt)))))
        .bind(states.iter().map(|state| state.routed).collect::<Vec<bool>>())
        .fetch_all(connection)
        .await?;
    moved.iter().map(MovedRecord::read).collect()
}
