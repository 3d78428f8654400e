//! Tenants, which operators make.

use axum::extract::State;
use fanfare_domain::ids::TenantId;
use fanfare_domain::profile::STANDARD;
use fanfare_domain::tenant::{Quota, Tenant as DomainTenant};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{Change, StoreError};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Operator;
use crate::body::Json;
use crate::changes::{Line, TRIES};
use crate::context::{Context, Shared};
use crate::event_types::describe_known;
use crate::path::{Id, NewName};
use crate::problem::{FieldProblems, Problem};
use crate::query::{List, ListQuery, Query};

const LIST: &str = "tenants";
const LONGEST_NAME: usize = 200;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list_tenants)).routes(routes!(put_tenant, get_tenant, delete_tenant))
}

/// A tenant as it shall be.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantSettings)]
struct TenantInput {
    /// A name for people.
    #[schema(max_length = 200, example = "Acme Ltd")]
    name: Option<String>,
    /// The profile of webhooks that name none.
    #[schema(default = "standard")]
    default_profile: Option<String>,
    /// What it may publish; without one, as much as there is room for.
    quota: Option<QuotaShown>,
}

/// How much a tenant may publish.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Quota)]
struct QuotaShown {
    /// Events a second.
    #[schema(minimum = 1)]
    events_per_second: u32,
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
struct Tenant {
    /// Its id.
    #[schema(value_type = String, example = "acme")]
    id: TenantId,
    /// A name for people.
    name: Option<String>,
    /// The profile of webhooks that name none.
    default_profile: String,
    /// What it may publish.
    quota: Option<QuotaShown>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<DomainTenant> for Tenant {
    fn from(tenant: DomainTenant) -> Self {
        Self {
            id: tenant.id,
            name: tenant.name,
            default_profile: tenant.default_profile,
            quota: tenant.quota.map(|quota| QuotaShown { events_per_second: quota.events_per_second }),
            created_at: tenant.created_at,
        }
    }
}

/// Make or change a tenant
///
/// Operators only. What is left out takes its default. Types of event that the default profile brings are described for the
/// tenant, where it has not done so itself.
#[utoipa::path(put, path = "/v1/tenants/{id}", tag = "Tenants", request_body = Option<TenantInput>,
    params(("id" = String, Path, description = "The tenant's id: 1 to 64 of `a-z`, `0-9`, `_` and `-`")),
    responses((status = 200, body = Tenant, description = "It was changed"),
        (status = 201, body = Tenant, description = "It was made")))]
async fn put_tenant(
    State(shared): State<Shared>,
    operator: Operator,
    NewName(id): NewName<TenantId>,
    Json(input): Json<TenantInput>,
) -> Result<(StatusCode, axum::Json<Tenant>), Problem> {
    refuse_reserved(&id)?;
    let (default_profile, quota) = check(&shared, &input)?;
    for _ in 0..TRIES {
        let existing = shared.registry.tenant(&id).await?;
        let number = match &existing {
            Some(tenant) => tenant.number,
            None => shared.registry.next_tenant_number().await?,
        };
        let tenant = DomainTenant {
            id: id.clone(),
            number,
            version: existing.as_ref().map_or(1, |tenant| tenant.version + 1),
            name: input.name.clone(),
            default_profile: default_profile.clone(),
            quota,
            created_at: existing.as_ref().map_or_else(|| shared.clock.now(), |tenant| tenant.created_at),
        };
        let (status, line) = match &existing {
            Some(before) => (
                StatusCode::OK,
                Line {
                    actor: &operator.actor,
                    action: "tenant.update",
                    tenant: Some(&id),
                    target: id.to_string(),
                    fields: changed(before, &tenant),
                },
            ),
            None => (
                StatusCode::CREATED,
                Line {
                    actor: &operator.actor,
                    action: "tenant.create",
                    tenant: Some(&id),
                    target: id.to_string(),
                    fields: Vec::new(),
                },
            ),
        };
        match shared.change(Change::PutTenant(tenant.clone()), line).await {
            // Made, changed or deleted meanwhile.
            Err(StoreError::Conflict | StoreError::NotFound) => {}
            done => {
                done?;
                describe_known(&shared, &tenant, &operator.actor).await?;
                return Ok((status, axum::Json(tenant.into())));
            }
        }
    }
    Err(StoreError::Conflict.into())
}

fn refuse_reserved(id: &TenantId) -> Result<(), Problem> {
    if id.is_reserved() {
        Err(Problem::conflict(format!("the tenant {id} is Fanfare's own and stays as it is")))
    } else {
        Ok(())
    }
}

fn check(shared: &Context, input: &TenantInput) -> Result<(String, Option<Quota>), Problem> {
    let mut problems = FieldProblems::default();
    if input.name.as_ref().is_some_and(|name| name.chars().count() > LONGEST_NAME) {
        problems.add("/name", format!("must have at most {LONGEST_NAME} characters"));
    }
    let profile = input.default_profile.clone().unwrap_or_else(|| STANDARD.to_owned());
    if shared.profiles.get(&profile).is_none() {
        let names: Vec<_> = shared.profiles.names().collect();
        problems.add("/default_profile", format!("no profile has this name; there are: {}", names.join(", ")));
    }
    let quota = input.quota.as_ref().map(|quota| Quota { events_per_second: quota.events_per_second });
    if quota.is_some_and(|quota| quota.events_per_second == 0) {
        problems.add("/quota/events_per_second", "must be at least 1");
    }
    problems.check()?;
    Ok((profile, quota))
}

fn changed(before: &DomainTenant, after: &DomainTenant) -> Vec<String> {
    let fields = [
        ("name", before.name != after.name),
        ("default_profile", before.default_profile != after.default_profile),
        ("quota", before.quota != after.quota),
    ];
    fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name.to_owned()).collect()
}

/// Look at a tenant
///
/// Operators only.
#[utoipa::path(get, path = "/v1/tenants/{id}", tag = "Tenants",
    params(("id" = String, Path, description = "The tenant's id")), responses((status = 200, body = Tenant)))]
async fn get_tenant(
    State(shared): State<Shared>,
    _: Operator,
    Id(id): Id<TenantId>,
) -> Result<axum::Json<Tenant>, Problem> {
    let tenant = shared.registry.tenant(&id).await?.ok_or_else(|| no_tenant(&id))?;
    Ok(axum::Json(tenant.into()))
}

fn no_tenant(id: &TenantId) -> Problem {
    Problem::not_found(format!("there is no tenant {id}"))
}

/// List tenants
///
/// Operators only.
#[utoipa::path(get, path = "/v1/tenants", tag = "Tenants", params(ListQuery), responses((status = 200, body = List<Tenant>)))]
async fn list_tenants(
    State(shared): State<Shared>,
    _: Operator,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<List<Tenant>>, Problem> {
    let rows = shared.registry.tenants(query.page(LIST)?).await?;
    Ok(axum::Json(List::of(LIST, rows, Tenant::from)))
}

/// Delete a tenant
///
/// Operators only. At once nothing of it is accepted, delivered or shown; what happened is erased within a minute, and
/// payloads leave the streams with their retention.
#[utoipa::path(delete, path = "/v1/tenants/{id}", tag = "Tenants",
    params(("id" = String, Path, description = "The tenant's id")), responses((status = 204, description = "It is gone")))]
async fn delete_tenant(
    State(shared): State<Shared>,
    operator: Operator,
    Id(id): Id<TenantId>,
) -> Result<StatusCode, Problem> {
    refuse_reserved(&id)?;
    let tenant = shared.registry.tenant(&id).await?.ok_or_else(|| no_tenant(&id))?;
    let line = Line {
        actor: &operator.actor,
        action: "tenant.delete",
        tenant: Some(&id),
        target: id.to_string(),
        fields: Vec::new(),
    };
    shared.change(Change::DeleteTenant(tenant.number), line).await?;
    shared.tenant_deleted.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
