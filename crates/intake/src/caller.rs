//! Who calls.

use fanfare_domain::ids::{KeyId, TenantNumber};
use fanfare_domain::tenant::{KeyHash, Scope};

use crate::accepting::Intake;
use crate::error::{Code, Unavailability};
use crate::key::hash_key;

/// Whoever holds the key that came with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// An operator, who may act for every tenant.
    Operator {
        /// What the key may do.
        scope: Scope,
        /// The API key; `None` is the configured key.
        key: Option<KeyId>,
    },
    /// A tenant.
    Tenant {
        /// Which.
        tenant: TenantNumber,
        /// What the key may do.
        scope: Scope,
        /// The API key.
        key: KeyId,
    },
}

impl Caller {
    /// What the key may do.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        match self {
            Self::Operator { scope, .. } | Self::Tenant { scope, .. } => *scope,
        }
    }

    /// Whether this is an operator.
    #[must_use]
    pub const fn is_operator(&self) -> bool {
        matches!(self, Self::Operator { .. })
    }
}

/// Why it is not known who calls.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No key was sent.
    #[error("no key was sent: it travels as `authorization: Bearer …`")]
    Missing,
    /// Nobody has this key, or no longer.
    #[error("key is not known")]
    Unknown,
    /// Keys cannot be looked up now.
    #[error("{0}")]
    Unavailable(Unavailability),
}

impl AuthError {
    /// What the caller is told.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Missing | Self::Unknown => Code::Unauthenticated,
            Self::Unavailable(_) => Code::Unavailable,
        }
    }
}

impl Intake {
    /// Finds out who calls, from the key that came behind `Bearer ` (see [`crate::bearer_token`]). The configured operator's
    /// key is recognised at any time; other keys only while the directory is up to date. A deleted tenant's keys are
    /// unknown, whether or not they are gone already.
    ///
    /// # Errors
    /// [`AuthError`] if there is no key, it is not known, or keys cannot be looked up now.
    pub async fn authenticate(&self, token: Option<&str>) -> Result<Caller, AuthError> {
        let token = token.filter(|token| !token.is_empty()).ok_or(AuthError::Missing)?;
        self.authenticate_hash(hash_key(token)).await
    }

    /// The same for a key whose hash was kept, as that of whoever has signed in.
    ///
    /// # Errors
    /// [`AuthError`] if the key is not known any more, or keys cannot be looked up now.
    pub async fn authenticate_hash(&self, hash: KeyHash) -> Result<Caller, AuthError> {
        if self.operator.matches(&hash) {
            return Ok(Caller::Operator { scope: Scope::All, key: None });
        }
        self.be_current().await.map_err(AuthError::Unavailable)?;
        // Looking up the hash of 256 random bits tells nothing by the time it takes.
        let key = self.catalogue.key(&hash).ok_or(AuthError::Unknown)?;
        match key.tenant {
            None => Ok(Caller::Operator { scope: key.scope, key: Some(key.id) }),
            Some(tenant) if self.catalogue.tenant(tenant).is_some() => {
                Ok(Caller::Tenant { tenant, scope: key.scope, key: key.id })
            }
            Some(_) => Err(AuthError::Unknown),
        }
    }
}
