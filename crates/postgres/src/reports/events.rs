//! Events.

use fanfare_domain::ids::{EventId, TenantNumber};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{EventFilter, EventRow, Page, PageRequest, StoreError};
use sqlx::{PgPool, Postgres, QueryBuilder};

use crate::failure::failure;
use crate::rows::cursor::{List, page};
use crate::rows::event::{EventRecord, event_columns, of_living_tenant, with_delivered};
use crate::rows::text::{escape, subject_key};
use crate::rows::{page_size, tenant_column};
use crate::undelivered::{Minutes, within_minute};

pub(super) async fn list(
    pool: &PgPool,
    tenant: TenantNumber,
    filter: &EventFilter,
    request: &PageRequest,
) -> Result<Page<EventRow>, StoreError> {
    let limit = page_size(request.limit);
    let after = List::Events.read(request.after.as_ref(), |text| EventId::new(text).ok());
    let rows: Vec<EventRecord> = if filter.delivered == Some(false) {
        let query = |asked, limit| select(asked, within_minute!("e"), tenant, filter, after.as_ref(), limit);
        let minutes = Minutes::left(tenant, filter.since, filter.until, after.as_ref().map(|(time, _)| *time));
        minutes.rows(pool, limit + 1, "accepted_at DESC, id DESC", query).await?
    } else {
        let mut query = select(QueryBuilder::new(""), "", tenant, filter, after.as_ref(), limit + 1);
        query.build_query_as().fetch_all(pool).await.map_err(failure)?
    };
    let found = page(rows, limit, |row| List::Events.after(row.accepted_at, &row.id));
    let rows = found.rows.into_iter().map(EventRecord::read).collect::<Result<_, _>>()?;
    Ok(Page { rows, next: found.next })
}

/// The first `limit` events that `filter` wants and that come after `after`.
fn select(
    mut query: QueryBuilder<Postgres>,
    within: &'static str,
    tenant: TenantNumber,
    filter: &EventFilter,
    after: Option<&(i64, EventId)>,
    limit: usize,
) -> QueryBuilder<Postgres> {
    query.push(concat!("SELECT ", event_columns!(), " FROM events e", with_delivered!(), "WHERE e.tenant = "));
    query.push_bind(tenant_column(tenant)).push(of_living_tenant!()).push(within);
    // Days are named beside times, so that only their partitions are read.
    if let Some(since) = filter.since {
        query.push(" AND e.accepted_at >= ").push_bind(since.as_millis());
        query.push(" AND e.day >= ").push_bind(since.day().number());
    }
    if let Some(until) = filter.until {
        query.push(" AND e.accepted_at < ").push_bind(until.as_millis());
        query.push(" AND e.day <= ").push_bind(until.day().number());
    }
    if let Some((time, id)) = after {
        query
            .push(" AND (e.accepted_at, e.id) < (")
            .push_bind(*time)
            .push(", ")
            .push_bind(id.as_str().to_owned())
            .push(")");
        query.push(" AND e.day <= ").push_bind(Timestamp::from_millis(*time).day().number());
    }
    if let Some(event_type) = &filter.event_type {
        query.push(" AND e.type = ").push_bind(escape(event_type).into_owned());
    }
    if let Some(subject) = &filter.subject {
        query.push(" AND e.subject_key = ").push_bind(subject_key(subject));
    }
    if let Some(delivered) = filter.delivered {
        query.push(" AND s.delivered = ").push_bind(delivered);
    }
    query.push(" ORDER BY e.accepted_at DESC, e.id DESC LIMIT ").push_bind(limit as i64);
    query
}

/// The newest event of this id: a publisher may use it again after a day.
pub(super) async fn one(pool: &PgPool, tenant: TenantNumber, id: &EventId) -> Result<Option<EventRow>, StoreError> {
    let found: Option<EventRecord> = sqlx::query_as(concat!(
        "SELECT ",
        event_columns!(),
        " FROM events e",
        with_delivered!(),
        "WHERE e.tenant = $1 AND e.id = $2",
        of_living_tenant!(),
        "ORDER BY e.day DESC LIMIT 1"
    ))
    .bind(tenant_column(tenant))
    .bind(id.as_str())
    .fetch_optional(pool)
    .await
    .map_err(failure)?;
    found.map(EventRecord::read).transpose()
}
