//! What has been counted for webhooks.

use std::collections::HashMap;

use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_ports::store::{StoreError, WebhookStats};
use sqlx::PgPool;
use sqlx::types::Uuid;

use crate::failure::failure;
use crate::rows::event::of_living_tenant;
use crate::rows::{tenant_column, time, uuid};

#[derive(sqlx::FromRow)]
struct StatsRecord {
    webhook: Uuid,
    last_triggered: Option<i64>,
    success_count: i64,
    failure_count: i64,
    consecutive_failures: i64,
    first_failure_at: Option<i64>,
    last_success_at: Option<i64>,
}

impl StatsRecord {
    fn read(self) -> WebhookStats {
        WebhookStats {
            last_triggered: time(self.last_triggered),
            success_count: self.success_count.cast_unsigned(),
            failure_count: self.failure_count.cast_unsigned(),
            consecutive_failures: u32::try_from(self.consecutive_failures).unwrap_or(u32::MAX),
            first_failure_at: time(self.first_failure_at),
            last_success_at: time(self.last_success_at),
        }
    }
}

pub(super) async fn of(
    pool: &PgPool,
    tenant: TenantNumber,
    webhooks: &[WebhookId],
) -> Result<Vec<WebhookStats>, StoreError> {
    let asked: Vec<Uuid> = webhooks.iter().map(|id| uuid(id.as_bytes())).collect();
    let rows: Vec<StatsRecord> = sqlx::query_as(concat!(
        "SELECT webhook, last_triggered, success_count, failure_count, consecutive_failures, first_failure_at, \
         last_success_at FROM webhook_health WHERE tenant = $1 AND webhook = ANY($2)",
        of_living_tenant!()
    ))
    .bind(tenant_column(tenant))
    .bind(&asked)
    .fetch_all(pool)
    .await
    .map_err(failure)?;
    let found: HashMap<Uuid, WebhookStats> = rows.into_iter().map(|row| (row.webhook, row.read())).collect();
    Ok(asked.iter().map(|id| found.get(id).cloned().unwrap_or_default()).collect())
}
