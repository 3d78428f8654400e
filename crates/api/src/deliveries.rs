//! Looking at deliveries, and trying one once more.

use std::collections::BTreeMap;

use axum::extract::State;
use fanfare_domain::delivery::{Delivery as DomainDelivery, DeliveryStatus, Lane, Turn};
use fanfare_domain::event::TraceContext;
use fanfare_domain::ids::{AttemptId, DeliveryId, WebhookId};
use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::Topic;
use fanfare_ports::store::{AttemptRow, DeliveryFilter};
use fanfare_proto::records::encode_delivery;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Member;
use crate::body::{Json, Nothing};
use crate::context::Shared;
use crate::path::Id;
use crate::problem::Problem;
use crate::query::{List, Query, page};
use crate::shown::{Delivery, Status};

/// Larger events travel by reference.
pub(crate) const LARGEST_INLINE: usize = 4096;
const LIST: &str = "deliveries";

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list_deliveries)).routes(routes!(get_delivery)).routes(routes!(retry_delivery))
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeliveryQuery {
    /// In this state.
    #[param(value_type = Option<Status>)]
    status: Option<DeliveryStatus>,
    /// Of events of this type exactly.
    event_type: Option<String>,
    /// Whose event was accepted at or after this time.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Whose event was accepted before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// How many rows at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
}

/// List a webhook's deliveries
///
/// Those of a deleted webhook stay to be seen.
#[utoipa::path(get, path = "/v1/webhooks/{id}/deliveries", tag = "Deliveries",
    params(("id" = String, Path, description = "The webhook's id"), DeliveryQuery),
    responses((status = 200, body = List<Delivery>)))]
async fn list_deliveries(
    State(shared): State<Shared>,
    member: Member,
    Id(webhook): Id<WebhookId>,
    Query(query): Query<DeliveryQuery>,
) -> Result<axum::Json<List<Delivery>>, Problem> {
    let page = page(LIST, query.limit, query.cursor.as_deref())?;
    let filter =
        DeliveryFilter { status: query.status, event_type: query.event_type, since: query.since, until: query.until };
    let tenant = member.tenant.number;
    let rows = shared.reports.deliveries(tenant, webhook, &filter, page).await?;
    if rows.rows.is_empty() && shared.registry.webhook(tenant, webhook).await?.is_none() {
        // A deleted webhook that had deliveries is known by them.
        let any = shared.reports.deliveries(tenant, webhook, &DeliveryFilter::default(), one_row()).await?;
        if any.rows.is_empty() {
            return Err(Problem::not_found(format!("there is no webhook {webhook}")));
        }
    }
    Ok(axum::Json(List::of(LIST, rows, Delivery::from)))
}

fn one_row() -> fanfare_ports::store::PageRequest {
    fanfare_ports::store::PageRequest { limit: 1, after: None }
}

/// A delivery and all its attempts.
#[derive(Debug, Serialize, ToSchema)]
struct DeliveryInFull {
    #[serde(flatten)]
    delivery: Delivery,
    /// Its attempts, in order.
    attempts: Vec<Attempt>,
}

/// One POST, and what came of it.
#[derive(Debug, Serialize, ToSchema)]
struct Attempt {
    /// Its id.
    #[schema(value_type = String, example = "att_5H8K2M7Q1R5T8V0X4Z6B9D2G3F")]
    id: AttemptId,
    /// Its place in the schedule, from 1; one that was asked for has the number of the one before it.
    attempt: u16,
    /// Whether somebody asked for it.
    manual: bool,
    /// Whether another worker had taken the delivery over meanwhile; what came of it decided nothing.
    late: bool,
    /// When it started; this is the time that was signed.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// The status of the answer, if there was one.
    status_code: Option<u16>,
    /// How long it took.
    response_time_ms: u32,
    /// What went wrong; `null` is success.
    error: Option<String>,
    /// What came back: names and values; several of one name are joined by commas.
    response_headers: BTreeMap<String, String>,
    /// The first 16 KiB of what came back, as UTF-8.
    response_body: String,
    /// What was sent, credentials redacted.
    request_headers: BTreeMap<String, String>,
}

impl From<AttemptRow> for Attempt {
    fn from(row: AttemptRow) -> Self {
        Self {
            id: row.id,
            attempt: row.number,
            manual: row.manual,
            late: row.late,
            started_at: row.started_at,
            status_code: row.status_code,
            response_time_ms: row.response_time_ms,
            error: row.error,
            response_headers: joined(row.response_headers),
            response_body: String::from_utf8_lossy(&row.response_body).into_owned(),
            request_headers: joined(row.request_headers),
        }
    }
}

fn joined(headers: Vec<(String, String)>) -> BTreeMap<String, String> {
    let mut map = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        map.entry(name)
            .and_modify(|all| {
                all.push_str(", ");
                all.push_str(&value);
            })
            .or_insert(value);
    }
    map
}

/// Look at a delivery
///
/// With all its attempts.
#[utoipa::path(get, path = "/v1/deliveries/{id}", tag = "Deliveries",
    params(("id" = String, Path, description = "The delivery's id")), responses((status = 200, body = DeliveryInFull)))]
async fn get_delivery(
    State(shared): State<Shared>,
    member: Member,
    Id(id): Id<DeliveryId>,
) -> Result<axum::Json<DeliveryInFull>, Problem> {
    let tenant = member.tenant.number;
    let row = shared.reports.delivery(tenant, id).await?.ok_or_else(|| no_delivery(id))?;
    let attempts = shared.reports.attempts(tenant, &row.reference).await?;
    Ok(axum::Json(DeliveryInFull { delivery: row.into(), attempts: attempts.into_iter().map(Attempt::from).collect() }))
}

fn no_delivery(id: DeliveryId) -> Problem {
    Problem::not_found(format!("there is no delivery {id}; a new one is shown within a second"))
}

/// An attempt that was asked for.
#[derive(Debug, Serialize, ToSchema)]
struct Retried {
    /// The delivery.
    #[schema(value_type = String)]
    id: DeliveryId,
    /// The attempt that is made now; it is shown when it is over.
    #[schema(value_type = String)]
    attempt_id: AttemptId,
}

/// Try a delivery once more
///
/// One more attempt now, of this same delivery, whatever became of it. It does not advance the schedule; if it succeeds,
/// the delivery has succeeded.
#[utoipa::path(post, path = "/v1/deliveries/{id}/retry", tag = "Deliveries", request_body = Option<Nothing>,
    params(("id" = String, Path, description = "The delivery's id")),
    responses((status = 202, body = Retried, description = "The attempt is about to be made")))]
async fn retry_delivery(
    State(shared): State<Shared>,
    member: Member,
    Id(id): Id<DeliveryId>,
    Json(Nothing {}): Json<Nothing>,
) -> Result<(StatusCode, axum::Json<Retried>), Problem> {
    let tenant = member.tenant.number;
    let row = shared.reports.delivery(tenant, id).await?.ok_or_else(|| no_delivery(id))?;
    let webhook = shared.registry.webhook(tenant, row.reference.webhook).await?;
    let webhook = webhook.ok_or_else(|| Problem::conflict("the delivery's webhook was deleted"))?;
    if !webhook.is_active {
        return Err(Problem::conflict("the delivery's webhook is inactive; set its is_active to true first"));
    }
    let event = shared.stored_event(tenant, &row.event, row.reference.event).await?;
    let event =
        event.ok_or_else(|| Problem::conflict("the event's data is no longer kept, so it cannot be sent again"))?;
    let now = shared.clock.now();
    let attempt_id = AttemptId::make(now, rand::random());
    let delivery = DomainDelivery {
        reference: row.reference,
        turn: Turn::Manual { id: attempt_id, number: row.attempt },
        // It may well wait for its next attempt, and success must take that back.
        waited: true,
        paced: false,
        due: now,
        event: (event.data.len() <= LARGEST_INLINE).then_some(event),
        trace: TraceContext::default(),
    };
    shared.queue.publish(Topic::Deliveries(Lane::Fresh), vec![encode_delivery(&delivery)]).await?;
    tracing::info!(delivery = %id, attempt = %attempt_id, "attempt was asked for");
    Ok((StatusCode::ACCEPTED, axum::Json(Retried { id, attempt_id })))
}
