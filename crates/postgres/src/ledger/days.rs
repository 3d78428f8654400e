//! Days: which have room, which are no longer kept. Whoever writes passes the gate, which is shut while days are made or dropped.

use std::collections::BTreeSet;
use std::time::Duration;

use fanfare_domain::ids::TenantNumber;
use fanfare_domain::journal::JournalRecord;
use fanfare_domain::time::{Day, Timestamp};
use fanfare_ports::store::StoreError;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use crate::failure::failure;
use crate::rows::{tenant_column, tenant_number};
use crate::{outcomes, undelivered};

const GATE: i64 = 0x6661_6e66_0002;
/// Tables that are partitioned by day, with how full their pages are made. Deliveries that wait for their attempts are changed by
/// them, whole pages at once: where both states of a row have room in its page, no index hears of it.
const TABLES: [(&str, u8); 3] = [("events", 100), ("deliveries", 45), ("attempts", 100)];
const DAYS_AHEAD: i32 = 2;
/// Longest wait until all readers have left a table, in the meantime of which nobody else gets in.
const DROP_PATIENCE: &str = "SET LOCAL lock_timeout = '3s'";

/// How many subjects are removed at a time. With most events about a subject of their own there are millions for a day.
const SUBJECTS_AT_ONCE: i64 = 5_000;
/// Removes up to `$2` subjects whose newest event was accepted before `$1`. There is an index by tenant and time, none by time alone, so
/// each tenant is looked at; whoever is writing one of them is not waited for.
const REMOVE_SUBJECTS: &str = "WITH RECURSIVE known (tenant) AS ( \
         (SELECT tenant FROM subjects ORDER BY tenant LIMIT 1) \
         UNION ALL SELECT (SELECT s.tenant FROM subjects s WHERE s.tenant > known.tenant ORDER BY s.tenant LIMIT 1) \
         FROM known WHERE known.tenant IS NOT NULL), \
     old AS MATERIALIZED (SELECT s.tenant, s.subject_key FROM known CROSS JOIN LATERAL ( \
         SELECT tenant, subject_key FROM subjects WHERE tenant = known.tenant AND accepted_at < $1 \
         ORDER BY accepted_at LIMIT $2 FOR UPDATE SKIP LOCKED) s LIMIT $2), \
     gone AS (DELETE FROM subjects s USING old \
         WHERE s.tenant = old.tenant AND s.subject_key = old.subject_key AND s.accepted_at < $1 RETURNING 1) \
     SELECT count(*) FROM gone";

/// The day under which a record is kept.
fn day_of(record: &JournalRecord) -> Day {
    match record {
        JournalRecord::Routed(routed) => routed.accepted.day(),
        JournalRecord::Attempted(attempted) => attempted.delivery.accepted().day(),
        JournalRecord::Parked(parked) => parked.delivery.accepted().day(),
        JournalRecord::Restated(restated) => restated.delivery.accepted().day(),
    }
}

fn tenant_of(record: &JournalRecord) -> TenantNumber {
    match record {
        JournalRecord::Routed(routed) => routed.tenant,
        JournalRecord::Attempted(attempted) => attempted.delivery.tenant,
        JournalRecord::Parked(parked) => parked.delivery.tenant,
        JournalRecord::Restated(restated) => restated.delivery.tenant,
    }
}

/// What may be written while the transaction lasts that passed it.
pub(super) struct Gate {
    floor: Day,
    days: BTreeSet<Day>,
    deleted: BTreeSet<TenantNumber>,
}

impl Gate {
    /// Keeps days from being made and dropped until the transaction ends.
    pub(super) async fn enter(connection: &mut PgConnection, records: &[&JournalRecord]) -> Result<Self, sqlx::Error> {
        // Two statements: what the second one sees begins when the lock is held.
        sqlx::query("SELECT pg_advisory_xact_lock_shared($1)").bind(GATE).execute(&mut *connection).await?;
        let days: BTreeSet<i32> = records.iter().map(|record| day_of(record).number()).collect();
        let tenants: BTreeSet<i32> = records.iter().map(|record| tenant_column(tenant_of(record))).collect();
        let (floor, days, deleted): (i32, Vec<i32>, Vec<i32>) = sqlx::query_as(
            "SELECT day, ARRAY(SELECT day FROM ledger_days WHERE day = ANY($1)), \
             ARRAY(SELECT tenant FROM erasures WHERE tenant = ANY($2)) FROM ledger_floor",
        )
        .bind(Vec::from_iter(days))
        .bind(Vec::from_iter(tenants))
        .fetch_one(connection)
        .await?;
        Ok(Self {
            floor: Day::from_number(floor),
            days: days.into_iter().map(Day::from_number).collect(),
            deleted: deleted.into_iter().map(tenant_number).collect(),
        })
    }

    /// Whether the record's day is kept and its tenant is there.
    pub(super) fn admits(&self, record: &JournalRecord) -> bool {
        day_of(record) >= self.floor && !self.deleted.contains(&tenant_of(record))
    }

    /// Days of admitted records that have no room yet.
    pub(super) fn missing_days(&self, records: &[&JournalRecord]) -> BTreeSet<Day> {
        let admitted = records.iter().filter(|record| self.admits(record));
        admitted.map(|record| day_of(record)).filter(|day| !self.days.contains(day)).collect()
    }

    /// How many records belong to days that are no longer kept.
    pub(super) fn too_old(&self, records: &[&JournalRecord]) -> u64 {
        records.iter().filter(|record| day_of(record) < self.floor).count() as u64
    }
}

async fn shut_gate(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(GATE).execute(connection).await.map_err(failure)?;
    Ok(())
}

/// The name of a table's partition, such as `attempts_20260315`.
fn partition(table: &str, day: Day) -> String {
    let date = day.start().in_seconds();
    let digits: String = date.chars().take_while(|c| *c != 'T').filter(char::is_ascii_digit).collect();
    format!("{table}_{digits}")
}

/// Makes room for `days`, those that have some and those that are no longer kept aside.
pub(super) async fn make(pool: &PgPool, days: &BTreeSet<Day>) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await.map_err(failure)?;
    shut_gate(&mut transaction).await?;
    let new: Vec<i32> = sqlx::query_scalar(
        "INSERT INTO ledger_days (day) SELECT day FROM UNNEST($1::integer[]) AS new (day) \
         WHERE day >= (SELECT day FROM ledger_floor) ON CONFLICT DO NOTHING RETURNING day",
    )
    .bind(days.iter().map(|day| day.number()).collect::<Vec<i32>>())
    .fetch_all(&mut *transaction)
    .await
    .map_err(failure)?;
    for day in new {
        for (table, fill) in TABLES {
            let name = partition(table, Day::from_number(day));
            // Made aside and attached, since that does not wait for those who read.
            let statements = format!(
                "CREATE TABLE {name} (LIKE {table} INCLUDING ALL) WITH (fillfactor = {fill}); \
                 ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({day}) TO ({});",
                i64::from(day) + 1
            );
            sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut *transaction).await.map_err(failure)?;
        }
    }
    transaction.commit().await.map_err(failure)
}

/// Makes room for today and the days ahead, and drops what is older than `keep`.
pub(super) async fn maintain(pool: &PgPool, now: Timestamp, keep: Duration) -> Result<(), StoreError> {
    let wanted: BTreeSet<Day> = (0..=DAYS_AHEAD).map(|ahead| now.day().plus(ahead)).collect();
    let floor = now.minus(keep).day();
    let (ready, risen): (i64, bool) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM ledger_days WHERE day = ANY($1)), (SELECT day >= $2 FROM ledger_floor)",
    )
    .bind(wanted.iter().map(|day| day.number()).collect::<Vec<i32>>())
    .bind(floor.number())
    .fetch_one(pool)
    .await
    .map_err(failure)?;
    if ready < wanted.len() as i64 {
        make(pool, &wanted).await?;
    }
    if !risen {
        drop_before(pool, floor).await?;
    }
    outcomes::drop_old(pool, now, floor.start()).await?;
    undelivered::drop_old(pool, now, floor.start()).await?;
    remove_subjects(pool, floor.start()).await
}

/// Removes subjects about which nothing came since `floor`, outside the gate: nobody sees them any more, since their events are gone.
async fn remove_subjects(pool: &PgPool, floor: Timestamp) -> Result<(), StoreError> {
    loop {
        let removed: i64 = sqlx::query_scalar(REMOVE_SUBJECTS)
            .bind(floor.as_millis())
            .bind(SUBJECTS_AT_ONCE)
            .fetch_one(pool)
            .await
            .map_err(failure)?;
        if removed < SUBJECTS_AT_ONCE {
            return Ok(());
        }
    }
}

async fn drop_before(pool: &PgPool, floor: Day) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await.map_err(failure)?;
    sqlx::query(DROP_PATIENCE).execute(&mut *transaction).await.map_err(failure)?;
    shut_gate(&mut transaction).await?;
    sqlx::query("UPDATE ledger_floor SET day = GREATEST(day, $1)")
        .bind(floor.number())
        .execute(&mut *transaction)
        .await
        .map_err(failure)?;
    let old: Vec<i32> = sqlx::query_scalar("DELETE FROM ledger_days WHERE day < $1 RETURNING day")
        .bind(floor.number())
        .fetch_all(&mut *transaction)
        .await
        .map_err(failure)?;
    for day in &old {
        for (table, _) in TABLES {
            let statement = format!("DROP TABLE {}", partition(table, Day::from_number(*day)));
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *transaction).await.map_err(failure)?;
        }
    }
    transaction.commit().await.map_err(failure)?;
    tracing::info!(days = old.len(), before = %floor.start(), "old days were dropped");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_named_after_its_date() {
        assert_eq!(partition("attempts", Day::from_number(20_527)), "attempts_20260315");
        assert_eq!(partition("events", Day::from_number(-1)), "events_19691231");
    }
}
