//! Links that let a tenant's own people into its portal.

use std::time::Duration;

use axum::extract::State;
use fanfare_domain::ids::TenantId;
use fanfare_domain::tenant::Tenant;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{Access, Grant, Link};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Operator;
use crate::body::Json;
use crate::changes::Line;
use crate::context::{Context, Shared};
use crate::path::Id;
use crate::problem::{FieldProblems, Problem};
use crate::sessions::{AccessWord, base_url, make_pass};

const LONGEST_NAME: usize = 200;
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(make_portal_link, end_portal))
}

/// A link that is to be made.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPortalLink {
    /// What may be done in the portal.
    #[serde(default)]
    #[schema(value_type = AccessWord, default = "read")]
    access: Access,
    /// Whom it is for: shown in the portal, and in the audit log beside what they change.
    #[schema(max_length = 200, example = "jo@acme.example")]
    name: Option<String>,
    /// Within which time the link must be opened; up to 30 days.
    #[schema(default = "15m")]
    opens_within: Option<String>,
    /// How long the portal stays open then; up to 30 days.
    #[schema(default = "8h")]
    lasts: Option<String>,
}

/// A link that was made.
#[derive(Serialize, ToSchema)]
struct PortalLink {
    /// Opens the portal, once.
    #[schema(example = "https://webhooks.example.com/portal/sign-in#link=…")]
    url: String,
    /// Until when it can be opened.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Make a link into a tenant's portal
///
/// Operators only. The link opens once; whoever opens it sees, or manages, the webhooks and deliveries of this tenant alone.
#[utoipa::path(post, path = "/v1/tenants/{id}/portal-links", tag = "Tenants", request_body = Option<NewPortalLink>,
    params(("id" = String, Path, description = "The tenant's id")),
    responses((status = 201, body = PortalLink, description = "The link was made")))]
async fn make_portal_link(
    State(shared): State<Shared>,
    operator: Operator,
    Id(id): Id<TenantId>,
    headers: HeaderMap,
    Json(input): Json<NewPortalLink>,
) -> Result<(StatusCode, axum::Json<PortalLink>), Problem> {
    let tenant = tenant(&shared, &id).await?;
    let mut problems = FieldProblems::default();
    if input.name.as_ref().is_some_and(|name| name.chars().count() > LONGEST_NAME) {
        problems.add("/name", format!("must have at most {LONGEST_NAME} characters"));
    }
    let opens_within = time(&mut problems, "/opens_within", input.opens_within.as_deref(), 15 * 60);
    let lasts = time(&mut problems, "/lasts", input.lasts.as_deref(), 8 * 3600);
    problems.check()?;
    let base = base_url(&headers, &shared)?;
    note(&shared, &operator, "portal_link.create", &id, input.name.clone().unwrap_or_default()).await?;
    let (token, hash) = make_pass();
    let grant = Grant::Portal { tenant: tenant.number, access: input.access, name: input.name };
    let link = Link { grant, expires_at: shared.clock.now().plus(opens_within), session: lasts };
    shared.sessions.put_link(&hash, &link).await?;
    let url = format!("{base}/portal/sign-in#link={token}");
    Ok((StatusCode::CREATED, axum::Json(PortalLink { url, expires_at: link.expires_at })))
}

/// Notes in the audit log what is about to be done.
async fn note(
    shared: &Context,
    operator: &Operator,
    action: &'static str,
    tenant: &TenantId,
    target: String,
) -> Result<(), Problem> {
    let line = Line { actor: &operator.actor, action, tenant: Some(tenant), target, fields: Vec::new() };
    Ok(shared.note(line).await?)
}

fn time(problems: &mut FieldProblems, pointer: &str, given: Option<&str>, default: u64) -> Duration {
    let default = Duration::from_secs(default);
    let Some(given) = given else { return default };
    match humantime::parse_duration(given) {
        Ok(time) if (Duration::from_secs(1)..=LONGEST).contains(&time) => return time,
        Ok(_) => problems.add(pointer, "must be 1s to 30d"),
        Err(error) => problems.add(pointer, format!("must be a time such as 15m or 8h: {error}")),
    }
    default
}

async fn tenant(shared: &Context, id: &TenantId) -> Result<Tenant, Problem> {
    if id.is_reserved() {
        return Err(Problem::conflict(format!("the tenant {id} is Fanfare's own: only operators see it")));
    }
    let tenant = shared.registry.tenant(id).await?;
    tenant.ok_or_else(|| Problem::not_found(format!("there is no tenant {id}")))
}

/// End a tenant's portal
///
/// Operators only. All sessions in it end now, and no link that was made before opens it.
#[utoipa::path(delete, path = "/v1/tenants/{id}/portal-links", tag = "Tenants",
    params(("id" = String, Path, description = "The tenant's id")),
    responses((status = 204, description = "They have ended")))]
async fn end_portal(
    State(shared): State<Shared>,
    operator: Operator,
    Id(id): Id<TenantId>,
) -> Result<StatusCode, Problem> {
    let tenant = tenant(&shared, &id).await?;
    note(&shared, &operator, "portal.end", &id, id.to_string()).await?;
    shared.sessions.end_portal(tenant.number).await?;
    Ok(StatusCode::NO_CONTENT)
}
