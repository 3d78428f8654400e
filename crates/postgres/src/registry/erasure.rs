//! Erasing what happened to a deleted tenant, a piece at a time.

use fanfare_domain::ids::TenantNumber;
use fanfare_ports::store::StoreError;
use sqlx::PgPool;

use crate::failure::failure;
use crate::rows::tenant_column;

/// Each erases up to `$2` rows of tenant `$1` and says how many. A delivery takes its attempts along.
const PIECES: [&str; 8] = [
    "WITH picked AS MATERIALIZED (SELECT id, day FROM deliveries WHERE tenant = $1 LIMIT $2), \
     tried AS (DELETE FROM attempts USING picked WHERE attempts.delivery = picked.id AND attempts.day = picked.day), \
     gone AS (DELETE FROM deliveries USING picked WHERE deliveries.id = picked.id AND deliveries.day = picked.day RETURNING 1) \
     SELECT count(*) FROM gone",
    "WITH picked AS MATERIALIZED (SELECT id, day FROM events WHERE tenant = $1 LIMIT $2), \
     gone AS (DELETE FROM events USING picked \
     WHERE events.tenant = $1 AND events.id = picked.id AND events.day = picked.day RETURNING 1) \
     SELECT count(*) FROM gone",
    "WITH gone AS (DELETE FROM subjects WHERE tenant = $1 AND subject_key IN \
     (SELECT subject_key FROM subjects WHERE tenant = $1 LIMIT $2) RETURNING 1) SELECT count(*) FROM gone",
    "WITH gone AS (DELETE FROM webhook_health WHERE tenant = $1 AND webhook IN \
     (SELECT webhook FROM webhook_health WHERE tenant = $1 LIMIT $2) RETURNING 1) SELECT count(*) FROM gone",
    "WITH gone AS (DELETE FROM outcomes WHERE (tenant, span, start) IN \
     (SELECT tenant, span, start FROM outcomes WHERE tenant = $1 LIMIT $2) RETURNING 1) SELECT count(*) FROM gone",
    "WITH gone AS (DELETE FROM outcomes_waiting WHERE (tenant, span, start) IN \
     (SELECT tenant, span, start FROM outcomes_waiting WHERE tenant = $1 LIMIT $2) RETURNING 1) SELECT count(*) FROM gone",
    "WITH gone AS (DELETE FROM undelivered WHERE (tenant, minute) IN \
     (SELECT tenant, minute FROM undelivered WHERE tenant = $1 LIMIT $2) RETURNING 1) SELECT count(*) FROM gone",
    "WITH gone AS (DELETE FROM replays WHERE id IN \
     (SELECT id FROM replays WHERE tenant = $1 LIMIT $2) RETURNING 1) SELECT count(*) FROM gone",
];

pub(super) async fn erase(pool: &PgPool, tenant: TenantNumber, limit: u32) -> Result<bool, StoreError> {
    let mut left = i64::from(limit.max(1));
    for piece in PIECES {
        let gone: i64 =
            sqlx::query_scalar(piece).bind(tenant_column(tenant)).bind(left).fetch_one(pool).await.map_err(failure)?;
        left -= gone;
        if left <= 0 {
            return Ok(false);
        }
    }
    Ok(true)
}
