//! A folded batch as statements. They are made before the writer is asked, so that it only runs them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fanfare_domain::event::Purpose;
use fanfare_domain::ids::{Run, TenantNumber, WebhookId};
use fanfare_domain::journal::Routed;
use fanfare_ports::store::folding::{Folded, FoldedAttempt, FoldedDelivery, Outcome, response_time_ms};
use sqlx::Row;
use sqlx::error::BoxDynError;
use sqlx::sqlite::SqliteConnection;

use super::values::{Insert, Statement, Values};

/// A later acceptance of the same event takes the earlier one's place: its data is kept for longer.
const EVENTS: Insert = Insert {
    head: "INSERT INTO events (tenant, id, event_type, subject, created, accepted, day, trial, sequence, place, size) VALUES",
    columns: 11,
    tail: "ON CONFLICT DO UPDATE SET
        accepted = excluded.accepted, sequence = excluded.sequence, place = excluded.place
        WHERE excluded.accepted > accepted",
};

const SUBJECTS: Insert = Insert {
    head: "INSERT INTO subjects (tenant, subject, accepted, day, event) VALUES",
    columns: 5,
    tail: "ON CONFLICT DO UPDATE SET accepted = excluded.accepted, day = excluded.day, event = excluded.event
        WHERE (excluded.accepted, excluded.event) > (accepted, event)",
};

/// Whether the new standing is further than the stored one.
macro_rules! further {
    () => {
        "(excluded.status, excluded.step, coalesce(excluded.due, 0), coalesce(excluded.error, ''))
            > (status, step, coalesce(due, 0), coalesce(error, ''))"
    };
}

/// Whether the batch's newest attempt is newer than the stored one.
macro_rules! newer {
    () => {
        "(excluded.newest_number, excluded.newest_started) > (newest_number, newest_started)"
    };
}

const DELIVERIES: Insert = Insert {
    head:
        "INSERT INTO deliveries (id, tenant, webhook, event, event_type, replay, sequence, place, accepted, day, status,
        step, due, error, newest_number, newest_started, newest_status_code, newest_response_time) VALUES",
    columns: 18,
    tail: concat!(
        "ON CONFLICT DO UPDATE SET event = coalesce(event, excluded.event),
            event_type = coalesce(event_type, excluded.event_type),
            sequence = CASE WHEN excluded.accepted > accepted THEN excluded.sequence ELSE sequence END,
            place = CASE WHEN excluded.accepted > accepted THEN excluded.place ELSE place END,
            accepted = max(accepted, excluded.accepted),
            due = CASE WHEN ",
        further!(),
        " THEN excluded.due ELSE due END,
            error = CASE WHEN ",
        further!(),
        " THEN excluded.error ELSE error END,
            step = CASE WHEN ",
        further!(),
        " THEN excluded.step ELSE step END,
            status = max(status, excluded.status),
            newest_status_code = CASE WHEN ",
        newer!(),
        " THEN excluded.newest_status_code ELSE newest_status_code END,
            newest_response_time =
                CASE WHEN ",
        newer!(),
        " THEN excluded.newest_response_time ELSE newest_response_time END,
            newest_started = CASE WHEN ",
        newer!(),
        " THEN excluded.newest_started ELSE newest_started END,
            newest_number = max(newest_number, excluded.newest_number)
        WHERE ",
        further!(),
        " OR ",
        newer!(),
        " OR excluded.accepted > accepted OR event IS NULL",
    ),
};

const ATTEMPTS: Insert = Insert {
    head: "INSERT INTO attempts (delivery, day, id, tenant, webhook, number, manual, late, started, response_time, status_code,
        error, counted_failure, request_headers, response_headers, response_body) VALUES",
    columns: 16,
    tail: "ON CONFLICT DO NOTHING RETURNING delivery, day, id, late",
};

/// An attempt's key in the table: delivery, day, id, and whether it was late.
type AttemptKey = (Vec<u8>, i32, Vec<u8>, bool);

/// What a batch writes.
pub(super) struct Batch {
    rows: Vec<Statement>,
    attempts: Vec<Statement>,
    outcomes: HashMap<AttemptKey, Option<Outcome>>,
    /// The webhooks with a failed attempt.
    pub(super) failing: BTreeSet<(TenantNumber, WebhookId)>,
}

impl Batch {
    /// The statements for all that was folded.
    ///
    /// # Errors
    /// A value that the tables cannot hold.
    pub(super) fn of(folded: &Folded<'_>) -> Result<Self, BoxDynError> {
        let mut rows = EVENTS.rows(&folded.events, |event, values| fill_event(event, values))?;
        rows.extend(SUBJECTS.rows(&newest_by_subject(&folded.events), |event, values| {
            values.add(i64::from(event.tenant.get()))?;
            values.add(event.subject.as_deref().map(str::to_owned))?;
            values.add(event.accepted.as_millis())?;
            values.add(event.accepted.day().number())?;
            values.add(event.event.as_str().to_owned())
        })?);
        rows.extend(DELIVERIES.rows(&folded.deliveries, fill_delivery)?);
        Ok(Self {
            rows,
            attempts: ATTEMPTS.rows(&folded.attempts, fill_attempt)?,
            outcomes: folded.attempts.iter().map(|row| (key(row), row.outcome())).collect(),
            failing: folded.failing_webhooks(),
        })
    }

    /// Runs the statements; tells of each attempt that had not been written before what it means.
    pub(super) async fn write(mut self, db: &mut SqliteConnection) -> Result<Vec<Option<Outcome>>, sqlx::Error> {
        for statement in self.rows {
            statement.query().execute(&mut *db).await?;
        }
        let mut new = Vec::with_capacity(self.outcomes.len());
        for statement in self.attempts {
            for row in statement.query().fetch_all(&mut *db).await? {
                new.extend(self.outcomes.remove(&(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?)));
            }
        }
        Ok(new)
    }
}

fn newest_by_subject<'a>(events: &[&'a Routed]) -> Vec<&'a Routed> {
    let mut newest: BTreeMap<(TenantNumber, &str), &Routed> = BTreeMap::new();
    for &event in events {
        let Some(subject) = event.subject.as_deref() else {
            continue;
        };
        let known = newest.entry((event.tenant, subject)).or_insert(event);
        if (event.accepted, &event.event) > (known.accepted, &known.event) {
            *known = event;
        }
    }
    newest.into_values().collect()
}

fn fill_event(event: &Routed, values: &mut Values<'_>) -> Result<(), BoxDynError> {
    values.add(i64::from(event.tenant.get()))?;
    values.add(event.event.as_str().to_owned())?;
    values.add(event.event_type.as_str().to_owned())?;
    values.add(event.subject.as_deref().map(str::to_owned))?;
    values.add(event.created.as_millis())?;
    values.add(event.accepted.as_millis())?;
    values.add(event.accepted.day().number())?;
    values.add(event.purpose != Purpose::Published)?;
    values.add(event.position.sequence.cast_signed())?;
    values.add(event.position.index)?;
    values.add(event.size)
}

fn fill_delivery(row: &FoldedDelivery<'_>, values: &mut Values<'_>) -> Result<(), BoxDynError> {
    values.add(row.reference.id.as_bytes().to_vec())?;
    values.add(i64::from(row.reference.tenant.get()))?;
    values.add(row.reference.webhook.as_bytes().to_vec())?;
    values.add(row.event.map(|event| event.as_str().to_owned()))?;
    values.add(row.event_type.map(|event_type| event_type.as_str().to_owned()))?;
    values.add(match row.reference.run {
        Run::First => None,
        Run::Replay(replay) => Some(replay.as_bytes().to_vec()),
    })?;
    values.add(row.reference.event.sequence.cast_signed())?;
    values.add(row.reference.event.index)?;
    values.add(row.accepted.as_millis())?;
    values.add(row.accepted.day().number())?;
    values.add(row.standing.rank)?;
    values.add(row.standing.attempt)?;
    values.add(row.standing.due.map(|due| due.as_millis()))?;
    values.add(row.standing.error)?;
    values.add(row.newest.map_or(0, |newest| newest.number))?;
    values.add(row.newest.map_or(i64::MIN, |newest| newest.started.as_millis()))?;
    values.add(row.newest.and_then(|newest| newest.status_code))?;
    values.add(row.newest.map(|newest| newest.response_time_ms))
}

fn fill_attempt(row: &FoldedAttempt<'_>, values: &mut Values<'_>) -> Result<(), BoxDynError> {
    let attempt = row.attempt;
    values.add(row.delivery.id.as_bytes().to_vec())?;
    values.add(row.delivery.accepted().day().number())?;
    values.add(attempt.id.as_bytes().to_vec())?;
    values.add(i64::from(row.delivery.tenant.get()))?;
    values.add(row.delivery.webhook.as_bytes().to_vec())?;
    values.add(attempt.number)?;
    values.add(attempt.manual)?;
    values.add(row.late)?;
    values.add(attempt.started.as_millis())?;
    values.add(response_time_ms(attempt))?;
    values.add(attempt.status)?;
    values.add(attempt.error.clone())?;
    values.add(row.is_counted_failure())?;
    values.add(attempt.request_headers.as_str().to_owned())?;
    values.add(attempt.response_headers.as_str().to_owned())?;
    values.add(attempt.response_body.to_vec())
}

fn key(row: &FoldedAttempt<'_>) -> AttemptKey {
    let (delivery, id) = (row.delivery.id.as_bytes().to_vec(), row.attempt.id.as_bytes().to_vec());
    (delivery, row.delivery.accepted().day().number(), id, row.late)
}
