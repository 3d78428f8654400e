//! Configuration, who changed it, and what of it the directory has not been told yet.

use async_trait::async_trait;
use fanfare_domain::ids::{KeyId, TenantId, TenantNumber, WebhookId};
use fanfare_domain::tenant::{ApiKey, EventTypeEntry, Tenant};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::Webhook;
use serde::{Deserialize, Serialize};

use super::{Page, PageRequest, StoreError};
use crate::directory::Write;

/// A change of the configuration. Each also enters the audit log and the outbox, in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A tenant is made (`version` 1; [`StoreError::Conflict`] if its id is taken) or changed (the stored version must be one
    /// less, else [`StoreError::Conflict`]).
    PutTenant(Tenant),
    /// A tenant goes, with its webhooks, keys and event types; the outbox tells each. What happened is erased later.
    DeleteTenant(TenantNumber),
    /// Like [`Self::PutTenant`]. A webhook of a tenant that is gone is [`StoreError::NotFound`].
    PutWebhook(Box<Webhook>),
    /// Like [`Self::PutWebhook`]; a first version is [`StoreError::Conflict`] also if its tenant has a webhook of the same
    /// profile already.
    PutOnlyWebhook(Box<Webhook>),
    /// A webhook goes. Its deliveries stay to be seen.
    DeleteWebhook(TenantNumber, WebhookId),
    /// Like [`Self::PutTenant`].
    PutEventType(EventTypeEntry),
    /// An event type goes: tenant and name.
    DeleteEventType(TenantNumber, String),
    /// An API key is made.
    PutApiKey(ApiKey),
    /// An API key goes.
    DeleteApiKey(KeyId),
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The operator's key of the settings.
    Operator,
    /// An API key.
    Key(KeyId),
    /// Somebody in a tenant's portal: whom the link was given to, if it said so.
    Portal(Option<String>),
    /// Fanfare itself, such as a disable rule.
    Fanfare,
}

/// A line of the audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What, such as `webhook.create`.
    pub action: String,
    /// Whose configuration.
    pub tenant: Option<TenantId>,
    /// Of what, such as the webhook's id.
    pub target: String,
    /// Which fields were changed; names, never values.
    pub fields: Vec<String>,
}

/// A change that the directory may not have been told yet.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxItem {
    /// Its place in the order of changes.
    pub sequence: i64,
    /// What to write.
    pub write: Write,
}

/// The configuration's own store.
#[async_trait]
pub trait Registry: Send + Sync + 'static {
    /// A tenant number that was never given out before.
    async fn next_tenant_number(&self) -> Result<TenantNumber, StoreError>;

    /// Makes a change, its line in the audit log and what it tells the directory, all or nothing.
    async fn change(&self, change: Change, audit: AuditEntry) -> Result<(), StoreError>;
    /// Adds a line to the audit log, for what changes no configuration.
    async fn note(&self, audit: AuditEntry) -> Result<(), StoreError>;

    /// The tenant of this name.
    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, StoreError>;
    /// The tenant of this number.
    async fn tenant_numbered(&self, number: TenantNumber) -> Result<Option<Tenant>, StoreError>;
    /// All tenants, newest first.
    async fn tenants(&self, page: PageRequest) -> Result<Page<Tenant>, StoreError>;
    /// A tenant's webhook.
    async fn webhook(&self, tenant: TenantNumber, id: WebhookId) -> Result<Option<Webhook>, StoreError>;
    /// A tenant's webhooks, newest first.
    async fn webhooks(&self, tenant: TenantNumber, page: PageRequest) -> Result<Page<Webhook>, StoreError>;
    /// A tenant's event type.
    async fn event_type(&self, tenant: TenantNumber, name: &str) -> Result<Option<EventTypeEntry>, StoreError>;
    /// A tenant's event types, newest first.
    async fn event_types(&self, tenant: TenantNumber, page: PageRequest) -> Result<Page<EventTypeEntry>, StoreError>;
    /// All API keys, newest first.
    async fn api_keys(&self, page: PageRequest) -> Result<Page<ApiKey>, StoreError>;
    /// The audit log, newest first.
    async fn audit(&self, page: PageRequest) -> Result<Page<AuditEntry>, StoreError>;

    /// Numbers of deleted tenants of which something may be left.
    async fn erasures(&self) -> Result<Vec<TenantNumber>, StoreError>;
    /// Erases up to `limit` rows of what happened to a deleted tenant. True if nothing is left.
    async fn erase(&self, tenant: TenantNumber, limit: u32) -> Result<bool, StoreError>;
    /// Notes that nothing of a deleted tenant is left anywhere.
    async fn erased(&self, tenant: TenantNumber) -> Result<(), StoreError>;
}

/// What the directory has not been told yet, in order.
#[async_trait]
pub trait Outbox: Send + Sync + 'static {
    /// Up to `limit` of the oldest items, kept from other processes for some seconds or until [`Self::told`]; empty if
    /// another process is at it. The order of changes is kept: nobody tells a later item before an earlier one is told.
    async fn untold(&self, holder: &str, limit: u32) -> Result<Vec<OutboxItem>, StoreError>;
    /// Removes the items up to `sequence` that `holder` was given, and lets others go on.
    async fn told(&self, holder: &str, sequence: i64) -> Result<(), StoreError>;
    /// Current configuration, whole: what a new, empty directory must be told.
    async fn everything(&self) -> Result<Vec<Write>, StoreError>;
}
