//! Writing how deliveries stand.

use fanfare_domain::delivery::FailureReason;
use fanfare_domain::ids::Run;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::batch::{Batch, DeliveryState};
use crate::rows::{sparse, tenant_column, uuid};

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

/// Nothing is written where nothing changes, so that repeats cost little.
const UPSERT: &str = concat!(
    "INSERT INTO deliveries AS d (day, id, tenant, webhook, replay, event, event_type, accepted_at, stream_sequence, \
     stream_index, status, decided_by, next_attempt_at, error, attempt, attempted_at, status_code, response_time_ms) \
     SELECT UNNEST($1::integer[]), UNNEST($2::uuid[]), UNNEST($3::integer[]), UNNEST($4::uuid[]), UNNEST($5::uuid[]), \
     UNNEST($6::text[]), UNNEST($7::text[]), UNNEST($8::bigint[]), UNNEST($9::bigint[]), UNNEST($10::integer[]), \
     UNNEST($11::smallint[]), UNNEST($12::integer[]), UNNEST($13::bigint[]), UNNEST($14::text[]), UNNEST($15::integer[]), \
     UNNEST($16::bigint[]), UNNEST($17::integer[]), UNNEST($18::bigint[]) \
     ON CONFLICT (id, day) DO UPDATE SET \
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
    " OR excluded.accepted_at > d.accepted_at OR (d.event IS NULL AND excluded.event IS NOT NULL)"
);

pub(super) async fn write(connection: &mut PgConnection, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
    let states: Vec<&DeliveryState<'_>> = batch.deliveries.values().collect();
    if states.is_empty() {
        return Ok(());
    }
    let small = |value: fn(&DeliveryState<'_>) -> i32| states.iter().map(|state| value(state)).collect::<Vec<i32>>();
    let large = |value: fn(&DeliveryState<'_>) -> i64| states.iter().map(|state| value(state)).collect::<Vec<i64>>();
    let maybe = |value: fn(&DeliveryState<'_>) -> Option<i64>| sparse(states.iter().map(|state| value(state)));
    let replay = |state: &&DeliveryState<'_>| match state.run() {
        Run::First => None,
        Run::Replay(replay) => Some(uuid(replay.as_bytes())),
    };
    let status_code = |state: &&DeliveryState<'_>| state.newest.and_then(|attempt| attempt.status).map(i32::from);
    sqlx::query(UPSERT)
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
        .bind(maybe(|state| state.newest.map(super::attempts::duration_column)))
        .execute(connection)
        .await?;
    Ok(())
}
