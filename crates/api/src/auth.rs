//! Who may do what: what a request's key and its `Fanfare-Tenant` header come to.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use fanfare_domain::ids::TenantId;
use fanfare_domain::tenant::{Scope, Tenant};
use fanfare_intake::{AuthError, Caller, bearer_token};
use fanfare_ports::store::Actor;
use http::request::Parts;
use http::{HeaderMap, header};

use crate::context::{Context, Shared};
use crate::problem::Problem;

/// The header by which an operator names the tenant.
pub(crate) const TENANT_HEADER: &str = "fanfare-tenant";

/// Somebody who may do everything within one tenant.
pub(crate) struct Member {
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) actor: Actor,
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

impl FromRequestParts<Shared> for Member {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let caller = with_all_rights(&parts.headers, shared).await?;
        let tenant = tenant_of(&caller, named_tenant(&parts.headers)?, shared).await?;
        Ok(Self { tenant, actor: actor(&caller) })
    }
}

impl FromRequestParts<Shared> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let caller = with_all_rights(&parts.headers, shared).await?;
        if !caller.is_operator() {
            return Err(Problem::forbidden("this takes an operator's key; yours is a tenant's"));
        }
        Ok(Self { actor: actor(&caller) })
    }
}

impl FromRequestParts<Shared> for Publisher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let caller = caller(&parts.headers, shared).await?;
        let tenant = named_tenant(&parts.headers)?.map(ToOwned::to_owned);
        if caller.is_operator() && tenant.is_none() {
            return Err(tenant_missing());
        }
        Ok(Self { caller, tenant })
    }
}

async fn caller(headers: &HeaderMap, shared: &Context) -> Result<Caller, Problem> {
    let given = headers.get(header::AUTHORIZATION).ok_or(AuthError::Missing)?;
    let token = given.to_str().ok().and_then(bearer_token);
    Ok(shared.intake.authenticate(token).await?)
}

async fn with_all_rights(headers: &HeaderMap, shared: &Context) -> Result<Caller, Problem> {
    let caller = caller(headers, shared).await?;
    match caller.scope() {
        Scope::All => Ok(caller),
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
            match named {
                Some(other) if other != tenant.id.as_str() => {
                    Err(Problem::forbidden("the key belongs to another tenant than the header Fanfare-Tenant names"))
                }
                _ => Ok(tenant),
            }
        }
    }
}
