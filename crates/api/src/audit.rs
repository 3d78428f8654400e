//! Who changed what, and when.

use axum::extract::State;
use fanfare_domain::ids::TenantId;
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::{Actor, AuditEntry};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Operator;
use crate::context::Shared;
use crate::problem::Problem;
use crate::query::{List, ListQuery, Query};

const LIST: &str = "audit";

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list_audit))
}

/// A change of the configuration.
#[derive(Debug, Serialize, ToSchema)]
struct AuditLine {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who: `operator`, an API key's id, `portal` with the name that its link was given, or `fanfare` itself.
    #[schema(example = "key_01JQ8Z0F4M3B7C9D2E5G6H8J0K")]
    actor: String,
    /// What.
    #[schema(example = "webhook.update")]
    action: String,
    /// Whose configuration.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantId>,
    /// Of what, such as the webhook's id.
    target: String,
    /// Which fields were changed; never their values.
    fields: Vec<String>,
}

impl From<AuditEntry> for AuditLine {
    fn from(entry: AuditEntry) -> Self {
        let actor = match entry.actor {
            Actor::Operator => "operator".to_owned(),
            Actor::Key(id) => id.to_string(),
            Actor::Portal(None) => "portal".to_owned(),
            Actor::Portal(Some(name)) => format!("portal: {name}"),
            Actor::Fanfare => "fanfare".to_owned(),
        };
        Self {
            at: entry.at,
            actor,
            action: entry.action,
            tenant: entry.tenant,
            target: entry.target,
            fields: entry.fields,
        }
    }
}

/// List changes of the configuration
///
/// Operators only.
#[utoipa::path(get, path = "/v1/audit", tag = "Audit", params(ListQuery), responses((status = 200, body = List<AuditLine>)))]
async fn list_audit(
    State(shared): State<Shared>,
    _: Operator,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<List<AuditLine>>, Problem> {
    let rows = shared.registry.audit(query.page(LIST)?).await?;
    Ok(axum::Json(List::of(LIST, rows, AuditLine::from)))
}
