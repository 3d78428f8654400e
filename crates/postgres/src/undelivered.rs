//! In which minutes events were accepted that were not delivered to everyone: kept beside the rows, so that lists of such events need
//! not look at all the others, of which there are millions.

use std::collections::BTreeMap;

use fanfare_domain::ids::TenantNumber;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::StoreError;
use fanfare_ports::store::outcomes::{Moved, Span};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgPool, Postgres, QueryBuilder};

use crate::failure::failure;
use crate::rows::tenant_column;

/// Rows at zero are kept while they are still likely to change.
const SETTLED_AFTER_MS: i64 = 3_600_000;

const ADD: &str = "INSERT INTO undelivered AS u (tenant, minute, deliveries) \
     SELECT * FROM UNNEST($1::integer[], $2::bigint[], $3::bigint[]) \
     ON CONFLICT (tenant, minute) DO UPDATE SET deliveries = u.deliveries + excluded.deliveries";

/// Keeps to rows that were accepted within a minute that [`Minutes::rows`] asks about. The day is named, so that only its partition
/// is read.
macro_rules! within_minute {
    ($rows:literal) => {
        concat!(
            " AND ",
            $rows,
            ".day = (asked.minute / 86400000)::integer AND ",
            $rows,
            ".accepted_at >= asked.minute AND ",
            $rows,
            ".accepted_at < asked.minute + 60000"
        )
    };
}

pub(crate) use within_minute;

/// Counts deliveries that moved on, in the order of the keys.
pub(crate) async fn add(connection: &mut PgConnection, moved: &[Moved]) -> Result<(), sqlx::Error> {
    let mut changes: BTreeMap<(i32, i64), i64> = BTreeMap::new();
    for moved in moved {
        let minute = Span::Minute.start_of(moved.accepted).as_millis();
        let change = changes.entry((tenant_column(moved.tenant), minute)).or_default();
        *change += i64::from(moved.is_begun) * moved.number.cast_signed();
        *change -= i64::from(moved.succeeds()) * moved.number.cast_signed();
    }
    // What is routed and delivered within one batch changes nothing, which is the usual course.
    changes.retain(|_, change| *change != 0);
    if changes.is_empty() {
        return Ok(());
    }
    sqlx::query(ADD)
        .bind(changes.keys().map(|(tenant, _)| *tenant).collect::<Vec<i32>>())
        .bind(changes.keys().map(|(_, minute)| *minute).collect::<Vec<i64>>())
        .bind(changes.values().copied().collect::<Vec<i64>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// Drops minutes in which everything was delivered in the end, and those before `floor`.
pub(crate) async fn drop_old(pool: &PgPool, now: Timestamp, floor: Timestamp) -> Result<(), StoreError> {
    // Who counts goes through the rows in their order; this does not, and so waits for nobody.
    sqlx::query(
        "DELETE FROM undelivered WHERE (tenant, minute) IN (SELECT tenant, minute FROM undelivered \
         WHERE (deliveries = 0 AND minute < $1) OR minute < $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind(now.as_millis() - SETTLED_AFTER_MS)
    .bind(floor.as_millis())
    .execute(pool)
    .await
    .map_err(failure)?;
    Ok(())
}

/// The minutes of a tenant in which something was not delivered, the newest first.
pub(crate) struct Minutes {
    tenant: TenantNumber,
    since: i64,
    until: i64,
    many: i64,
}

impl Minutes {
    /// Those from `since` on and before `until` that a list has left which has come to `after`, in milliseconds.
    pub(crate) fn left(
        tenant: TenantNumber,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        after: Option<i64>,
    ) -> Self {
        let first = since.unwrap_or_default().max(Timestamp::default());
        let last = until.map(|until| until.as_millis() - 1).into_iter().chain(after).min();
        Self { tenant, since: Span::Minute.start_of(first).as_millis(), until: last.unwrap_or(i64::MAX), many: 1 }
    }

    /// The first `wanted` rows, in the order of `columns`, of what `query` finds within minutes when it is asked for up to so many.
    ///
    /// Each time it is asked about twice as many minutes as before: where they are full of what is looked for, one is enough, and where
    /// they are not, all are looked through in few steps.
    pub(crate) async fn rows<R>(
        mut self,
        pool: &PgPool,
        wanted: usize,
        columns: &'static str,
        query: impl Fn(QueryBuilder<Postgres>, usize) -> QueryBuilder<Postgres> + Send,
    ) -> Result<Vec<R>, StoreError>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut rows = Vec::new();
        while rows.len() < wanted {
            let minutes = self.next(pool).await.map_err(failure)?;
            if minutes.is_empty() {
                break;
            }
            let wanted = wanted - rows.len();
            let mut query = query(self.asked(minutes), wanted);
            query.push(") found ORDER BY ").push(columns).push(" LIMIT ").push_bind(wanted as i64);
            rows.append(&mut query.build_query_as().fetch_all(pool).await.map_err(failure)?);
        }
        Ok(rows)
    }

    async fn next(&mut self, pool: &PgPool) -> Result<Vec<i64>, sqlx::Error> {
        let minutes: Vec<i64> = sqlx::query_scalar(
            "SELECT minute FROM undelivered WHERE tenant = $1 AND deliveries <> 0 AND minute BETWEEN $2 AND $3 \
             ORDER BY minute DESC LIMIT $4",
        )
        .bind(tenant_column(self.tenant))
        .bind(self.since)
        .bind(self.until)
        .bind(self.many)
        .fetch_all(pool)
        .await?;
        if let Some(oldest) = minutes.last() {
            self.until = oldest - 1;
        }
        self.many = self.many.saturating_mul(2);
        Ok(minutes)
    }

    /// The beginning of a query that looks into each of these minutes by itself: the database would rather go through all that there
    /// is, in the order of the list, and look which of it lies within them. The tenant is `$1`.
    fn asked(&self, minutes: Vec<i64>) -> QueryBuilder<Postgres> {
        let mut query = QueryBuilder::new("WITH asked AS (SELECT ");
        query.push_bind(tenant_column(self.tenant)).push("::integer AS tenant, UNNEST(");
        query.push_bind(minutes).push("::bigint[]) AS minute) SELECT found.* FROM asked CROSS JOIN LATERAL (");
        query
    }
}
