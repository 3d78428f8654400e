//! Taking rows away, in pieces that hold up other writers only briefly.

use fanfare_domain::ids::TenantNumber;
use fanfare_domain::time::Day;
use fanfare_ports::store::StoreError;
use sqlx::query;
use sqlx::sqlite::SqliteConnection;

use super::failed;

/// Deliveries, or rows of another table, that go in one piece.
const PIECE: i64 = 500;

/// What is dropped of days before `?1`: attempts with their deliveries, then the rest.
const DROPPED: [&str; 4] = [
    "DELETE FROM attempts WHERE delivery IN (
        SELECT row FROM deliveries WHERE day < ?1 ORDER BY day, row LIMIT ?2)",
    "DELETE FROM deliveries WHERE row IN (
        SELECT row FROM deliveries WHERE day < ?1 ORDER BY day, row LIMIT ?2)",
    "DELETE FROM events WHERE rowid IN (SELECT rowid FROM events WHERE day < ?1 LIMIT ?2)",
    "DELETE FROM subjects WHERE rowid IN (SELECT rowid FROM subjects WHERE day < ?1 LIMIT ?2)",
];

/// Drops some of what was accepted before `first`. True if nothing is left.
pub(super) async fn drop_before(db: &mut SqliteConnection, first: Day) -> Result<bool, StoreError> {
    let mut is_done = true;
    for sql in DROPPED {
        is_done &= run(db, sql, first.number().into(), PIECE).await? < PIECE;
    }
    Ok(is_done)
}

/// What is erased of a tenant, in this order: a delivery's row is what its attempts are found by. The attempts of the first
/// deliveries go first, and then these deliveries, which the same order finds again.
const ERASED: [&str; 7] = [
    "DELETE FROM attempts WHERE (delivery, id, late) IN (
        SELECT attempts.delivery, attempts.id, attempts.late
        FROM (SELECT row FROM deliveries WHERE tenant = ?1 ORDER BY event, day, webhook, row LIMIT ?2) AS first
        JOIN attempts ON attempts.delivery = first.row LIMIT ?2)",
    "DELETE FROM deliveries WHERE row IN (
        SELECT row FROM deliveries WHERE tenant = ?1 ORDER BY event, day, webhook, row LIMIT ?2)",
    "DELETE FROM events WHERE rowid IN (SELECT rowid FROM events WHERE tenant = ?1 LIMIT ?2)",
    "DELETE FROM subjects WHERE rowid IN (SELECT rowid FROM subjects WHERE tenant = ?1 LIMIT ?2)",
    "DELETE FROM webhook_stats WHERE tenant = ?1 AND webhook IN (
        SELECT webhook FROM webhook_stats WHERE tenant = ?1 LIMIT ?2)",
    "DELETE FROM outcomes WHERE (tenant, span, start) IN (
        SELECT tenant, span, start FROM outcomes WHERE tenant = ?1 LIMIT ?2)",
    "DELETE FROM replays WHERE rowid IN (SELECT rowid FROM replays WHERE tenant = ?1 LIMIT ?2)",
];

/// Erases up to `limit` rows of what happened to a tenant. True if nothing is left.
pub(super) async fn erase(db: &mut SqliteConnection, tenant: TenantNumber, limit: u32) -> Result<bool, StoreError> {
    let mut left = i64::from(limit);
    for sql in ERASED {
        left -= run(db, sql, tenant.get().into(), left).await?;
        if left <= 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn run(db: &mut SqliteConnection, sql: &'static str, what: i64, limit: i64) -> Result<i64, StoreError> {
    let done = query(sql).bind(what).bind(limit).execute(db).await.map_err(failed)?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}
