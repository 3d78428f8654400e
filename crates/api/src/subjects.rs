//! What events are about, and how the newest of them fared.

use axum::extract::State;
use fanfare_ports::store::SubjectRow;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Member;
use crate::context::Shared;
use crate::problem::Problem;
use crate::query::{List, Query, page};
use crate::shown::Event;

const LIST: &str = "subjects";

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list_subjects))
}

/// Which subjects.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SubjectQuery {
    /// Whether the newest event about it was delivered; subjects whose newest event has no deliveries are in neither.
    delivered: Option<bool>,
    /// How many rows at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
}

/// What events are about.
#[derive(Debug, Serialize, ToSchema)]
struct Subject {
    /// The subject.
    #[schema(example = "order/1")]
    subject: String,
    /// Whether the newest event about it was delivered; `null` if that has no deliveries.
    delivered: Option<bool>,
    /// The newest event about it.
    newest_event: Event,
}

impl From<SubjectRow> for Subject {
    fn from(row: SubjectRow) -> Self {
        Self { subject: row.subject, delivered: row.newest.delivered, newest_event: row.newest.into() }
    }
}

/// List subjects
///
/// Those with the newest events first.
#[utoipa::path(get, path = "/v1/subjects", tag = "Events", params(SubjectQuery),
    responses((status = 200, body = List<Subject>)))]
async fn list_subjects(
    State(shared): State<Shared>,
    member: Member,
    Query(query): Query<SubjectQuery>,
) -> Result<axum::Json<List<Subject>>, Problem> {
    let page = page(LIST, query.limit, query.cursor.as_deref())?;
    let rows = shared.reports.subjects(member.tenant.number, query.delivered, page).await?;
    Ok(axum::Json(List::of(LIST, rows, Subject::from)))
}
