//! What became of deliveries over time.

use std::collections::BTreeMap;

use async_trait::async_trait;
use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::StoreError;
use fanfare_ports::store::outcomes::{Counts, Failing, Outcome, Outcomes, ResponseTimes, Span, Waiting, minutes_from};
use sqlx::PgPool;
use sqlx::types::Uuid;

use crate::connection::PostgresStore;
use crate::failure::failure;
use crate::rows::{tenant_column, tenant_number, time};

/// Held by whoever notes what waits.
const TURN_TO_NOTE: i64 = 0x6661_6e66_0003;

/// Rows of tenants that are not deleted.
macro_rules! living {
    () => {
        "NOT EXISTS (SELECT FROM erasures e WHERE e.tenant = o.tenant)"
    };
}

/// Rows of tenant `$1`, or of all that there are if it is NULL.
macro_rules! of_tenant {
    () => {
        concat!("($1::integer IS NULL OR o.tenant = $1) AND ", living!())
    };
}

/// The sums that [`CountsRecord`] holds.
macro_rules! sums {
    () => {
        "SUM(o.deliveries)::bigint AS deliveries, SUM(o.ended)::bigint AS ended, SUM(o.delivered)::bigint AS delivered, \
         SUM(o.failed)::bigint AS failed, SUM(o.attempts)::bigint AS attempts, \
         SUM(o.failed_attempts)::bigint AS failed_attempts"
    };
}

/// Rows of span `$2` that begin from `$3` on and before `$4`.
macro_rules! within {
    () => {
        concat!(of_tenant!(), " AND o.span = $2 AND o.start >= $3 AND o.start < $4")
    };
}

/// What is open: in hours how much, and since when by the hour where minutes (from `$2` on) no longer tell.
macro_rules! open {
    () => {
        "SUM(CASE WHEN o.span = 3600 THEN o.deliveries - o.ended END)::bigint AS deliveries, \
         MIN(CASE WHEN o.span = 60 OR o.start < $2 THEN o.start END) AS oldest \
         FROM outcomes o WHERE o.open AND (o.span = 3600 OR o.start >= $2)"
    };
}

const OUTCOMES: &str = concat!(
    "WITH counted AS (SELECT o.start, ",
    sums!(),
    " FROM outcomes o WHERE ",
    within!(),
    " GROUP BY o.start), noted AS (SELECT o.start, SUM(o.deliveries)::bigint AS waiting, MIN(o.oldest) AS oldest_waiting \
     FROM outcomes_waiting o WHERE ",
    within!(),
    " GROUP BY o.start) \
     SELECT start, COALESCE(deliveries, 0) AS deliveries, COALESCE(ended, 0) AS ended, \
     COALESCE(delivered, 0) AS delivered, COALESCE(failed, 0) AS failed, COALESCE(attempts, 0) AS attempts, \
     COALESCE(failed_attempts, 0) AS failed_attempts, COALESCE(waiting, 0) AS waiting, oldest_waiting \
     FROM counted FULL JOIN noted USING (start) ORDER BY start"
);

const ACTIVITY: &str = concat!(
    "SELECT SUM(o.deliveries + o.ended + o.delivered + o.failed + o.attempts)::bigint FROM outcomes o \
     WHERE o.span = $2 AND o.start >= $3 AND ",
    of_tenant!()
);

const RESPONSE_TIMES: &str = concat!(
    "SELECT o.start, t.place, SUM(t.number)::bigint FROM outcomes o, \
     UNNEST(o.response_times) WITH ORDINALITY AS t (number, place) WHERE t.number > 0 AND ",
    within!(),
    " GROUP BY o.start, t.place"
);

const BUSIEST: &str = concat!(
    "SELECT o.tenant, ",
    sums!(),
    " FROM outcomes o WHERE ",
    within!(),
    " GROUP BY o.tenant ORDER BY SUM(o.attempts) DESC, o.tenant LIMIT $5"
);

/// Sums of a span.
#[derive(sqlx::FromRow)]
struct CountsRecord {
    deliveries: i64,
    ended: i64,
    delivered: i64,
    failed: i64,
    attempts: i64,
    failed_attempts: i64,
}

impl CountsRecord {
    fn read(&self, response_times: ResponseTimes) -> Counts {
        Counts {
            deliveries: self.deliveries.cast_unsigned(),
            ended: self.ended.cast_unsigned(),
            delivered: self.delivered.cast_unsigned(),
            failed: self.failed.cast_unsigned(),
            attempts: self.attempts.cast_unsigned(),
            failed_attempts: self.failed_attempts.cast_unsigned(),
            response_times,
        }
    }
}

#[derive(sqlx::FromRow)]
struct OutcomeRecord {
    start: i64,
    #[sqlx(flatten)]
    counts: CountsRecord,
    waiting: i64,
    oldest_waiting: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct BusiestRecord {
    tenant: i32,
    #[sqlx(flatten)]
    counts: CountsRecord,
}

#[derive(sqlx::FromRow)]
struct FailingRecord {
    tenant: i32,
    webhook: Uuid,
    consecutive_failures: i64,
    first_failure_at: Option<i64>,
    last_failure_at: Option<i64>,
}

#[async_trait]
impl Outcomes for PostgresStore {
    async fn outcomes(
        &self,
        tenant: Option<TenantNumber>,
        span: Span,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Outcome>, StoreError> {
        let rows: Vec<OutcomeRecord> = sqlx::query_as(OUTCOMES)
            .bind(tenant.map(tenant_column))
            .bind(span.seconds().cast_signed())
            .bind(since.as_millis())
            .bind(until.as_millis())
            .fetch_all(&self.pool)
            .await
            .map_err(failure)?;
        let steps: Vec<(i64, i64, i64)> = sqlx::query_as(RESPONSE_TIMES)
            .bind(tenant.map(tenant_column))
            .bind(span.seconds().cast_signed())
            .bind(since.as_millis())
            .bind(until.as_millis())
            .fetch_all(&self.pool)
            .await
            .map_err(failure)?;
        let mut times: BTreeMap<i64, Vec<(usize, u64)>> = BTreeMap::new();
        for (start, place, number) in steps {
            // Places count from one.
            let step = usize::try_from(place).map_or(usize::MAX, |place| place.saturating_sub(1));
            times.entry(start).or_default().push((step, number.cast_unsigned()));
        }
        let read = |row: OutcomeRecord| Outcome {
            start: Timestamp::from_millis(row.start),
            counts: row.counts.read(ResponseTimes::of(times.remove(&row.start).unwrap_or_default())),
            waiting: Waiting { deliveries: row.waiting.cast_unsigned(), oldest: time(row.oldest_waiting) },
        };
        Ok(rows.into_iter().map(read).collect())
    }

    async fn activity(&self, tenant: Option<TenantNumber>, since: Timestamp) -> Result<u64, StoreError> {
        let sum: Option<i64> = sqlx::query_scalar(ACTIVITY)
            .bind(tenant.map(tenant_column))
            .bind(Span::Hour.seconds().cast_signed())
            .bind(since.as_millis())
            .fetch_one(&self.pool)
            .await
            .map_err(failure)?;
        Ok(sum.unwrap_or(0).cast_unsigned())
    }

    async fn waiting(&self, tenant: Option<TenantNumber>, now: Timestamp) -> Result<Waiting, StoreError> {
        let (deliveries, oldest): (Option<i64>, Option<i64>) =
            sqlx::query_as(concat!("SELECT ", open!(), " AND ", of_tenant!()))
                .bind(tenant.map(tenant_column))
                .bind(minutes_from(now).as_millis())
                .fetch_one(&self.pool)
                .await
                .map_err(failure)?;
        Ok(Waiting { deliveries: deliveries.unwrap_or(0).cast_unsigned(), oldest: time(oldest) })
    }

    async fn note_waiting(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await.map_err(failure)?;
        let turn: bool = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)")
            .bind(TURN_TO_NOTE)
            .fetch_one(&mut *transaction)
            .await
            .map_err(failure)?;
        if !turn {
            // Another process is at it, and notes the same.
            return Ok(());
        }
        // Tenants of which nothing waits any more.
        sqlx::query(
            "UPDATE outcomes_waiting SET deliveries = 0, oldest = NULL \
             WHERE (span, start) IN ((60, $1 / 60000 * 60000), (3600, $1 / 3600000 * 3600000)) AND deliveries <> 0",
        )
        .bind(now.as_millis())
        .execute(&mut *transaction)
        .await
        .map_err(failure)?;
        sqlx::query(concat!(
            "INSERT INTO outcomes_waiting (tenant, span, start, deliveries, oldest) \
             SELECT tenant, span, $1 / (span * 1000) * (span * 1000), COALESCE(deliveries, 0), oldest \
             FROM (SELECT o.tenant, ",
            open!(),
            " AND ",
            living!(),
            " GROUP BY o.tenant) AS open_ones, (VALUES (60), (3600)) AS spans (span) \
             ON CONFLICT (tenant, span, start) DO UPDATE SET deliveries = excluded.deliveries, oldest = excluded.oldest",
        ))
        .bind(now.as_millis())
        .bind(minutes_from(now).as_millis())
        .execute(&mut *transaction)
        .await
        .map_err(failure)?;
        transaction.commit().await.map_err(failure)
    }

    async fn failing(&self, tenant: Option<TenantNumber>, limit: u32) -> Result<Vec<Failing>, StoreError> {
        let rows: Vec<FailingRecord> = sqlx::query_as(concat!(
            "SELECT o.tenant, o.webhook, o.consecutive_failures, o.first_failure_at, o.last_failure_at \
             FROM webhook_health o WHERE o.consecutive_failures > 0 \
             AND EXISTS (SELECT FROM webhooks w WHERE w.id = o.webhook AND w.tenant = o.tenant) AND ",
            of_tenant!(),
            " ORDER BY o.consecutive_failures DESC, o.webhook LIMIT $2"
        ))
        .bind(tenant.map(tenant_column))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        let read = |row: FailingRecord| Failing {
            tenant: tenant_number(row.tenant),
            webhook: WebhookId::from_bytes(row.webhook.into_bytes()),
            consecutive_failures: u32::try_from(row.consecutive_failures).unwrap_or(u32::MAX),
            first_failure_at: time(row.first_failure_at),
            last_failure_at: time(row.last_failure_at),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    async fn busiest(
        &self,
        span: Span,
        since: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<(TenantNumber, Counts)>, StoreError> {
        let rows: Vec<BusiestRecord> = sqlx::query_as(BUSIEST)
            .bind(None::<i32>)
            .bind(span.seconds().cast_signed())
            .bind(since.as_millis())
            .bind(until.as_millis())
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(failure)?;
        let read = |row: BusiestRecord| (tenant_number(row.tenant), row.counts.read(ResponseTimes::default()));
        Ok(rows.into_iter().map(read).collect())
    }
}

/// Drops minutes that hours tell of, and hours from before `floor`.
pub(crate) async fn drop_old(pool: &PgPool, now: Timestamp, floor: Timestamp) -> Result<(), StoreError> {
    for statement in [
        "DELETE FROM outcomes WHERE (span = 60 AND start < $1) OR (span = 3600 AND start < $2)",
        "DELETE FROM outcomes_waiting WHERE (span = 60 AND start < $1) OR (span = 3600 AND start < $2)",
    ] {
        sqlx::query(statement)
            .bind(minutes_from(now).as_millis())
            .bind(floor.as_millis())
            .execute(pool)
            .await
            .map_err(failure)?;
    }
    Ok(())
}
