//! Configuration, who changed it, and what is erased of deleted tenants.

mod change;
mod erasure;
mod lists;

use async_trait::async_trait;
use fanfare_domain::ids::{TenantId, TenantNumber, WebhookId};
use fanfare_domain::tenant::{ApiKey, EventTypeEntry, Tenant};
use fanfare_domain::webhook::Webhook;
use fanfare_ports::store::{AuditEntry, Change, Page, PageRequest, Registry, StoreError};
use sqlx::PgConnection;

use crate::connection::PostgresStore;
use crate::failure::failure;
use crate::rows::text::escape;
use crate::rows::{document, read_document, tenant_column, tenant_number, uuid};

/// Changes are made one after the other, so that the outbox is in the order in which they take effect.
const LOCK_OF_CHANGES: i64 = 0x6661_6e66_0001;

/// Makes a change, its line in the audit log and what it tells the directory, in the caller's transaction.
pub(crate) async fn make(transaction: &mut PgConnection, change: Change, audit: &AuditEntry) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK_OF_CHANGES)
        .execute(&mut *transaction)
        .await
        .map_err(failure)?;
    let writes = change::make(transaction, change).await?;
    note(transaction, audit).await?;
    crate::outbox::add(transaction, &writes).await
}

async fn note(connection: &mut PgConnection, audit: &AuditEntry) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO audit (document) VALUES ($1)")
        .bind(document(audit)?)
        .execute(connection)
        .await
        .map_err(failure)?;
    Ok(())
}

#[async_trait]
impl Registry for PostgresStore {
    async fn next_tenant_number(&self) -> Result<TenantNumber, StoreError> {
        let number: i64 =
            sqlx::query_scalar("SELECT nextval('tenant_numbers')").fetch_one(&self.pool).await.map_err(failure)?;
        let number = u32::try_from(number).map_err(|_| StoreError::Damaged(format!("tenant number {number}")))?;
        Ok(TenantNumber::new(number))
    }

    async fn change(&self, change: Change, audit: AuditEntry) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await.map_err(failure)?;
        make(&mut transaction, change, &audit).await?;
        transaction.commit().await.map_err(failure)
    }

    async fn note(&self, audit: AuditEntry) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await.map_err(failure)?;
        note(&mut connection, &audit).await
    }

    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, StoreError> {
        let found: Option<String> = sqlx::query_scalar("SELECT document FROM tenants WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(failure)?;
        found.map(|text| read_document(&format!("tenant {id}"), &text)).transpose()
    }

    async fn tenant_numbered(&self, number: TenantNumber) -> Result<Option<Tenant>, StoreError> {
        let found: Option<String> = sqlx::query_scalar("SELECT document FROM tenants WHERE number = $1")
            .bind(tenant_column(number))
            .fetch_optional(&self.pool)
            .await
            .map_err(failure)?;
        found.map(|text| read_document(&format!("tenant number {}", number.get()), &text)).transpose()
    }

    async fn tenants(&self, page: PageRequest) -> Result<Page<Tenant>, StoreError> {
        lists::tenants(&self.pool, &page).await
    }

    async fn webhook(&self, tenant: TenantNumber, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        let found: Option<String> = sqlx::query_scalar("SELECT document FROM webhooks WHERE id = $1 AND tenant = $2")
            .bind(uuid(id.as_bytes()))
            .bind(tenant_column(tenant))
            .fetch_optional(&self.pool)
            .await
            .map_err(failure)?;
        found.map(|text| read_document(&format!("webhook {id}"), &text)).transpose()
    }

    async fn webhooks(&self, tenant: TenantNumber, page: PageRequest) -> Result<Page<Webhook>, StoreError> {
        lists::webhooks(&self.pool, tenant, &page).await
    }

    async fn event_type(&self, tenant: TenantNumber, name: &str) -> Result<Option<EventTypeEntry>, StoreError> {
        let found: Option<String> =
            sqlx::query_scalar("SELECT document FROM event_types WHERE tenant = $1 AND name = $2")
                .bind(tenant_column(tenant))
                .bind(escape(name))
                .fetch_optional(&self.pool)
                .await
                .map_err(failure)?;
        found.map(|text| read_document(&format!("event type {name}"), &text)).transpose()
    }

    async fn event_types(&self, tenant: TenantNumber, page: PageRequest) -> Result<Page<EventTypeEntry>, StoreError> {
        lists::event_types(&self.pool, tenant, &page).await
    }

    async fn api_keys(&self, page: PageRequest) -> Result<Page<ApiKey>, StoreError> {
        lists::api_keys(&self.pool, &page).await
    }

    async fn audit(&self, page: PageRequest) -> Result<Page<AuditEntry>, StoreError> {
        lists::audit(&self.pool, &page).await
    }

    async fn erasures(&self) -> Result<Vec<TenantNumber>, StoreError> {
        let numbers: Vec<i32> = sqlx::query_scalar("SELECT tenant FROM erasures WHERE NOT done ORDER BY tenant")
            .fetch_all(&self.pool)
            .await
            .map_err(failure)?;
        Ok(numbers.into_iter().map(tenant_number).collect())
    }

    async fn erase(&self, tenant: TenantNumber, limit: u32) -> Result<bool, StoreError> {
        erasure::erase(&self.pool, tenant, limit).await
    }

    async fn erased(&self, tenant: TenantNumber) -> Result<(), StoreError> {
        sqlx::query("UPDATE erasures SET done = true WHERE tenant = $1")
            .bind(tenant_column(tenant))
            .execute(&self.pool)
            .await
            .map_err(failure)?;
        Ok(())
    }
}
