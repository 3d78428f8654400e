//! Who has signed in to the dashboard or a portal, and the links that let somebody in once.

use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::ids::TenantNumber;
use fanfare_domain::tenant::KeyHash;
use fanfare_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// The SHA-256 of the secret that its holder has; the secret itself is not kept.
pub type PassHash = [u8; 32];

/// What whoever holds a pass may do within a portal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// See everything of the tenant.
    #[default]
    Read,
    /// Manage its webhooks and deliveries, too.
    Manage,
}

/// What a pass stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// An API key, or the operator's: what it may do, and only for as long as it is known.
    Key(KeyHash),
    /// One tenant's portal.
    Portal {
        /// Which tenant.
        tenant: TenantNumber,
        /// What may be done there.
        access: Access,
        /// Whom it was given to, for the audit log.
        name: Option<String>,
    },
}

impl Grant {
    /// The tenant whose portal it opens.
    #[must_use]
    pub const fn portal_of(&self) -> Option<TenantNumber> {
        match self {
            Self::Key(_) => None,
            Self::Portal { tenant, .. } => Some(*tenant),
        }
    }
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who holds it.
    pub grant: Grant,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A link that opens one session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Who will hold the session.
    pub grant: Grant,
    /// Until when it can be followed.
    pub expires_at: Timestamp,
    /// How long the session lasts.
    pub session: Duration,
}

/// Sessions and links. What has expired is as good as gone.
#[async_trait]
pub trait Sessions: Send + Sync + 'static {
    /// Keeps a link under the hash of its secret.
    async fn put_link(&self, hash: &PassHash, link: &Link) -> Result<(), StoreError>;
    /// Takes a link away, so that whoever gets it is the only one.
    async fn take_link(&self, hash: &PassHash, now: Timestamp) -> Result<Option<Link>, StoreError>;
    /// Keeps a session under the hash of its secret.
    async fn put_session(&self, hash: &PassHash, session: &Session) -> Result<(), StoreError>;
    /// The session of this secret.
    async fn session(&self, hash: &PassHash, now: Timestamp) -> Result<Option<Session>, StoreError>;
    /// Ends a session.
    async fn end_session(&self, hash: &PassHash) -> Result<(), StoreError>;
    /// Ends all sessions of a tenant's portal, and its links.
    async fn end_portal(&self, tenant: TenantNumber) -> Result<(), StoreError>;
    /// Forgets what has expired.
    async fn forget_expired(&self, now: Timestamp) -> Result<(), StoreError>;
}
