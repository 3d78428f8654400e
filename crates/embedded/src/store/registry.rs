//! Configuration: reading it, and the door to changing it.

use async_trait::async_trait;
use fanfare_domain::ids::{TenantId, TenantNumber, WebhookId};
use fanfare_domain::tenant::{ApiKey, EventTypeEntry, Tenant};
use fanfare_domain::webhook::Webhook;
use fanfare_ports::store::{AuditEntry, Change, Page, PageRequest, Registry, StoreError};
use sqlx::{query, query_scalar};

use super::documents::{self, DocumentList};
use super::{SqliteStore, changes, failed, lists, removal, rows};

const TENANTS: DocumentList =
    DocumentList { table: "tenants", time: "created_at", key: "format('%010d', number)", kind: lists::TENANTS };
const WEBHOOKS: DocumentList = DocumentList { table: "webhooks", time: "created_at", key: "id", kind: lists::WEBHOOKS };
const EVENT_TYPES: DocumentList =
    DocumentList { table: "event_types", time: "created_at", key: "name", kind: lists::EVENT_TYPES };
const API_KEYS: DocumentList = DocumentList { table: "api_keys", time: "created_at", key: "id", kind: lists::API_KEYS };
const AUDIT: DocumentList =
    DocumentList { table: "audit", time: "at", key: "format('%019d', sequence)", kind: lists::AUDIT };

#[async_trait]
impl Registry for SqliteStore {
    async fn next_tenant_number(&self) -> Result<TenantNumber, StoreError> {
        let number: i64 = self
            .database
            .write(|db| {
                Box::pin(async move {
                    let number = query_scalar("INSERT INTO tenant_numbers DEFAULT VALUES RETURNING number")
                        .fetch_one(&mut *db)
                        .await
                        .map_err(failed)?;
                    query("DELETE FROM tenant_numbers WHERE number < ?")
                        .bind(number)
                        .execute(db)
                        .await
                        .map_err(failed)?;
                    Ok::<i64, StoreError>(number)
                })
            })
            .await?;
        rows::tenant(number)
    }

    async fn change(&self, change: Change, audit: AuditEntry) -> Result<(), StoreError> {
        self.database.write(move |db| Box::pin(async move { changes::apply(db, change, &audit).await })).await
    }

    async fn note(&self, audit: AuditEntry) -> Result<(), StoreError> {
        self.database.write(move |db| Box::pin(async move { changes::note(db, &audit).await })).await
    }

    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, StoreError> {
        let document: Option<String> = query_scalar("SELECT document FROM tenants WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(self.database.read())
            .await
            .map_err(failed)?;
        document.map(|text| documents::read("tenants", &text)).transpose()
    }

    async fn tenant_numbered(&self, number: TenantNumber) -> Result<Option<Tenant>, StoreError> {
        let document: Option<String> = query_scalar("SELECT document FROM tenants WHERE number = ?")
            .bind(i64::from(number.get()))
            .fetch_optional(self.database.read())
            .await
            .map_err(failed)?;
        document.map(|text| documents::read("tenants", &text)).transpose()
    }

    async fn tenants(&self, page: PageRequest) -> Result<Page<Tenant>, StoreError> {
        TENANTS.page(self.database.read(), None, &page).await
    }

    async fn webhook(&self, tenant: TenantNumber, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        let document: Option<String> = query_scalar("SELECT document FROM webhooks WHERE id = ? AND tenant = ?")
            .bind(id.as_bytes().to_vec())
            .bind(i64::from(tenant.get()))
            .fetch_optional(self.database.read())
            .await
            .map_err(failed)?;
        document.map(|text| documents::read("webhooks", &text)).transpose()
    }

    async fn webhooks(&self, tenant: TenantNumber, page: PageRequest) -> Result<Page<Webhook>, StoreError> {
        WEBHOOKS.page(self.database.read(), Some(tenant), &page).await
    }

    async fn event_type(&self, tenant: TenantNumber, name: &str) -> Result<Option<EventTypeEntry>, StoreError> {
        let document: Option<String> = query_scalar("SELECT document FROM event_types WHERE tenant = ? AND name = ?")
            .bind(i64::from(tenant.get()))
            .bind(name)
            .fetch_optional(self.database.read())
            .await
            .map_err(failed)?;
        document.map(|text| documents::read("event_types", &text)).transpose()
    }

    async fn event_types(&self, tenant: TenantNumber, page: PageRequest) -> Result<Page<EventTypeEntry>, StoreError> {
        EVENT_TYPES.page(self.database.read(), Some(tenant), &page).await
    }

    async fn api_keys(&self, page: PageRequest) -> Result<Page<ApiKey>, StoreError> {
        API_KEYS.page(self.database.read(), None, &page).await
    }

    async fn audit(&self, page: PageRequest) -> Result<Page<AuditEntry>, StoreError> {
        AUDIT.page(self.database.read(), None, &page).await
    }

    async fn erasures(&self) -> Result<Vec<TenantNumber>, StoreError> {
        let numbers: Vec<i64> = query_scalar("SELECT tenant FROM erasures WHERE erased = 0 ORDER BY tenant")
            .fetch_all(self.database.read())
            .await
            .map_err(failed)?;
        numbers.into_iter().map(rows::tenant).collect()
    }

    async fn erase(&self, tenant: TenantNumber, limit: u32) -> Result<bool, StoreError> {
        self.database.write(move |db| Box::pin(async move { removal::erase(db, tenant, limit).await })).await
    }

    async fn erased(&self, tenant: TenantNumber) -> Result<(), StoreError> {
        self.database
            .write(move |db| {
                Box::pin(async move {
                    query("UPDATE erasures SET erased = 1 WHERE tenant = ?")
                        .bind(i64::from(tenant.get()))
                        .execute(db)
                        .await
                        .map_err(failed)?;
                    Ok(())
                })
            })
            .await
    }
}
