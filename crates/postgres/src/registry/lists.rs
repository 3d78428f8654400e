//! Lists of configuration, newest first.

use fanfare_domain::ids::TenantNumber;
use fanfare_domain::tenant::{ApiKey, EventTypeEntry, Tenant};
use fanfare_domain::webhook::Webhook;
use fanfare_ports::store::{AuditEntry, Cursor, Page, PageRequest, StoreError};
use serde::de::DeserializeOwned;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::types::Uuid;
use sqlx::{FromRow, Postgres, QueryBuilder};

use crate::failure::failure;
use crate::rows::cursor::{List, page};
use crate::rows::{page_size, read_document, tenant_column};

/// A row of a table of documents: what it is ordered by, and the document.
#[derive(FromRow)]
struct Listed<K> {
    created_at: i64,
    key: K,
    document: String,
}

/// Reads a page of a list. `query` selects `created_at`, `key` and `document`, and ends in a condition.
async fn read<T, K>(
    pool: &PgPool,
    list: List,
    mut query: QueryBuilder<Postgres>,
    order: &str,
    request: &PageRequest,
) -> Result<Page<T>, StoreError>
where
    T: DeserializeOwned,
    K: std::fmt::Display + Send + Unpin,
    Listed<K>: for<'r> FromRow<'r, PgRow>,
{
    let limit = page_size(request.limit);
    query.push(order).push(" LIMIT ").push_bind(limit as i64 + 1);
    let rows: Vec<Listed<K>> = query.build_query_as().fetch_all(pool).await.map_err(failure)?;
    let found = page(rows, limit, |row| -> Cursor { list.after(row.created_at, &row.key) });
    let what = format!("{list:?}");
    let rows = found.rows.iter().map(|row| read_document(&what, &row.document)).collect::<Result<_, _>>()?;
    Ok(Page { rows, next: found.next })
}

fn uuid_key(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok()
}

pub(super) async fn tenants(pool: &PgPool, request: &PageRequest) -> Result<Page<Tenant>, StoreError> {
    let mut query = QueryBuilder::new("SELECT created_at, number AS key, document FROM tenants WHERE true");
    if let Some((time, number)) = List::Tenants.read(request.after.as_ref(), |text| text.parse::<i32>().ok()) {
        query.push(" AND (created_at, number) < (").push_bind(time).push(", ").push_bind(number).push(")");
    }
    read::<_, i32>(pool, List::Tenants, query, " ORDER BY created_at DESC, number DESC", request).await
}

pub(super) async fn webhooks(
    pool: &PgPool,
    tenant: TenantNumber,
    request: &PageRequest,
) -> Result<Page<Webhook>, StoreError> {
    let mut query = QueryBuilder::new("SELECT created_at, id AS key, document FROM webhooks WHERE tenant = ");
    query.push_bind(tenant_column(tenant));
    if let Some((time, id)) = List::Webhooks.read(request.after.as_ref(), uuid_key) {
        query.push(" AND (created_at, id) < (").push_bind(time).push(", ").push_bind(id).push(")");
    }
    read::<_, Uuid>(pool, List::Webhooks, query, " ORDER BY created_at DESC, id DESC", request).await
}

pub(super) async fn event_types(
    pool: &PgPool,
    tenant: TenantNumber,
    request: &PageRequest,
) -> Result<Page<EventTypeEntry>, StoreError> {
    let mut query = QueryBuilder::new("SELECT created_at, name AS key, document FROM event_types WHERE tenant = ");
    query.push_bind(tenant_column(tenant));
    let name = |text: &str| (!text.contains('\0')).then(|| text.to_owned());
    if let Some((time, name)) = List::EventTypes.read(request.after.as_ref(), name) {
        query.push(" AND (created_at, name) < (").push_bind(time).push(", ").push_bind(name).push(")");
    }
    read::<_, String>(pool, List::EventTypes, query, " ORDER BY created_at DESC, name DESC", request).await
}

pub(super) async fn api_keys(pool: &PgPool, request: &PageRequest) -> Result<Page<ApiKey>, StoreError> {
    let mut query = QueryBuilder::new("SELECT created_at, id AS key, document FROM api_keys WHERE true");
    if let Some((time, id)) = List::ApiKeys.read(request.after.as_ref(), uuid_key) {
        query.push(" AND (created_at, id) < (").push_bind(time).push(", ").push_bind(id).push(")");
    }
    read::<_, Uuid>(pool, List::ApiKeys, query, " ORDER BY created_at DESC, id DESC", request).await
}

/// Lines are in the order in which they were written, whatever their clocks said.
pub(super) async fn audit(pool: &PgPool, request: &PageRequest) -> Result<Page<AuditEntry>, StoreError> {
    let mut query = QueryBuilder::new("SELECT sequence AS created_at, sequence AS key, document FROM audit WHERE true");
    if let Some((sequence, _)) = List::Audit.read(request.after.as_ref(), |text| text.parse::<i64>().ok()) {
        query.push(" AND sequence < ").push_bind(sequence);
    }
    read::<_, i64>(pool, List::Audit, query, " ORDER BY sequence DESC", request).await
}
