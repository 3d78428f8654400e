//! What became of deliveries over time.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_domain::time::{Day, Timestamp};
use fanfare_ports::store::StoreError;
use fanfare_ports::store::outcomes::{
    Additions, Counts, Failing, Outcome, Outcomes, ResponseTimes, Span, Waiting, minutes_from,
};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row, query, query_scalar};

use super::{SqliteStore, documents, failed, rows};

/// Rows of tenant `?1`, or of all that there are if it is NULL.
macro_rules! of_tenant {
    () => {
        "(?1 IS NULL OR o.tenant = ?1) AND NOT EXISTS (SELECT 1 FROM erasures e WHERE e.tenant = o.tenant)"
    };
}

/// Rows of span `?2` that begin from `?3` on and before `?4`.
macro_rules! within {
    () => {
        concat!(of_tenant!(), " AND o.span = ?2 AND o.start >= ?3 AND o.start < ?4")
    };
}

/// The sums that [`counts`] reads.
macro_rules! sums {
    () => {
        "sum(o.deliveries), sum(o.ended), sum(o.delivered), sum(o.failed), sum(o.attempts), sum(o.failed_attempts)"
    };
}

/// What is open: in hours how much, and since when by the hour where minutes (from `?2` on) no longer tell.
macro_rules! open {
    () => {
        "coalesce(sum(CASE WHEN o.span = 3600 THEN o.deliveries - o.ended END), 0) AS deliveries,
         min(CASE WHEN o.span = 60 OR o.start < ?2 THEN o.start END) AS oldest
         FROM outcomes o WHERE o.deliveries > o.ended AND (o.span = 3600 OR o.start >= ?2)"
    };
}

#[async_trait]
impl Outcomes for SqliteStore {
    async fn outcomes(
        &self,
        tenant: Option<TenantNumber>,
        span: Span,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Outcome>, StoreError> {
        let asked = |sql: &'static str| {
            query(sql)
                .bind(tenant.map(|tenant| i64::from(tenant.get())))
                .bind(span.seconds())
                .bind(since.as_millis())
                .bind(until.as_millis())
        };
        let steps = asked(concat!(
            "SELECT o.start, t.key, sum(t.value) FROM outcomes o, json_each(o.response_times) t WHERE t.value > 0 AND ",
            within!(),
            " GROUP BY o.start, t.key"
        ));
        let mut times: BTreeMap<i64, Vec<(usize, u64)>> = BTreeMap::new();
        for row in steps.fetch_all(self.database.read()).await.map_err(failed)? {
            let (start, step): (i64, u32) = (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
            times.entry(start).or_default().push((step as usize, count(&row, 2)?));
        }
        let found = asked(concat!(
            "SELECT o.start, ",
            sums!(),
            ", coalesce(sum(o.waiting), 0), min(o.oldest_waiting) FROM outcomes o WHERE ",
            within!(),
            " GROUP BY o.start ORDER BY o.start"
        ));
        let found = found.fetch_all(self.database.read()).await.map_err(failed)?;
        let outcomes = found.iter().map(|row| {
            let start: i64 = row.try_get(0).map_err(failed)?;
            Ok(Outcome {
                start: Timestamp::from_millis(start),
                counts: counts(row, ResponseTimes::of(times.remove(&start).unwrap_or_default()))?,
                waiting: Waiting { deliveries: count(row, 7)?, oldest: rows::time(row, 8)? },
            })
        });
        outcomes.collect()
    }

    async fn activity(&self, tenant: Option<TenantNumber>, since: Timestamp) -> Result<u64, StoreError> {
        let found = query(concat!(
            "SELECT coalesce(sum(o.deliveries + o.ended + o.delivered + o.failed + o.attempts), 0) FROM outcomes o
             WHERE o.span = ?2 AND o.start >= ?3 AND ",
            of_tenant!()
        ));
        let found = found.bind(tenant.map(|tenant| i64::from(tenant.get()))).bind(Span::Hour.seconds());
        let row = found.bind(since.as_millis()).fetch_one(self.database.read()).await.map_err(failed)?;
        count(&row, 0)
    }

    async fn waiting(&self, tenant: Option<TenantNumber>, now: Timestamp) -> Result<Waiting, StoreError> {
        let row = query(concat!("SELECT ", open!(), " AND ", of_tenant!()))
            .bind(tenant.map(|tenant| i64::from(tenant.get())))
            .bind(minutes_from(now).as_millis())
            .fetch_one(self.database.read())
            .await
            .map_err(failed)?;
        Ok(Waiting { deliveries: count(&row, 0)?, oldest: rows::time(&row, 1)? })
    }

    async fn note_waiting(&self, now: Timestamp) -> Result<(), StoreError> {
        self.database.write(move |db| Box::pin(async move { note_waiting(db, now).await })).await
    }

    async fn failing(&self, tenant: Option<TenantNumber>, limit: u32) -> Result<Vec<Failing>, StoreError> {
        let found = query(concat!(
            "SELECT o.tenant, o.webhook, o.failures_in_a_row, o.first_failure, o.last_failure FROM webhook_stats o
             WHERE o.failures_in_a_row > 0
             AND EXISTS (SELECT 1 FROM webhooks w WHERE w.id = o.webhook AND w.tenant = o.tenant) AND ",
            of_tenant!(),
            " ORDER BY o.failures_in_a_row DESC, o.webhook LIMIT ?2"
        ));
        let found = found.bind(tenant.map(|tenant| i64::from(tenant.get()))).bind(limit);
        let found = found.fetch_all(self.database.read()).await.map_err(failed)?;
        let failing = found.iter().map(|row| {
            Ok(Failing {
                tenant: rows::tenant(row.try_get(0).map_err(failed)?)?,
                webhook: WebhookId::from_bytes(rows::id(row, 1)?),
                consecutive_failures: u32::try_from(count(row, 2)?).unwrap_or(u32::MAX),
                first_failure_at: rows::time(row, 3)?,
                last_failure_at: rows::time(row, 4)?,
            })
        });
        failing.collect()
    }

    async fn busiest(
        &self,
        span: Span,
        since: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<(TenantNumber, Counts)>, StoreError> {
        let found = query(concat!(
            "SELECT o.tenant, ",
            sums!(),
            " FROM outcomes o WHERE ",
            within!(),
            " GROUP BY o.tenant ORDER BY sum(o.attempts) DESC, o.tenant LIMIT ?5"
        ));
        let found = found.bind(None::<i64>).bind(span.seconds()).bind(since.as_millis()).bind(until.as_millis());
        let found = found.bind(limit).fetch_all(self.database.read()).await.map_err(failed)?;
        let busiest = found
            .iter()
            .map(|row| Ok((rows::tenant(row.try_get(0).map_err(failed)?)?, counts(row, ResponseTimes::default())?)));
        busiest.collect()
    }
}

/// A number of something, which is never negative.
fn count(row: &SqliteRow, column: usize) -> Result<u64, StoreError> {
    let number: i64 = row.try_get(column).map_err(failed)?;
    Ok(number.cast_unsigned())
}

/// Sums in the second column and those after it.
fn counts(row: &SqliteRow, response_times: ResponseTimes) -> Result<Counts, StoreError> {
    Ok(Counts {
        deliveries: count(row, 1)?,
        ended: count(row, 2)?,
        delivered: count(row, 3)?,
        failed: count(row, 4)?,
        attempts: count(row, 5)?,
        failed_attempts: count(row, 6)?,
        response_times,
    })
}

/// Adds to the counts. Response times are added up here: a statement that takes both arrays apart needs 160 µs for each row.
pub(super) async fn add(db: &mut SqliteConnection, additions: &Additions) -> Result<(), StoreError> {
    if additions.is_empty() {
        return Ok(());
    }
    let mut known = known_times(db, additions).await?;
    let list: Vec<_> = additions
        .iter()
        .enumerate()
        .map(|(place, (tenant, span, start, counts))| {
            let key = (tenant.get(), span.seconds(), start.as_millis());
            let mut times = known.remove(&place).unwrap_or_default();
            times += &counts.response_times;
            let of_these = (counts.deliveries, counts.ended, counts.delivered, counts.failed);
            (key, of_these, (counts.attempts, counts.failed_attempts), *times.counts())
        })
        .collect();
    query(
        "INSERT INTO outcomes (tenant, span, start, deliveries, ended, delivered, failed, attempts, failed_attempts,
            response_times)
         SELECT value ->> '$[0][0]', value ->> '$[0][1]', value ->> '$[0][2]', value ->> '$[1][0]', value ->> '$[1][1]',
            value ->> '$[1][2]', value ->> '$[1][3]', value ->> '$[2][0]', value ->> '$[2][1]', value -> 3
         FROM json_each(?) WHERE true
         ON CONFLICT DO UPDATE SET
            deliveries = deliveries + excluded.deliveries, ended = ended + excluded.ended,
            delivered = delivered + excluded.delivered, failed = failed + excluded.failed,
            attempts = attempts + excluded.attempts, failed_attempts = failed_attempts + excluded.failed_attempts,
            response_times = excluded.response_times",
    )
    .bind(documents::text(&list)?)
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Of each row that is asked for and there, its place in the list and its response times. All of it is one row: each row goes
/// from SQLite's thread to ours by itself, which takes longer than finding it.
const KNOWN_TIMES: &str =
    "SELECT '[' || coalesce(group_concat('[' || n.key || ',' || o.response_times || ']'), '') || ']'
     FROM json_each(?) n
     CROSS JOIN outcomes o ON o.tenant = n.value ->> 0 AND o.span = n.value ->> 1 AND o.start = n.value ->> 2";

/// The response times of rows that are added to, by their places among the additions.
async fn known_times(
    db: &mut SqliteConnection,
    additions: &Additions,
) -> Result<HashMap<usize, ResponseTimes>, StoreError> {
    let keys: Vec<_> =
        additions.iter().map(|(tenant, span, start, _)| (tenant.get(), span.seconds(), start.as_millis())).collect();
    let found: String = query_scalar(KNOWN_TIMES).bind(documents::text(&keys)?).fetch_one(db).await.map_err(failed)?;
    let found: Vec<(usize, Vec<u64>)> = documents::read("outcomes", &found)?;
    Ok(found.into_iter().map(|(place, counts)| (place, ResponseTimes::of(counts.into_iter().enumerate()))).collect())
}

async fn note_waiting(db: &mut SqliteConnection, now: Timestamp) -> Result<(), StoreError> {
    // Tenants of which nothing waits any more.
    query(
        "UPDATE outcomes SET waiting = NULL, oldest_waiting = NULL
         WHERE (span, start) IN (VALUES (60, ?1 / 60000 * 60000), (3600, ?1 / 3600000 * 3600000)) AND waiting > 0",
    )
    .bind(now.as_millis())
    .execute(&mut *db)
    .await
    .map_err(failed)?;
    query(concat!(
        "WITH open_ones AS (SELECT o.tenant AS tenant, ",
        open!(),
        " AND NOT EXISTS (SELECT 1 FROM erasures e WHERE e.tenant = o.tenant) GROUP BY o.tenant),
            spans (span) AS (VALUES (60), (3600))
         INSERT INTO outcomes (tenant, span, start, waiting, oldest_waiting)
         SELECT tenant, span, ?1 / (span * 1000) * (span * 1000), deliveries, oldest FROM open_ones, spans WHERE true
         ON CONFLICT DO UPDATE SET waiting = excluded.waiting, oldest_waiting = excluded.oldest_waiting"
    ))
    .bind(now.as_millis())
    .bind(minutes_from(now).as_millis())
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Drops minutes that hours tell of, and hours from before `first`.
pub(super) async fn drop_old(db: &mut SqliteConnection, now: Timestamp, first: Day) -> Result<(), StoreError> {
    query("DELETE FROM outcomes WHERE (span = 60 AND start < ?) OR (span = 3600 AND start < ?)")
        .bind(minutes_from(now).as_millis())
        .bind(first.start().as_millis())
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}
