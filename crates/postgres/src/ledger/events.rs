//! Writing events, and which is the newest about its subject.

use std::collections::BTreeMap;

use fanfare_domain::event::Purpose;
use fanfare_domain::journal::Routed;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::Way;
use super::batch::Batch;
use crate::rows::text::{escape, subject_key};
use crate::rows::{sparse, tenant_column, uuid};

macro_rules! insert {
    () => {
        "INSERT INTO events (day, tenant, id, type, subject, subject_key, created_at, accepted_at, trial_for, \
         stream_sequence, stream_index, size) \
         SELECT UNNEST($1::integer[]), UNNEST($2::integer[]), UNNEST($3::text[]), UNNEST($4::text[]), UNNEST($5::text[]), \
         UNNEST($6::uuid[]), UNNEST($7::bigint[]), UNNEST($8::bigint[]), UNNEST($9::uuid[]), UNNEST($10::bigint[]), \
         UNNEST($11::integer[]), UNNEST($12::bigint[])"
    };
}

/// The first telling of an event stays.
const INSERT_UNKNOWN: &str = concat!(insert!(), " ON CONFLICT (tenant, id, day) DO NOTHING");

const NEWEST: &str = "INSERT INTO subjects AS s (tenant, subject_key, subject, day, accepted_at, event) \
     SELECT * FROM UNNEST($1::integer[], $2::uuid[], $3::text[], $4::integer[], $5::bigint[], $6::text[]) \
     ON CONFLICT (tenant, subject_key) DO UPDATE \
     SET day = excluded.day, accepted_at = excluded.accepted_at, event = excluded.event \
     WHERE (excluded.accepted_at, excluded.event) > (s.accepted_at, s.event)";

pub(super) async fn write(connection: &mut PgConnection, batch: &Batch<'_>, way: Way) -> Result<(), sqlx::Error> {
    let events: Vec<&Routed> = batch.events.values().copied().collect();
    if events.is_empty() {
        return Ok(());
    }
    let column = |value: fn(&Routed) -> i64| events.iter().map(|event| value(event)).collect::<Vec<i64>>();
    let trial = |event: &&Routed| match event.purpose {
        Purpose::Published => None,
        Purpose::Trial(webhook) => Some(uuid(webhook.as_bytes())),
    };
    let insert = match way {
        Way::AllNew => insert!(),
        Way::SomeKnown => INSERT_UNKNOWN,
    };
    sqlx::query(insert)
        .bind(events.iter().map(|event| event.accepted.day().number()).collect::<Vec<i32>>())
        .bind(events.iter().map(|event| tenant_column(event.tenant)).collect::<Vec<i32>>())
        .bind(events.iter().map(|event| event.event.as_str()).collect::<Vec<&str>>())
        .bind(events.iter().map(|event| event.event_type.as_str()).collect::<Vec<&str>>())
        .bind(sparse(events.iter().map(|event| event.subject.as_deref().map(escape))))
        .bind(sparse(events.iter().map(|event| event.subject.as_deref().map(subject_key))))
        .bind(column(|event| event.created.as_millis()))
        .bind(column(|event| event.accepted.as_millis()))
        .bind(sparse(events.iter().map(trial)))
        .bind(column(|event| event.position.sequence.cast_signed()))
        .bind(events.iter().map(|event| i32::from(event.position.index)).collect::<Vec<i32>>())
        .bind(column(|event| i64::from(event.size)))
        .execute(&mut *connection)
        .await?;
    write_subjects(connection, &events).await
}

async fn write_subjects(connection: &mut PgConnection, events: &[&Routed]) -> Result<(), sqlx::Error> {
    let mut newest: BTreeMap<(i32, Uuid), (&Routed, &str)> = BTreeMap::new();
    for event in events {
        let Some(subject) = event.subject.as_deref() else { continue };
        let known = newest.entry((tenant_column(event.tenant), subject_key(subject))).or_insert((event, subject));
        if (event.accepted, &event.event) > (known.0.accepted, &known.0.event) {
            known.0 = event;
        }
    }
    if newest.is_empty() {
        return Ok(());
    }
    sqlx::query(NEWEST)
        .bind(newest.keys().map(|(tenant, _)| *tenant).collect::<Vec<i32>>())
        .bind(newest.keys().map(|(_, key)| *key).collect::<Vec<Uuid>>())
        .bind(newest.values().map(|(_, subject)| escape(subject)).collect::<Vec<_>>())
        .bind(newest.values().map(|(event, _)| event.accepted.day().number()).collect::<Vec<i32>>())
        .bind(newest.values().map(|(event, _)| event.accepted.as_millis()).collect::<Vec<i64>>())
        .bind(newest.values().map(|(event, _)| event.event.as_str()).collect::<Vec<&str>>())
        .execute(connection)
        .await?;
    Ok(())
}
