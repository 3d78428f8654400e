//! Who may do what: what a request's key or session and its `Fanfare-Tenant` header come to.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use fanfare_domain::ids::TenantId;
use fanfare_domain::tenant::{Scope, Tenant};
use fanfare_intake::{AuthError, Caller, bearer_token};
use fanfare_ports::store::{Access, Actor, Grant};
use http::request::Parts;
use http::{HeaderMap, header};

use crate::context::{Context, Shared};
use crate::problem::Problem;
use crate::sessions;

/// The header by which an operator names the tenant.
pub(crate) const TENANT_HEADER: &str = "fanfare-tenant";

/// Somebody who may do everything within one tenant, or see everything.
pub(crate) struct Member {
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) actor: Actor,
    in_portal: bool,
}

/// Somebody who may do everything.
pub(crate) struct Operator {
    pub(crate) actor: Actor,
}

/// Somebody who may publish.
pub(crate) struct Publisher {
    pub(crate) caller: Caller,
    /// The tenant that the header names.
    pub(crate) tenant: Option<String>,
}

/// What somebody asks about: one tenant, or, if an operator names none, all.
pub(crate) struct Asked {
    pub(crate) tenant: Option<Arc<Tenant>>,
}

/// Somebody who is known, by whatever.
pub(crate) enum Known {
    /// By an API key, or by a session that stands for one.
    Key(Caller),
    /// By a session in a tenant's portal.
    Portal {
        /// Which tenant.
        tenant: Arc<Tenant>,
        /// What may be done there.
        access: Access,
        /// Whom it was given to.
        name: Option<String>,
    },
}

impl Member {
    /// Refuses what portals only show: it belongs to whoever runs the tenant's publishers.
    pub(crate) fn not_in_portal(&self) -> Result<(), Problem> {
        if self.in_portal {
            return Err(Problem::forbidden("a portal shows this and does not change it"));
        }
        Ok(())
    }
}

impl FromRequestParts<Shared> for Member {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let named = named_tenant(&parts.headers)?;
        match known(parts, shared).await? {
            Known::Key(caller) => {
                with_all_rights(&caller)?;
                let tenant = tenant_of(&caller, named, shared).await?;
                Ok(Self { tenant, actor: actor(&caller), in_portal: false })
            }
            Known::Portal { tenant, access, name } => {
                refuse_other(named, &tenant)?;
                if access == Access::Read && !parts.method.is_safe() {
                    return Err(Problem::forbidden("this portal shows and changes nothing"));
                }
                Ok(Self { tenant, actor: Actor::Portal(name), in_portal: true })
            }
        }
    }
}

impl FromRequestParts<Shared> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        match known(parts, shared).await? {
            Known::Key(caller) => {
                with_all_rights(&caller)?;
                if !caller.is_operator() {
                    return Err(Problem::forbidden("this takes an operator's key; yours is a tenant's"));
                }
                Ok(Self { actor: actor(&caller) })
            }
            Known::Portal { .. } => Err(Problem::forbidden("this takes an operator; a portal is for one tenant")),
        }
    }
}

impl FromRequestParts<Shared> for Publisher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let Known::Key(caller) = known(parts, shared).await? else {
            return Err(Problem::forbidden("events are published with an API key, not from a portal"));
        };
        let tenant = named_tenant(&parts.headers)?.map(ToOwned::to_owned);
        if caller.is_operator() && tenant.is_none() {
            return Err(tenant_missing());
        }
        Ok(Self { caller, tenant })
    }
}

impl FromRequestParts<Shared> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let named = named_tenant(&parts.headers)?;
        match known(parts, shared).await? {
            Known::Key(caller) => {
                with_all_rights(&caller)?;
                if caller.is_operator() && named.is_none() {
                    return Ok(Self { tenant: None });
                }
                Ok(Self { tenant: Some(tenant_of(&caller, named, shared).await?) })
            }
            Known::Portal { tenant, .. } => {
                refuse_other(named, &tenant)?;
                Ok(Self { tenant: Some(tenant) })
            }
        }
    }
}

/// Whoever asks: by the key that came along, else by the session.
async fn known(parts: &Parts, shared: &Context) -> Result<Known, Problem> {
    let Some(given) = parts.headers.get(header::AUTHORIZATION) else {
        let session = sessions::of_request(parts, shared).await?.ok_or(AuthError::Missing)?;
        return of_grant(session.grant, shared).await;
    };
    let token = given.to_str().ok().and_then(bearer_token);
    Ok(Known::Key(shared.intake.authenticate(token).await?))
}

/// Whoever holds a session.
pub(crate) async fn of_grant(grant: Grant, shared: &Context) -> Result<Known, Problem> {
    let ended = || Problem::unauthorized("the session has ended with what it stood for: sign in again");
    match grant {
        Grant::Key(hash) => match shared.intake.authenticate_hash(hash).await {
            Ok(caller) => Ok(Known::Key(caller)),
            Err(AuthError::Unknown) => Err(ended()),
            Err(error) => Err(error.into()),
        },
        Grant::Portal { tenant, access, name } => {
            let tenant = shared.catalogue.tenant(tenant).ok_or_else(ended)?;
            Ok(Known::Portal { tenant, access, name })
        }
    }
}

fn with_all_rights(caller: &Caller) -> Result<(), Problem> {
    match caller.scope() {
        Scope::All => Ok(()),
        Scope::Publish => Err(Problem::forbidden("this key may publish events and nothing else")),
    }
}

fn actor(caller: &Caller) -> Actor {
    match caller {
        Caller::Operator { key: None, .. } => Actor::Operator,
        Caller::Operator { key: Some(key), .. } | Caller::Tenant { key, .. } => Actor::Key(*key),
    }
}

fn named_tenant(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let named = headers.get(TENANT_HEADER).map(|value| value.to_str());
    named.transpose().map_err(|_| Problem::bad_request("the header Fanfare-Tenant is not a tenant's id"))
}

fn tenant_missing() -> Problem {
    Problem::bad_request("an operator's key belongs to no tenant: name one by the header Fanfare-Tenant")
}

fn refuse_other(named: Option<&str>, tenant: &Tenant) -> Result<(), Problem> {
    match named {
        Some(other) if other != tenant.id.as_str() => {
            Err(Problem::forbidden("the key belongs to another tenant than the header Fanfare-Tenant names"))
        }
        _ => Ok(()),
    }
}

async fn tenant_of(caller: &Caller, named: Option<&str>, shared: &Context) -> Result<Arc<Tenant>, Problem> {
    match caller {
        Caller::Operator { .. } => {
            let named = named.ok_or_else(tenant_missing)?;
            let id = TenantId::new(named)
                .map_err(|error| Problem::bad_request(format!("the header Fanfare-Tenant is {error}")))?;
            let tenant = shared.registry.tenant(&id).await?;
            tenant.map(Arc::new).ok_or_else(|| Problem::not_found(format!("there is no tenant {id}")))
        }
        Caller::Tenant { tenant, .. } => {
            let tenant = shared.catalogue.tenant(*tenant).ok_or(AuthError::Unknown)?;
            refuse_other(named, &tenant)?;
            Ok(tenant)
        }
    }
}
