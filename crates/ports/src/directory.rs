//! The configuration that the path of an event needs, where every service can follow it.

use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

use fanfare_domain::ids::{KeyId, TenantNumber, WebhookId};
use fanfare_domain::tenant::{ApiKey, EventTypeEntry, Tenant};
use fanfare_domain::webhook::Webhook;

use crate::Cause;

/// The name of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EntryKey {
    /// A tenant.
    Tenant(TenantNumber),
    /// A webhook.
    Webhook(WebhookId),
    /// An API key.
    ApiKey(KeyId),
    /// A described event type: tenant and name.
    EventType(TenantNumber, String),
}

/// An entry's content. Unknown members are passed over, so that the version before can read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Entry {
    /// A tenant.
    Tenant(Tenant),
    /// A webhook.
    Webhook(Box<Webhook>),
    /// An API key.
    ApiKey(ApiKey),
    /// A described event type.
    EventType(EventTypeEntry),
}

impl Entry {
    /// The entry's name.
    #[must_use]
    pub fn key(&self) -> EntryKey {
        match self {
            Self::Tenant(tenant) => EntryKey::Tenant(tenant.number),
            Self::Webhook(webhook) => EntryKey::Webhook(webhook.id),
            Self::ApiKey(key) => EntryKey::ApiKey(key.id),
            Self::EventType(entry) => EntryKey::EventType(entry.tenant, entry.name.as_str().to_owned()),
        }
    }
}

/// What an entry is from now on.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// The entry's name.
    pub key: EntryKey,
    /// Its content; `None` if it is gone.
    pub entry: Option<Entry>,
}

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// An entry is so from this revision on.
    Changed {
        /// The directory's revision.
        revision: u64,
        /// What it is.
        write: Write,
    },
    /// All entries that there were have been told; what follows is news. `revision` is the directory's at that moment.
    CaughtUp {
        /// The directory's revision.
        revision: u64,
    },
}

/// The directory cannot be reached or did not answer, or what it holds cannot be read here.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// Try again.
    #[error("directory is unavailable")]
    Unavailable(#[source] Cause),
    /// It is missing.
    #[error("directory is not set up: {0}; run `fanfare migrate`")]
    NotSetUp(String),
}

/// Current entries by name. Changes have one order, counted by revisions.
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// Writes entries in order. Writing the same again is harmless. The outbox sees to it that nothing older follows.
    async fn write(&self, writes: &[Write]) -> Result<(), DirectoryError>;

    /// All entries, then [`Notice::CaughtUp`], then changes in order. Ends with an error when it may have missed something;
    /// watch again then, and take what is not told before `CaughtUp` as gone. An entry that this version cannot read is
    /// logged and passed over.
    async fn watch(&self) -> Result<BoxStream<'static, Result<Notice, DirectoryError>>, DirectoryError>;

    /// The entry, as the leader has it; `None` is gone.
    async fn get(&self, key: &EntryKey) -> Result<Option<Entry>, DirectoryError>;

    /// The leader's revision: that of the last change, of any entry.
    async fn revision(&self) -> Result<u64, DirectoryError>;

    /// How long a change may take to be in force everywhere. Zero means: a reader asks for [`Self::revision`] each time.
    fn freshness(&self) -> Duration;
}
