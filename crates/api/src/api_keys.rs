//! API keys, which operators make. A key is shown once; its hash is kept.

use axum::extract::State;
use fanfare_domain::ids::{KeyId, TenantId};
use fanfare_domain::tenant::{ApiKey as DomainKey, Scope};
use fanfare_domain::time::Timestamp;
use fanfare_intake::{hash_key, make_key};
use fanfare_ports::catalogue::Lookup;
use fanfare_ports::store::{Change, StoreError};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Operator;
use crate::body::Json;
use crate::changes::Line;
use crate::context::{Context, Shared};
use crate::path::Id;
use crate::problem::Problem;
use crate::query::{List, ListQuery, Query};

const LIST: &str = "api-keys";
const LONGEST_NAME: usize = 200;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(create_api_key, list_api_keys)).routes(routes!(delete_api_key))
}

/// A key that is to be made.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewKey {
    /// The tenant that it is for; without one it is an operator's.
    #[schema(example = "acme")]
    tenant: Option<String>,
    /// A name for people.
    #[schema(max_length = 200, example = "checkout service")]
    name: Option<String>,
    /// What it may do.
    #[serde(default)]
    #[schema(value_type = ScopeWord, default = "all")]
    scope: Scope,
}

/// What a key may do; only its words, for the description.
#[derive(ToSchema)]
#[schema(as = Scope, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes fanfare_domain's Scope, which knows nothing of OpenAPI")]
pub(crate) enum ScopeWord {
    /// Everything.
    All,
    /// Publish events, and nothing else.
    Publish,
}

/// A key, without the key itself.
#[derive(Debug, Serialize, ToSchema)]
struct ApiKey {
    /// Its id.
    #[schema(value_type = String, example = "key_01JQ8Z0F4M3B7C9D2E5G6H8J0K")]
    id: KeyId,
    /// The tenant that it is for; `null` if it is an operator's.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantId>,
    /// A name for people.
    name: Option<String>,
    /// What it may do.
    #[schema(value_type = ScopeWord)]
    scope: Scope,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A key that was made.
#[derive(Serialize, ToSchema)]
struct MadeKey {
    #[serde(flatten)]
    about: ApiKey,
    /// The key itself. It is never shown again.
    #[schema(example = "fk_…")]
    key: String,
}

/// Make an API key
///
/// Operators only. The answer alone shows the key.
#[utoipa::path(post, path = "/v1/api-keys", tag = "API keys", request_body = Option<NewKey>,
    responses((status = 201, body = MadeKey, description = "The key was made")))]
async fn create_api_key(
    State(shared): State<Shared>,
    operator: Operator,
    Json(input): Json<NewKey>,
) -> Result<(StatusCode, axum::Json<MadeKey>), Problem> {
    if input.name.as_ref().is_some_and(|name| name.chars().count() > LONGEST_NAME) {
        return Err(Problem::field("/name", format!("must have at most {LONGEST_NAME} characters")));
    }
    let tenant = match &input.tenant {
        Some(name) => Some(owner(&shared, name).await?),
        None => None,
    };
    let text = make_key(rand::random());
    let now = shared.clock.now();
    let key = DomainKey {
        id: KeyId::make(now, rand::random()),
        hash: hash_key(&text),
        tenant: tenant.as_ref().map(|tenant| tenant.number),
        name: input.name,
        scope: input.scope,
        created_at: now,
    };
    let tenant = tenant.map(|tenant| tenant.id);
    let line = Line {
        actor: &operator.actor,
        action: "api_key.create",
        tenant: tenant.as_ref(),
        target: key.id.to_string(),
        fields: Vec::new(),
    };
    shared.change(Change::PutApiKey(key.clone()), line).await?;
    Ok((StatusCode::CREATED, axum::Json(MadeKey { about: shown(key, tenant), key: text })))
}

async fn owner(shared: &Context, name: &str) -> Result<fanfare_domain::tenant::Tenant, Problem> {
    let id = TenantId::new(name).map_err(|error| Problem::field("/tenant", error.to_string()))?;
    if id.is_reserved() {
        return Err(Problem::field(
            "/tenant",
            "only operators see the tenant fanfare; leave tenant out to make an operator's key",
        ));
    }
    let tenant = shared.registry.tenant(&id).await?;
    tenant.ok_or_else(|| Problem::field("/tenant", format!("there is no tenant {id}")))
}

fn shown(key: DomainKey, tenant: Option<TenantId>) -> ApiKey {
    ApiKey { id: key.id, tenant, name: key.name, scope: key.scope, created_at: key.created_at }
}

/// List API keys
///
/// Operators only. The keys themselves are not shown.
#[utoipa::path(get, path = "/v1/api-keys", tag = "API keys", params(ListQuery), responses((status = 200, body = List<ApiKey>)))]
async fn list_api_keys(
    State(shared): State<Shared>,
    _: Operator,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<List<ApiKey>>, Problem> {
    let mut page = shared.registry.api_keys(query.page(LIST)?).await?;
    let mut names = std::collections::HashMap::new();
    for number in page.rows.iter().filter_map(|key| key.tenant) {
        match shared.catalogue.look_up_tenant(number).await {
            Lookup::Found(tenant) => {
                names.insert(number, tenant.id.clone());
            }
            Lookup::Gone => {}
            Lookup::Unknown => return Err(Problem::unavailable("tenants cannot be looked up now; try again")),
        }
    }
    // A key whose tenant has just gone is going too.
    page.rows.retain(|key| key.tenant.is_none_or(|number| names.contains_key(&number)));
    let named = |key: DomainKey| {
        let tenant = key.tenant.and_then(|number| names.get(&number).cloned());
        shown(key, tenant)
    };
    Ok(axum::Json(List::of(LIST, page, named)))
}

/// Delete an API key
///
/// Operators only. It is refused from now on.
#[utoipa::path(delete, path = "/v1/api-keys/{id}", tag = "API keys",
    params(("id" = String, Path, description = "The key's id")), responses((status = 204, description = "It is gone")))]
async fn delete_api_key(
    State(shared): State<Shared>,
    operator: Operator,
    Id(id): Id<KeyId>,
) -> Result<StatusCode, Problem> {
    let line = Line {
        actor: &operator.actor,
        action: "api_key.delete",
        tenant: None,
        target: id.to_string(),
        fields: Vec::new(),
    };
    match shared.change(Change::DeleteApiKey(id), line).await {
        Err(StoreError::NotFound) => Err(Problem::not_found(format!("there is no API key {id}"))),
        done => Ok(done.map(|()| StatusCode::NO_CONTENT)?),
    }
}
