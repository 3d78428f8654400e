//! Deliveries and their attempts. A delivery whose event is not known yet is not shown: its routed record is on its way.

use fanfare_domain::delivery::{DeliveryRef, DeliveryStatus};
use fanfare_domain::ids::{DeliveryId, EventId, TenantNumber, WebhookId};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{AttemptRow, DeliveryFilter, DeliveryRow, Page, PageRequest, StoreError};
use sqlx::types::Uuid;
use sqlx::{PgPool, Postgres, QueryBuilder};

use crate::failure::failure;
use crate::rows::cursor::{List, page};
use crate::rows::delivery::{AttemptRecord, DeliveryRecord, delivery_columns};
use crate::rows::event::of_living_tenant;
use crate::rows::text::escape;
use crate::rows::{page_size, tenant_column, uuid};
use crate::undelivered::{Minutes, within_minute};

pub(super) async fn list(
    pool: &PgPool,
    tenant: TenantNumber,
    webhook: WebhookId,
    filter: &DeliveryFilter,
    request: &PageRequest,
) -> Result<Page<DeliveryRow>, StoreError> {
    let limit = page_size(request.limit);
    let after = List::Deliveries.read(request.after.as_ref(), |text| Uuid::parse_str(text).ok());
    let rows: Vec<DeliveryRecord> = if filter.status.is_some_and(|status| status != DeliveryStatus::Success) {
        let query = |asked, limit| select(asked, within_minute!("d"), tenant, webhook, filter, after, limit);
        let minutes = Minutes::left(tenant, filter.since, filter.until, after.map(|(time, _)| time));
        minutes.rows(pool, limit + 1, "accepted_at DESC, id DESC", query).await?
    } else {
        let mut query = select(QueryBuilder::new(""), "", tenant, webhook, filter, after, limit + 1);
        query.build_query_as().fetch_all(pool).await.map_err(failure)?
    };
    let found = page(rows, limit, |row| List::Deliveries.after(row.accepted_at, row.id));
    let rows = found.rows.into_iter().map(DeliveryRecord::read).collect::<Result<_, _>>()?;
    Ok(Page { rows, next: found.next })
}

/// The first `limit` deliveries that `filter` wants and that come after `after`.
fn select(
    mut query: QueryBuilder<Postgres>,
    within: &'static str,
    tenant: TenantNumber,
    webhook: WebhookId,
    filter: &DeliveryFilter,
    after: Option<(i64, Uuid)>,
    limit: usize,
) -> QueryBuilder<Postgres> {
    query.push(concat!("SELECT ", delivery_columns!(), " FROM deliveries d WHERE d.event IS NOT NULL AND d.tenant = "));
    query.push_bind(tenant_column(tenant)).push(of_living_tenant!()).push(within);
    query.push(" AND d.webhook = ").push_bind(uuid(webhook.as_bytes()));
    if let Some(since) = filter.since {
        query.push(" AND d.accepted_at >= ").push_bind(since.as_millis());
        query.push(" AND d.day >= ").push_bind(since.day().number());
    }
    if let Some(until) = filter.until {
        query.push(" AND d.accepted_at < ").push_bind(until.as_millis());
        query.push(" AND d.day <= ").push_bind(until.day().number());
    }
    if let Some((time, id)) = after {
        query.push(" AND (d.accepted_at, d.id) < (").push_bind(time).push(", ").push_bind(id).push(")");
        query.push(" AND d.day <= ").push_bind(Timestamp::from_millis(time).day().number());
    }
    if let Some(status) = filter.status {
        query.push(" AND d.status = ").push_bind(i16::from(status.rank()));
    }
    if let Some(event_type) = &filter.event_type {
        query.push(" AND d.event_type = ").push_bind(escape(event_type).into_owned());
    }
    query.push(" ORDER BY d.accepted_at DESC, d.id DESC LIMIT ").push_bind(limit as i64);
    query
}

/// Those of the newest event of this id.
pub(super) async fn of_event(
    pool: &PgPool,
    tenant: TenantNumber,
    event: &EventId,
) -> Result<Vec<DeliveryRow>, StoreError> {
    let rows: Vec<DeliveryRecord> = sqlx::query_as(concat!(
        "SELECT ",
        delivery_columns!(),
        " FROM deliveries d WHERE d.tenant = $1 AND d.event = $2 AND d.day = COALESCE( \
             (SELECT max(day) FROM events WHERE tenant = $1 AND id = $2), \
             (SELECT max(day) FROM deliveries WHERE tenant = $1 AND event = $2))",
        of_living_tenant!(),
        "ORDER BY d.accepted_at DESC, d.id DESC LIMIT 1000"
    ))
    .bind(tenant_column(tenant))
    .bind(event.as_str())
    .fetch_all(pool)
    .await
    .map_err(failure)?;
    rows.into_iter().map(DeliveryRecord::read).collect()
}

pub(super) async fn one(
    pool: &PgPool,
    tenant: TenantNumber,
    id: DeliveryId,
) -> Result<Option<DeliveryRow>, StoreError> {
    let found: Option<DeliveryRecord> = sqlx::query_as(concat!(
        "SELECT ",
        delivery_columns!(),
        " FROM deliveries d WHERE d.tenant = $1 AND d.id = $2 AND d.event IS NOT NULL",
        of_living_tenant!(),
        "ORDER BY d.day DESC LIMIT 1"
    ))
    .bind(tenant_column(tenant))
    .bind(uuid(id.as_bytes()))
    .fetch_optional(pool)
    .await
    .map_err(failure)?;
    found.map(DeliveryRecord::read).transpose()
}

pub(super) async fn attempts(
    pool: &PgPool,
    tenant: TenantNumber,
    delivery: &DeliveryRef,
) -> Result<Vec<AttemptRow>, StoreError> {
    let rows: Vec<AttemptRecord> = sqlx::query_as(concat!(
        "SELECT id, number, manual, late, started_at, status_code, response_time_ms, error, \
         request_headers, response_headers, response_body \
         FROM attempts WHERE tenant = $1 AND delivery = $2 AND day = $3",
        of_living_tenant!(),
        "ORDER BY started_at, number, id, late"
    ))
    .bind(tenant_column(tenant))
    .bind(uuid(delivery.id.as_bytes()))
    .bind(delivery.accepted().day().number())
    .fetch_all(pool)
    .await
    .map_err(failure)?;
    rows.into_iter().map(AttemptRecord::read).collect()
}
