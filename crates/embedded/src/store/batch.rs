//! A folded batch as statements. They are made before the writer is asked, so that it only runs them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use fanfare_domain::delivery::DeliveryStatus;
use fanfare_domain::event::Purpose;
use fanfare_domain::ids::{DeliveryId, Run, TenantNumber, WebhookId};
use fanfare_domain::journal::Routed;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::folding::{Folded, FoldedAttempt, FoldedDelivery, Outcome, response_time_ms};
use fanfare_ports::store::outcomes::{Additions, Moved};
use sqlx::Row;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::values::{Insert, Statement, Values};

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Events, attempts and deliveries that were just routed as new ones, and other deliveries as known ones that have gone on. That
    /// is nearly always so, and costs least; where it is not, the batch is refused as [`WriteError::NotAsExpected`].
    ///
    /// `OR FAIL` spares the statement a journal of its own: the whole transaction is undone anyway.
    AsExpected,
    /// Merged with what may be there already.
    Merging,
}

/// Why a batch was not written; its transaction must be undone.
#[derive(Debug)]
pub(super) enum WriteError {
    /// Something is there already, or is not there yet.
    NotAsExpected,
    /// The database refused or failed.
    Database(sqlx::Error),
}

impl From<sqlx::Error> for WriteError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(refusal) if refusal.is_unique_violation() => Self::NotAsExpected,
            _ => Self::Database(error),
        }
    }
}

macro_rules! events {
    () => {
        "INTO events (tenant, id, event_type, subject, created, accepted, day, trial, sequence, place, size) VALUES"
    };
}

const NEW_EVENTS: Insert = Insert { head: concat!("INSERT OR FAIL ", events!()), columns: 11, row: None, tail: "" };

/// A later acceptance of the same event takes the earlier one's place: its data is kept for longer.
const EVENTS: Insert = Insert {
    head: concat!("INSERT ", events!()),
    columns: 11,
    row: None,
    tail: "ON CONFLICT DO UPDATE SET
        accepted = excluded.accepted, sequence = excluded.sequence, place = excluded.place
        WHERE excluded.accepted > accepted",
};

const SUBJECTS: Insert = Insert {
    head: "INSERT INTO subjects (tenant, subject, accepted, day, event) VALUES",
    columns: 5,
    row: None,
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

macro_rules! deliveries {
    () => {
        "INTO deliveries (id, tenant, webhook, event, event_type, replay, sequence, place, accepted, day, status,
        step, due, error, newest_number, newest_started, newest_status_code, newest_response_time, routed) VALUES"
    };
}

const NEW_DELIVERIES: Insert =
    Insert { head: concat!("INSERT OR FAIL ", deliveries!()), columns: 19, row: None, tail: "" };

/// Moves deliveries on whose event is known, and which have not ended. Naming only the columns that change leaves the indexes of the others alone.
const MOVED_DELIVERIES: Insert = Insert {
    head: "UPDATE OR FAIL deliveries SET status = moved.column4, step = moved.column5, due = moved.column6,
            error = moved.column7, newest_number = moved.column8, newest_started = moved.column9,
            newest_status_code = moved.column10, newest_response_time = moved.column11
        FROM (VALUES",
    columns: 11,
    row: None,
    tail: ") AS moved
        WHERE deliveries.id = moved.column1 AND deliveries.day = moved.column2 AND deliveries.accepted >= moved.column3
            AND deliveries.event IS NOT NULL AND deliveries.event_type IS NOT NULL AND deliveries.status < 2
            AND (moved.column4, moved.column5, coalesce(moved.column6, 0), coalesce(moved.column7, ''))
                > (status, step, coalesce(due, 0), coalesce(error, ''))
            AND (moved.column8, moved.column9) > (newest_number, newest_started)",
};

/// Merges deliveries with what is there, and tells how each moved: a row keeps how it was before, since SQLite tells only how it is.
const DELIVERIES: Insert = Insert {
    head: concat!("INSERT ", deliveries!()),
    columns: 19,
    row: None,
    tail: concat!(
        "ON CONFLICT DO UPDATE SET was = status + CASE WHEN routed THEN 8 ELSE 0 END,
            routed = max(routed, excluded.routed),
            event = coalesce(event, excluded.event),
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
        " OR excluded.accepted > accepted OR event IS NULL OR excluded.routed > routed
        RETURNING tenant, accepted, newest_started, routed, was, status",
    ),
};

macro_rules! attempts {
    () => {
        "INTO attempts (delivery, id, late, tenant, webhook, number, manual, started, response_time, status_code, error,
        counted_failure, request_headers, response_headers, response_body) VALUES"
    };
}

/// The row's first value is found by the delivery's id and day.
const ATTEMPT: &str = "((SELECT row FROM deliveries WHERE id = ? AND day = ?),?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

const NEW_ATTEMPTS: Insert =
    Insert { head: concat!("INSERT OR FAIL ", attempts!()), columns: 16, row: Some(ATTEMPT), tail: "" };

const ATTEMPTS: Insert = Insert {
    head: concat!("INSERT ", attempts!()),
    columns: 16,
    row: Some(ATTEMPT),
    tail: "ON CONFLICT DO NOTHING RETURNING (SELECT deliveries.id FROM deliveries WHERE deliveries.row = delivery),
        (SELECT day FROM deliveries WHERE deliveries.row = delivery), id, late",
};

/// An attempt's key in the table: delivery, day, id, and whether it was late.
type AttemptKey = (Vec<u8>, i32, Vec<u8>, bool);

/// What a batch writes.
pub(super) struct Batch {
    rows: Vec<Statement>,
    /// Deliveries that may be there already; these tell how they moved.
    merged: Vec<Statement>,
    /// How all other deliveries move.
    additions: Additions,
    /// When deliveries end that no attempt ended.
    now: Timestamp,
    /// Deliveries that are there already, and how many they are.
    moved: (Vec<Statement>, u64),
    attempts: Attempts,
    /// The webhooks with a failed attempt.
    pub(super) failing: BTreeSet<(TenantNumber, WebhookId)>,
}

enum Attempts {
    /// All are new.
    New(Vec<Statement>, Vec<Option<Outcome>>),
    /// What the statements return is new.
    Some(Vec<Statement>, HashMap<AttemptKey, Option<Outcome>>),
}

impl Batch {
    /// The statements that write all that was folded in this `way`, at `now`.
    ///
    /// # Errors
    /// A value that the tables cannot hold.
    pub(super) fn of(folded: &Folded<'_>, way: Way, now: Timestamp) -> Result<Self, BoxDynError> {
        let (events, attempts) = match way {
            Way::AsExpected => (&NEW_EVENTS, &NEW_ATTEMPTS),
            Way::Merging => (&EVENTS, &ATTEMPTS),
        };
        let mut rows = events.rows(&folded.events, |event, values| fill_event(event, values))?;
        rows.extend(SUBJECTS.rows(&newest_by_subject(&folded.events), |event, values| {
            values.add(i64::from(event.tenant.get()))?;
            values.add(event.subject.as_deref().map(Arc::<str>::from))?;
            values.add(event.accepted.as_millis())?;
            values.add(event.accepted.day().number())?;
            values.add(Arc::<str>::from(event.event.as_str()))
        })?);
        let mut moved = (Vec::new(), 0);
        let mut additions = Additions::default();
        let merged = match way {
            Way::AsExpected => {
                let deliveries = Expected::of(folded);
                rows.extend(NEW_DELIVERIES.rows(&deliveries.new, |row, values| fill_delivery(row, values))?);
                let statements = MOVED_DELIVERIES.rows(&deliveries.moved, |row, values| fill_moved(row, values))?;
                moved = (statements, deliveries.moved.len() as u64);
                deliveries.add_to(&mut additions, now);
                DELIVERIES.rows(&deliveries.other, |row, values| fill_delivery(row, values))?
            }
            Way::Merging => DELIVERIES.rows(&folded.deliveries, fill_delivery)?,
        };
        let attempts = attempts.rows(&folded.attempts, fill_attempt)?;
        let outcomes = folded.attempts.iter();
        let attempts = match way {
            Way::AsExpected => Attempts::New(attempts, outcomes.map(FoldedAttempt::outcome).collect()),
            Way::Merging => Attempts::Some(attempts, outcomes.map(|row| (key(row), row.outcome())).collect()),
        };
        Ok(Self { rows, merged, additions, now, moved, attempts, failing: folded.failing_webhooks() })
    }

    /// Runs the statements; tells of each attempt that had not been written before what it means, and what is to be counted.
    pub(super) async fn write(self, db: &mut SqliteConnection) -> Result<Written, WriteError> {
        for statement in self.rows {
            statement.query().execute(&mut *db).await?;
        }
        let mut additions = self.additions;
        for statement in self.merged {
            for row in statement.query().fetch_all(&mut *db).await? {
                additions.add_moved(&moved(&row, self.now)?);
            }
        }
        let (moved, mut missing) = self.moved;
        for statement in moved {
            let done = statement.query().execute(&mut *db).await?;
            missing = missing.saturating_sub(done.rows_affected());
        }
        if missing > 0 {
            return Err(WriteError::NotAsExpected);
        }
        let new = match self.attempts {
            Attempts::New(statements, outcomes) => {
                for statement in statements {
                    statement.query().execute(&mut *db).await?;
                }
                outcomes
            }
            Attempts::Some(statements, mut outcomes) => {
                let mut new = Vec::with_capacity(outcomes.len());
                for statement in statements {
                    for row in statement.query().fetch_all(&mut *db).await? {
                        let key = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
                        new.extend(outcomes.remove(&key));
                    }
                }
                new
            }
        };
        for outcome in new.iter().flatten() {
            let Outcome { tenant, started, succeeded, response_time_ms, .. } = *outcome;
            additions.add_attempt(tenant, started, succeeded, response_time_ms);
        }
        Ok(Written { new, additions })
    }
}

/// What came of writing a batch.
pub(super) struct Written {
    /// Of each attempt that had not been written before, what it means.
    pub(super) new: Vec<Option<Outcome>>,
    /// What is to be counted.
    pub(super) additions: Additions,
}

/// Added to a status in `was` where the row was routed.
const WAS_ROUTED: u8 = 8;

/// How a row of [`DELIVERIES`] moved; what no attempt ended has ended `now`.
fn moved(row: &SqliteRow, now: Timestamp) -> Result<Moved, WriteError> {
    let damaged = |what: &str| WriteError::Database(sqlx::Error::Decode(format!("a delivery's {what}").into()));
    let status = |rank| DeliveryStatus::from_rank(rank).ok_or_else(|| damaged("status"));
    let tenant: i64 = row.try_get(0)?;
    let newest: i64 = row.try_get(2)?;
    let routed: bool = row.try_get(3)?;
    let was: Option<u8> = row.try_get(4)?;
    Ok(Moved {
        tenant: u32::try_from(tenant).map(TenantNumber::new).map_err(|_| damaged("tenant"))?,
        accepted: Timestamp::from_millis(row.try_get(1)?),
        at: if newest == NO_ATTEMPT { now } else { Timestamp::from_millis(newest) },
        is_begun: routed && was.is_none_or(|was| was < WAS_ROUTED),
        before: was.map(|was| status(was % WAS_ROUTED)).transpose()?,
        now: status(row.try_get(5)?)?,
        number: 1,
    })
}

/// What `newest_started` says where there was no attempt.
const NO_ATTEMPT: i64 = i64::MIN;

/// A batch's deliveries, by what is expected of the table.
struct Expected<'a, 'b> {
    /// Just routed: not there.
    new: Vec<&'a FoldedDelivery<'b>>,
    /// Routed by an earlier batch, and attempted since: there, and not as far.
    moved: Vec<&'a FoldedDelivery<'b>>,
    /// Neither is sure.
    other: Vec<&'a FoldedDelivery<'b>>,
}

impl<'a, 'b> Expected<'a, 'b> {
    fn of(folded: &'a Folded<'b>) -> Self {
        let routed: HashSet<DeliveryId> =
            folded.events.iter().flat_map(|event| event.deliveries.iter().map(|(_, id)| *id)).collect();
        let (new, known): (Vec<_>, Vec<_>) =
            folded.deliveries.iter().partition(|row| routed.contains(&row.reference.id));
        let has_moved =
            |row: &&FoldedDelivery<'_>| row.newest.is_some() && row.standing.rank > DeliveryStatus::Pending.rank();
        let (moved, other) = known.into_iter().partition(has_moved);
        Self { new, moved, other }
    }

    /// Adds how they move, if they are as expected: the new ones were not there, and those that moved had not ended.
    fn add_to(&self, additions: &mut Additions, now: Timestamp) {
        let new = self.new.iter().map(|row| (row, true, None));
        let moved = self.moved.iter().map(|row| (row, false, Some(DeliveryStatus::Pending)));
        for (row, is_begun, before) in new.chain(moved) {
            let Some(status) = DeliveryStatus::from_rank(row.standing.rank) else { continue };
            let at = row.newest.map_or(now, |newest| newest.started);
            let (tenant, accepted) = (row.reference.tenant, row.accepted);
            additions.add_moved(&Moved { tenant, accepted, at, is_begun, before, now: status, number: 1 });
        }
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
    values.add(Arc::<str>::from(event.event.as_str()))?;
    values.add(Arc::<str>::from(event.event_type.as_str()))?;
    values.add(event.subject.as_deref().map(Arc::<str>::from))?;
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
    values.add(row.event.map(|event| Arc::<str>::from(event.as_str())))?;
    values.add(row.event_type.map(|event_type| Arc::<str>::from(event_type.as_str())))?;
    values.add(match row.reference.run {
        Run::First => None,
        Run::Replay(replay) => Some(replay.as_bytes().to_vec()),
    })?;
    values.add(row.reference.event.sequence.cast_signed())?;
    values.add(row.reference.event.index)?;
    values.add(row.accepted.as_millis())?;
    values.add(row.accepted.day().number())?;
    fill_progress(row, values)?;
    values.add(row.routed)
}

fn fill_moved(row: &FoldedDelivery<'_>, values: &mut Values<'_>) -> Result<(), BoxDynError> {
    values.add(row.reference.id.as_bytes().to_vec())?;
    values.add(row.accepted.day().number())?;
    values.add(row.accepted.as_millis())?;
    fill_progress(row, values)
}

fn fill_progress(row: &FoldedDelivery<'_>, values: &mut Values<'_>) -> Result<(), BoxDynError> {
    values.add(row.standing.rank)?;
    values.add(row.standing.attempt)?;
    values.add(row.standing.due.map(|due| due.as_millis()))?;
    values.add(row.standing.error)?;
    values.add(row.newest.map_or(0, |newest| newest.number))?;
    values.add(row.newest.map_or(NO_ATTEMPT, |newest| newest.started.as_millis()))?;
    values.add(row.newest.and_then(|newest| newest.status_code))?;
    values.add(row.newest.map(|newest| newest.response_time_ms))
}

fn fill_attempt(row: &FoldedAttempt<'_>, values: &mut Values<'_>) -> Result<(), BoxDynError> {
    let attempt = row.attempt;
    values.add(row.delivery.id.as_bytes().to_vec())?;
    values.add(row.delivery.accepted().day().number())?;
    values.add(attempt.id.as_bytes().to_vec())?;
    values.add(row.late)?;
    values.add(i64::from(row.delivery.tenant.get()))?;
    values.add(row.delivery.webhook.as_bytes().to_vec())?;
    values.add(attempt.number)?;
    values.add(attempt.manual)?;
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
