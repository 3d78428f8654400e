//! One change of the configuration, and what the directory is to be told of it.

use fanfare_domain::ids::{KeyId, TenantNumber, WebhookId};
use fanfare_domain::tenant::{ApiKey, EventTypeEntry, Tenant};
use fanfare_domain::webhook::Webhook;
use fanfare_ports::directory::{Entry, EntryKey, Write};
use fanfare_ports::store::{Change, StoreError};
use futures::TryStreamExt;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::failure::failure;
use crate::ledger::health;
use crate::rows::text::escape;
use crate::rows::{document, read_document, tenant_column, uuid};

/// Makes `change`.
pub(super) async fn make(connection: &mut PgConnection, change: Change) -> Result<Vec<Write>, StoreError> {
    match change {
        Change::PutTenant(tenant) => put_tenant(connection, tenant).await.map(put),
        Change::DeleteTenant(number) => delete_tenant(connection, number).await,
        Change::PutWebhook(webhook) => put_webhook(connection, webhook).await.map(put),
        Change::PutOnlyWebhook(webhook) => {
            refuse_second_of_profile(connection, &webhook).await?;
            put_webhook(connection, webhook).await.map(put)
        }
        Change::DeleteWebhook(tenant, id) => {
            delete_webhook(connection, tenant, id).await?;
            Ok(vec![gone(EntryKey::Webhook(id))])
        }
        Change::PutEventType(entry) => put_event_type(connection, entry).await.map(put),
        Change::DeleteEventType(tenant, name) => {
            delete_event_type(connection, tenant, &name).await?;
            Ok(vec![gone(EntryKey::EventType(tenant, name))])
        }
        Change::PutApiKey(key) => put_api_key(connection, key).await.map(put),
        Change::DeleteApiKey(id) => {
            delete_api_key(connection, id).await?;
            Ok(vec![gone(EntryKey::ApiKey(id))])
        }
    }
}

fn put(entry: Entry) -> Vec<Write> {
    vec![Write { key: entry.key(), entry: Some(entry) }]
}

fn gone(key: EntryKey) -> Write {
    Write { key, entry: None }
}

/// The version that must be stored for `version` to follow it; `None` if nothing may be there.
fn version_before(version: u64) -> Result<Option<i64>, StoreError> {
    match version {
        0 => Err(StoreError::Conflict),
        1 => Ok(None),
        later => i64::try_from(later - 1).map(Some).map_err(|_| StoreError::Conflict),
    }
}

/// What it means that a change touched `rows`, where `there` says whether the thing is there at all.
fn changed(rows: u64, there: bool) -> Result<(), StoreError> {
    match (rows, there) {
        (0, true) => Err(StoreError::Conflict),
        (0, false) => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

async fn tenant_is_there(connection: &mut PgConnection, tenant: TenantNumber) -> Result<bool, StoreError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM tenants WHERE number = $1)")
        .bind(tenant_column(tenant))
        .fetch_one(connection)
        .await
        .map_err(failure)
}

async fn put_tenant(connection: &mut PgConnection, tenant: Tenant) -> Result<Entry, StoreError> {
    let document = document(&tenant)?;
    let rows = match version_before(tenant.version)? {
        None => sqlx::query(
            "INSERT INTO tenants (number, id, version, created_at, document) VALUES ($1, $2, 1, $3, $4) \
             ON CONFLICT DO NOTHING",
        )
        .bind(tenant_column(tenant.number))
        .bind(tenant.id.as_str())
        .bind(tenant.created_at.as_millis())
        .bind(document),
        Some(before) => sqlx::query(
            "UPDATE tenants SET version = version + 1, document = $4 WHERE number = $1 AND id = $2 AND version = $3",
        )
        .bind(tenant_column(tenant.number))
        .bind(tenant.id.as_str())
        .bind(before)
        .bind(document),
    }
    .execute(&mut *connection)
    .await
    .map_err(failure)?
    .rows_affected();
    let there = tenant.version == 1 || tenant_is_there(connection, tenant.number).await?;
    changed(rows, there)?;
    Ok(Entry::Tenant(tenant))
}

async fn put_webhook(connection: &mut PgConnection, webhook: Box<Webhook>) -> Result<Entry, StoreError> {
    let (id, tenant) = (uuid(webhook.id.as_bytes()), tenant_column(webhook.tenant));
    let document = document(&webhook)?;
    let rows = match version_before(webhook.version)? {
        None if !tenant_is_there(connection, webhook.tenant).await? => return Err(StoreError::NotFound),
        None => sqlx::query(
            "INSERT INTO webhooks (id, tenant, version, created_at, document) VALUES ($1, $2, 1, $3, $4) \
             ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .bind(tenant)
        .bind(webhook.created_at.as_millis())
        .bind(document),
        Some(before) => sqlx::query(
            "UPDATE webhooks SET version = version + 1, document = $4 WHERE id = $1 AND tenant = $2 AND version = $3",
        )
        .bind(id)
        .bind(tenant)
        .bind(before)
        .bind(document),
    }
    .execute(&mut *connection)
    .await
    .map_err(failure)?
    .rows_affected();
    let there = webhook.version == 1
        || sqlx::query_scalar("SELECT EXISTS (SELECT FROM webhooks WHERE id = $1 AND tenant = $2)")
            .bind(id)
            .bind(tenant)
            .fetch_one(&mut *connection)
            .await
            .map_err(failure)?;
    changed(rows, there)?;
    health::begin_at(connection, webhook.tenant, webhook.id, webhook.health_since).await?;
    Ok(Entry::Webhook(webhook))
}

/// [`StoreError::Conflict`] if the first version of `webhook` would not be its tenant's only one of its profile. Changes are
/// made one after the other, so none can be made meanwhile.
async fn refuse_second_of_profile(connection: &mut PgConnection, webhook: &Webhook) -> Result<(), StoreError> {
    if webhook.version != 1 {
        return Ok(());
    }
    // The profile is in the document, which Postgres itself could not read if it holds an escaped NUL.
    let mut others = sqlx::query_scalar::<_, String>("SELECT document FROM webhooks WHERE tenant = $1")
        .bind(tenant_column(webhook.tenant))
        .fetch(connection);
    while let Some(text) = others.try_next().await.map_err(failure)? {
        let other: Webhook = read_document("webhook", &text)?;
        if other.profile == webhook.profile {
            return Err(StoreError::Conflict);
        }
    }
    Ok(())
}

async fn put_event_type(connection: &mut PgConnection, entry: EventTypeEntry) -> Result<Entry, StoreError> {
    let tenant = tenant_column(entry.tenant);
    let document = document(&entry)?;
    let rows = match version_before(entry.version)? {
        None if !tenant_is_there(connection, entry.tenant).await? => return Err(StoreError::NotFound),
        None => sqlx::query(
            "INSERT INTO event_types (tenant, name, version, created_at, document) VALUES ($1, $2, 1, $3, $4) \
             ON CONFLICT DO NOTHING",
        )
        .bind(tenant)
        .bind(entry.name.as_str())
        .bind(entry.created_at.as_millis())
        .bind(document),
        Some(before) => sqlx::query(
            "UPDATE event_types SET version = version + 1, document = $4 \
             WHERE tenant = $1 AND name = $2 AND version = $3",
        )
        .bind(tenant)
        .bind(entry.name.as_str())
        .bind(before)
        .bind(document),
    }
    .execute(&mut *connection)
    .await
    .map_err(failure)?
    .rows_affected();
    let there = entry.version == 1
        || sqlx::query_scalar("SELECT EXISTS (SELECT FROM event_types WHERE tenant = $1 AND name = $2)")
            .bind(tenant)
            .bind(entry.name.as_str())
            .fetch_one(&mut *connection)
            .await
            .map_err(failure)?;
    changed(rows, there)?;
    Ok(Entry::EventType(entry))
}

async fn put_api_key(connection: &mut PgConnection, key: ApiKey) -> Result<Entry, StoreError> {
    if let Some(tenant) = key.tenant
        && !tenant_is_there(connection, tenant).await?
    {
        return Err(StoreError::NotFound);
    }
    let rows = sqlx::query(
        "INSERT INTO api_keys (id, tenant, created_at, document) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(uuid(key.id.as_bytes()))
    .bind(key.tenant.map(tenant_column))
    .bind(key.created_at.as_millis())
    .bind(document(&key)?)
    .execute(connection)
    .await
    .map_err(failure)?
    .rows_affected();
    changed(rows, true)?;
    Ok(Entry::ApiKey(key))
}

async fn delete_webhook(connection: &mut PgConnection, tenant: TenantNumber, id: WebhookId) -> Result<(), StoreError> {
    let deleted = sqlx::query("DELETE FROM webhooks WHERE id = $1 AND tenant = $2")
        .bind(uuid(id.as_bytes()))
        .bind(tenant_column(tenant))
        .execute(connection)
        .await
        .map_err(failure)?;
    changed(deleted.rows_affected(), false)
}

async fn delete_event_type(connection: &mut PgConnection, tenant: TenantNumber, name: &str) -> Result<(), StoreError> {
    let deleted = sqlx::query("DELETE FROM event_types WHERE tenant = $1 AND name = $2")
        .bind(tenant_column(tenant))
        .bind(escape(name))
        .execute(connection)
        .await
        .map_err(failure)?;
    changed(deleted.rows_affected(), false)
}

async fn delete_api_key(connection: &mut PgConnection, id: KeyId) -> Result<(), StoreError> {
    let deleted = sqlx::query("DELETE FROM api_keys WHERE id = $1")
        .bind(uuid(id.as_bytes()))
        .execute(connection)
        .await
        .map_err(failure)?;
    changed(deleted.rows_affected(), false)
}

/// The tenant itself is told first, so that nothing more is accepted while the rest is told.
async fn delete_tenant(connection: &mut PgConnection, number: TenantNumber) -> Result<Vec<Write>, StoreError> {
    let tenant = tenant_column(number);
    if !tenant_is_there(connection, number).await? {
        return Err(StoreError::NotFound);
    }
    let webhooks: Vec<Uuid> = sqlx::query_scalar("DELETE FROM webhooks WHERE tenant = $1 RETURNING id")
        .bind(tenant)
        .fetch_all(&mut *connection)
        .await
        .map_err(failure)?;
    let keys: Vec<Uuid> = sqlx::query_scalar("DELETE FROM api_keys WHERE tenant = $1 RETURNING id")
        .bind(tenant)
        .fetch_all(&mut *connection)
        .await
        .map_err(failure)?;
    let types: Vec<String> = sqlx::query_scalar("DELETE FROM event_types WHERE tenant = $1 RETURNING name")
        .bind(tenant)
        .fetch_all(&mut *connection)
        .await
        .map_err(failure)?;
    for statement in [
        "DELETE FROM tenants WHERE number = $1",
        "INSERT INTO erasures (tenant) VALUES ($1) ON CONFLICT (tenant) DO UPDATE SET done = false",
    ] {
        sqlx::query(statement).bind(tenant).execute(&mut *connection).await.map_err(failure)?;
    }
    let mut writes = vec![gone(EntryKey::Tenant(number))];
    writes.extend(keys.into_iter().map(|id| gone(EntryKey::ApiKey(KeyId::from_bytes(id.into_bytes())))));
    writes.extend(webhooks.into_iter().map(|id| gone(EntryKey::Webhook(WebhookId::from_bytes(id.into_bytes())))));
    writes.extend(types.into_iter().map(|name| gone(EntryKey::EventType(number, name))));
    Ok(writes)
}
