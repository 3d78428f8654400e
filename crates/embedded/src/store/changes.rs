//! Changes of the configuration: what each does to the tables, and what the directory is to be told of it.

use fanfare_domain::ids::{KeyId, TenantNumber, WebhookId};
use fanfare_domain::tenant::{ApiKey, EventTypeEntry, Tenant};
use fanfare_domain::webhook::Webhook;
use fanfare_ports::directory::{Entry, EntryKey, Write};
use fanfare_ports::store::{AuditEntry, Change, StoreError};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Sqlite, query, query_scalar};

use super::{documents, failed, health, rows};

/// Makes a change, its line in the audit log and what it tells the directory.
pub(super) async fn apply(db: &mut SqliteConnection, change: Change, audit: &AuditEntry) -> Result<(), StoreError> {
    let writes = match change {
        Change::PutTenant(tenant) => put_tenant(db, tenant).await?,
        Change::DeleteTenant(number) => delete_tenant(db, number).await?,
        Change::PutWebhook(webhook) => put_webhook(db, webhook).await?,
        Change::PutOnlyWebhook(webhook) => {
            refuse_second_of_profile(db, &webhook).await?;
            put_webhook(db, webhook).await?
        }
        Change::DeleteWebhook(tenant, id) => delete_webhook(db, tenant, id).await?,
        Change::PutEventType(entry) => put_event_type(db, entry).await?,
        Change::DeleteEventType(tenant, name) => delete_event_type(db, tenant, name).await?,
        Change::PutApiKey(key) => put_api_key(db, key).await?,
        Change::DeleteApiKey(id) => delete_api_key(db, id).await?,
    };
    tell(db, &writes).await?;
    note(db, audit).await
}

/// Adds a line to the audit log.
pub(super) async fn note(db: &mut SqliteConnection, audit: &AuditEntry) -> Result<(), StoreError> {
    query("INSERT INTO audit (at, document) VALUES (?, ?)")
        .bind(audit.at.as_millis())
        .bind(documents::text(audit)?)
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(())
}

type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Runs a statement that must change one row; `otherwise` if it changed none.
async fn must_change(
    db: &mut SqliteConnection,
    statement: Statement<'_>,
    otherwise: StoreError,
) -> Result<(), StoreError> {
    match statement.execute(db).await.map_err(failed)?.rows_affected() {
        0 => Err(otherwise),
        _ => Ok(()),
    }
}

/// Runs a statement that makes the first version of something, or the version after the stored one. `current` finds the thing
/// as it is stored, to tell why a later version was refused.
async fn must_put(
    db: &mut SqliteConnection,
    version: i64,
    statement: Statement<'_>,
    current: Statement<'_>,
) -> Result<(), StoreError> {
    if statement.execute(&mut *db).await.map_err(failed)?.rows_affected() > 0 {
        return Ok(());
    }
    let is_there = current.fetch_optional(db).await.map_err(failed)?.is_some();
    if version == 1 || is_there { Err(StoreError::Conflict) } else { Err(StoreError::NotFound) }
}

fn version(version: u64) -> Result<i64, StoreError> {
    i64::try_from(version).map_err(|_| StoreError::Conflict)
}

fn is(entry: Entry) -> Vec<Write> {
    vec![Write { key: entry.key(), entry: Some(entry) }]
}

fn is_gone(key: EntryKey) -> Write {
    Write { key, entry: None }
}

async fn tenant_must_exist(db: &mut SqliteConnection, tenant: TenantNumber) -> Result<(), StoreError> {
    let found: Option<i64> = query_scalar("SELECT number FROM tenants WHERE number = ?")
        .bind(i64::from(tenant.get()))
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    found.map(|_| ()).ok_or(StoreError::NotFound)
}

async fn put_tenant(db: &mut SqliteConnection, tenant: Tenant) -> Result<Vec<Write>, StoreError> {
    let version = version(tenant.version)?;
    let document = documents::text(&tenant)?;
    let statement = if version == 1 {
        query("INSERT INTO tenants (number, id, version, created_at, document) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(i64::from(tenant.number.get()))
            .bind(tenant.id.as_str())
            .bind(version)
            .bind(tenant.created_at.as_millis())
            .bind(document)
    } else {
        query("UPDATE tenants SET version = ?3, document = ?4 WHERE number = ?1 AND id = ?2 AND version = ?3 - 1")
            .bind(i64::from(tenant.number.get()))
            .bind(tenant.id.as_str())
            .bind(version)
            .bind(document)
    };
    let current = query("SELECT 1 FROM tenants WHERE number = ? AND id = ?")
        .bind(i64::from(tenant.number.get()))
        .bind(tenant.id.as_str());
    must_put(db, version, statement, current).await?;
    Ok(is(Entry::Tenant(tenant)))
}

async fn delete_tenant(db: &mut SqliteConnection, number: TenantNumber) -> Result<Vec<Write>, StoreError> {
    let tenant = i64::from(number.get());
    must_change(db, query("DELETE FROM tenants WHERE number = ?").bind(tenant), StoreError::NotFound).await?;
    // The tenant goes first, so that nothing more is accepted while the rest is told.
    let mut writes = vec![is_gone(EntryKey::Tenant(number))];
    let keys: Vec<Vec<u8>> = query_scalar("DELETE FROM api_keys WHERE tenant = ? RETURNING id")
        .bind(tenant)
        .fetch_all(&mut *db)
        .await
        .map_err(failed)?;
    for id in keys {
        writes.push(is_gone(EntryKey::ApiKey(KeyId::from_bytes(rows::sixteen(&id, "api_keys")?))));
    }
    let webhooks: Vec<Vec<u8>> = query_scalar("DELETE FROM webhooks WHERE tenant = ? RETURNING id")
        .bind(tenant)
        .fetch_all(&mut *db)
        .await
        .map_err(failed)?;
    for id in webhooks {
        writes.push(is_gone(EntryKey::Webhook(WebhookId::from_bytes(rows::sixteen(&id, "webhooks")?))));
    }
    let names: Vec<String> = query_scalar("DELETE FROM event_types WHERE tenant = ? RETURNING name")
        .bind(tenant)
        .fetch_all(&mut *db)
        .await
        .map_err(failed)?;
    writes.extend(names.into_iter().map(|name| is_gone(EntryKey::EventType(number, name))));
    cancel_replays(db, number, None).await?;
    query("INSERT INTO erasures (tenant) VALUES (?) ON CONFLICT DO NOTHING")
        .bind(tenant)
        .execute(db)
        .await
        .map_err(failed)?;
    Ok(writes)
}

/// Ends replays that have nowhere to go any more, whoever works on them: to one webhook, or to all of a tenant's.
async fn cancel_replays(
    db: &mut SqliteConnection,
    tenant: TenantNumber,
    webhook: Option<WebhookId>,
) -> Result<(), StoreError> {
    query(
        "UPDATE replays SET running = 0, holder = NULL, document = json_set(document, '$.state', 'cancelled')
         WHERE running = 1 AND tenant = ?1 AND webhook = coalesce(?2, webhook)",
    )
    .bind(i64::from(tenant.get()))
    .bind(webhook.map(|id| id.as_bytes().to_vec()))
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}

async fn put_webhook(db: &mut SqliteConnection, webhook: Box<Webhook>) -> Result<Vec<Write>, StoreError> {
    tenant_must_exist(db, webhook.tenant).await?;
    let version = version(webhook.version)?;
    let sql = if version == 1 {
        "INSERT INTO webhooks (id, tenant, version, created_at, health_since, document) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO NOTHING"
    } else {
        "UPDATE webhooks SET version = ?3, health_since = ?5, document = ?6
         WHERE id = ?1 AND tenant = ?2 AND version = ?3 - 1"
    };
    let statement = query(sql)
        .bind(webhook.id.as_bytes().to_vec())
        .bind(i64::from(webhook.tenant.get()))
        .bind(version)
        .bind(webhook.created_at.as_millis())
        .bind(webhook.health_since.as_millis())
        .bind(documents::text(&webhook)?);
    let current = query("SELECT 1 FROM webhooks WHERE id = ? AND tenant = ?")
        .bind(webhook.id.as_bytes().to_vec())
        .bind(i64::from(webhook.tenant.get()));
    must_put(db, version, statement, current).await?;
    health::count_since(db, webhook.tenant, webhook.id, webhook.health_since).await?;
    Ok(is(Entry::Webhook(webhook)))
}

/// [`StoreError::Conflict`] if the first version of `webhook` would not be its tenant's only one of its profile.
async fn refuse_second_of_profile(db: &mut SqliteConnection, webhook: &Webhook) -> Result<(), StoreError> {
    let sql = "SELECT 1 FROM webhooks WHERE tenant = ? AND json_extract(document, '$.profile') = ?";
    let other = query(sql)
        .bind(i64::from(webhook.tenant.get()))
        .bind(webhook.profile.as_str())
        .fetch_optional(db)
        .await
        .map_err(failed)?;
    if webhook.version == 1 && other.is_some() { Err(StoreError::Conflict) } else { Ok(()) }
}

async fn delete_webhook(
    db: &mut SqliteConnection,
    tenant: TenantNumber,
    id: WebhookId,
) -> Result<Vec<Write>, StoreError> {
    let statement = query("DELETE FROM webhooks WHERE id = ? AND tenant = ?")
        .bind(id.as_bytes().to_vec())
        .bind(i64::from(tenant.get()));
    must_change(db, statement, StoreError::NotFound).await?;
    cancel_replays(db, tenant, Some(id)).await?;
    Ok(vec![is_gone(EntryKey::Webhook(id))])
}

async fn put_event_type(db: &mut SqliteConnection, entry: EventTypeEntry) -> Result<Vec<Write>, StoreError> {
    tenant_must_exist(db, entry.tenant).await?;
    let version = version(entry.version)?;
    let sql = if version == 1 {
        "INSERT INTO event_types (tenant, name, version, created_at, document) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING"
    } else {
        "UPDATE event_types SET version = ?3, document = ?5 WHERE tenant = ?1 AND name = ?2 AND version = ?3 - 1"
    };
    let statement = query(sql)
        .bind(i64::from(entry.tenant.get()))
        .bind(entry.name.as_str())
        .bind(version)
        .bind(entry.created_at.as_millis())
        .bind(documents::text(&entry)?);
    let current = query("SELECT 1 FROM event_types WHERE tenant = ? AND name = ?")
        .bind(i64::from(entry.tenant.get()))
        .bind(entry.name.as_str());
    must_put(db, version, statement, current).await?;
    Ok(is(Entry::EventType(entry)))
}

async fn delete_event_type(
    db: &mut SqliteConnection,
    tenant: TenantNumber,
    name: String,
) -> Result<Vec<Write>, StoreError> {
    let statement = query("DELETE FROM event_types WHERE tenant = ? AND name = ?")
        .bind(i64::from(tenant.get()))
        .bind(name.as_str());
    must_change(db, statement, StoreError::NotFound).await?;
    Ok(vec![is_gone(EntryKey::EventType(tenant, name))])
}

async fn put_api_key(db: &mut SqliteConnection, key: ApiKey) -> Result<Vec<Write>, StoreError> {
    if let Some(tenant) = key.tenant {
        tenant_must_exist(db, tenant).await?;
    }
    let statement = query(
        "INSERT INTO api_keys (id, tenant, hash, created_at, document) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(key.id.as_bytes().to_vec())
    .bind(key.tenant.map(|tenant| i64::from(tenant.get())))
    .bind(key.hash.to_vec())
    .bind(key.created_at.as_millis())
    .bind(documents::text(&key)?);
    must_change(db, statement, StoreError::Conflict).await?;
    Ok(is(Entry::ApiKey(key)))
}

async fn delete_api_key(db: &mut SqliteConnection, id: KeyId) -> Result<Vec<Write>, StoreError> {
    let statement = query("DELETE FROM api_keys WHERE id = ?").bind(id.as_bytes().to_vec());
    must_change(db, statement, StoreError::NotFound).await?;
    Ok(vec![is_gone(EntryKey::ApiKey(id))])
}

/// Adds to what the directory has not been told yet.
async fn tell(db: &mut SqliteConnection, writes: &[Write]) -> Result<(), StoreError> {
    let mut items = Vec::with_capacity(writes.len());
    for Write { key, entry } in writes {
        items.push((documents::text(key)?, entry.as_ref().map(documents::text).transpose()?));
    }
    query(
        "INSERT INTO outbox (key, entry)
         SELECT item.value ->> 0, item.value ->> 1 FROM json_each(?) AS item ORDER BY item.key",
    )
    .bind(documents::text(&items)?)
    .execute(db)
    .await
    .map_err(failed)?;
    Ok(())
}
