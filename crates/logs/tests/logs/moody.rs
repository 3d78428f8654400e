//! A store that goes away, or finds its webhooks damaged, when a test says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::ids::{TenantId, TenantNumber, WebhookId};
use fanfare_domain::journal::JournalRecord;
use fanfare_domain::tenant::{ApiKey, EventTypeEntry, Tenant};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::Webhook;
use fanfare_embedded::SqliteStore;
use fanfare_ports::store::{AuditEntry, Change, Ledger, Page, PageRequest, Recorded, Registry, StoreError};

pub(crate) struct Moody {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) away: AtomicBool,
    pub(crate) damaged: AtomicBool,
    /// Done once, right after a webhook was read: somebody else's change.
    pub(crate) meanwhile: std::sync::Mutex<Option<(Change, AuditEntry)>>,
    /// How often writing was tried.
    pub(crate) tries: AtomicUsize,
}

impl Moody {
    pub(crate) fn of(store: Arc<SqliteStore>) -> Arc<Self> {
        let (away, damaged, meanwhile, tries) = Default::default();
        Arc::new(Self { store, away, damaged, meanwhile, tries })
    }
}

#[async_trait]
impl Ledger for Moody {
    async fn record(&self, records: &[JournalRecord]) -> Result<Recorded, StoreError> {
        self.tries.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("away".into()));
        }
        self.store.record(records).await
    }

    async fn maintain(&self, now: Timestamp, keep: Duration) -> Result<(), StoreError> {
        self.store.maintain(now, keep).await
    }
}

#[async_trait]
impl Registry for Moody {
    async fn next_tenant_number(&self) -> Result<TenantNumber, StoreError> {
        self.store.next_tenant_number().await
    }

    async fn change(&self, change: Change, audit: AuditEntry) -> Result<(), StoreError> {
        self.store.change(change, audit).await
    }

    async fn note(&self, audit: AuditEntry) -> Result<(), StoreError> {
        self.store.note(audit).await
    }

    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, StoreError> {
        self.store.tenant(id).await
    }

    async fn tenant_numbered(&self, number: TenantNumber) -> Result<Option<Tenant>, StoreError> {
        self.store.tenant_numbered(number).await
    }

    async fn tenants(&self, page: PageRequest) -> Result<Page<Tenant>, StoreError> {
        self.store.tenants(page).await
    }

    async fn webhook(&self, tenant: TenantNumber, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        if self.damaged.load(Ordering::SeqCst) {
            return Err(StoreError::Damaged(id.to_string()));
        }
        let found = self.store.webhook(tenant, id).await;
        let meanwhile = self.meanwhile.lock().expect("no panic").take();
        if let Some((change, audit)) = meanwhile {
            self.store.change(change, audit).await?;
        }
        found
    }

    async fn webhooks(&self, tenant: TenantNumber, page: PageRequest) -> Result<Page<Webhook>, StoreError> {
        self.store.webhooks(tenant, page).await
    }

    async fn event_type(&self, tenant: TenantNumber, name: &str) -> Result<Option<EventTypeEntry>, StoreError> {
        self.store.event_type(tenant, name).await
    }

    async fn event_types(&self, tenant: TenantNumber, page: PageRequest) -> Result<Page<EventTypeEntry>, StoreError> {
        self.store.event_types(tenant, page).await
    }

    async fn api_keys(&self, page: PageRequest) -> Result<Page<ApiKey>, StoreError> {
        self.store.api_keys(page).await
    }

    async fn audit(&self, page: PageRequest) -> Result<Page<AuditEntry>, StoreError> {
        self.store.audit(page).await
    }

    async fn erasures(&self) -> Result<Vec<TenantNumber>, StoreError> {
        self.store.erasures().await
    }

    async fn erase(&self, tenant: TenantNumber, limit: u32) -> Result<bool, StoreError> {
        self.store.erase(tenant, limit).await
    }

    async fn erased(&self, tenant: TenantNumber) -> Result<(), StoreError> {
        self.store.erased(tenant).await
    }
}
