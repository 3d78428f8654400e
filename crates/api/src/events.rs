//! Publishing over HTTP, and looking at events.

use axum::extract::State;
use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_domain::event::Event as DomainEvent;
use fanfare_domain::ids::{EventId, TenantNumber};
use fanfare_domain::time::Timestamp;
use fanfare_intake::Draft;
use fanfare_ports::queue::{Stored, Stream};
use fanfare_ports::store::EventFilter;
use fanfare_proto::records::{RecordError, decode_event};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{Member, Publisher};
use crate::body::EventJson;
use crate::context::{Context, Shared};
use crate::path::Id;
use crate::problem::{FieldProblems, Problem};
use crate::query::{List, Query, page};
use crate::shown::{Delivery, Event, given};
use crate::trace::Trace;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(publish_event, list_events)).routes(routes!(get_event))
}

/// An event that is published.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewEvent {
    /// Its type: segments of `a-z`, `0-9`, `_` and `-`, joined by dots. `webhook.*` and `fanfare.*` are reserved.
    #[serde(rename = "type")]
    #[schema(value_type = String, required = true, example = "qr.scanned", max_length = 128)]
    event_type: Option<String>,
    /// Any JSON value, at most 128 levels deep.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = serde_json::Value, required = true, example = json!({"code": "abc"}))]
    data: Option<Box<RawValue>>,
    /// The publisher's own id, accepted once in 24 h.
    #[schema(pattern = "^[A-Za-z0-9_:-]{1,128}$", example = "order-1")]
    id: Option<String>,
    /// What the event is about; lists can be filtered by it.
    subject: Option<String>,
    /// When it happened; when it was accepted, if not given.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-03-15T10:00:00.000Z")]
    created: Option<Timestamp>,
}

/// An event that was accepted: it is synced to disk and will be delivered or accounted for.
#[derive(Debug, Serialize, ToSchema)]
struct AcceptedEvent {
    /// Its id.
    #[schema(value_type = String, example = "evt_01JQ8Z0F4M3B7C9D2E5G6H8J0K")]
    id: EventId,
    /// Whether this id had been accepted before; nothing was added then.
    duplicate: bool,
}

/// Publish an event
///
/// What the gRPC call does, for those who have only HTTP. After 503 it is open whether the event was stored; sending it
/// again with the same `id` is safe. `traceparent` and `tracestate` are passed on to receivers.
#[utoipa::path(post, path = "/v1/events", tag = "Events", request_body = NewEvent,
    responses((status = 202, body = AcceptedEvent, description = "The event is stored, now or before")))]
async fn publish_event(
    State(shared): State<Shared>,
    publisher: Publisher,
    Trace(trace): Trace,
    EventJson(event): EventJson<NewEvent>,
) -> Result<(StatusCode, axum::Json<AcceptedEvent>), Problem> {
    let mut problems = FieldProblems::default();
    let event_type = problems.take("/type", event.event_type.ok_or("is required"));
    let data = problems.take("/data", event.data.ok_or("is required: any JSON value"));
    let (event_type, data) = problems.or(event_type.zip(data))?;
    let draft = Draft {
        tenant: publisher.tenant,
        event_type,
        data: Bytes::copy_from_slice(data.get().as_bytes()),
        id: event.id,
        subject: event.subject,
        created: event.created.map(Into::into),
        trace,
    };
    let answers = shared.intake.accept(&publisher.caller, vec![draft]).await;
    let accepted = answers.into_iter().next().ok_or_else(Problem::internal)??;
    Ok((StatusCode::ACCEPTED, axum::Json(AcceptedEvent { id: accepted.id, duplicate: accepted.duplicate })))
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventQuery {
    /// Of this type exactly.
    #[serde(rename = "type")]
    event_type: Option<String>,
    /// About this subject.
    subject: Option<String>,
    /// Accepted at or after this time.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Accepted before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// `true`: with at least one delivery, and all succeeded; `false`: with a delivery that did not succeed, or not yet.
    delivered: Option<bool>,
    /// How many rows at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
}

const LIST: &str = "events";

/// List events
#[utoipa::path(get, path = "/v1/events", tag = "Events", params(EventQuery), responses((status = 200, body = List<Event>)))]
async fn list_events(
    State(shared): State<Shared>,
    member: Member,
    Query(query): Query<EventQuery>,
) -> Result<axum::Json<List<Event>>, Problem> {
    let page = page(LIST, query.limit, query.cursor.as_deref())?;
    let filter = EventFilter {
        event_type: query.event_type,
        subject: query.subject,
        since: query.since,
        until: query.until,
        delivered: query.delivered,
    };
    let rows = shared.reports.events(member.tenant.number, &filter, page).await?;
    Ok(axum::Json(List::of(LIST, rows, Event::from)))
}

/// An event, its data and where it went.
#[derive(Debug, Serialize, ToSchema)]
struct EventInFull {
    #[serde(flatten)]
    event: Event,
    /// Whether its data is still there; it is kept for some days.
    data_retained: bool,
    /// Its data, in the form in which it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<Box<RawValue>>,
    /// Its deliveries, newest first; none, if no webhook matched.
    deliveries: Vec<Delivery>,
}

/// Look at an event
///
/// With its data, while that is kept, and its deliveries (at most 1,000).
#[utoipa::path(get, path = "/v1/events/{id}", tag = "Events", params(("id" = String, Path, description = "The event's id")),
    responses((status = 200, body = EventInFull)))]
async fn get_event(
    State(shared): State<Shared>,
    member: Member,
    Id(id): Id<EventId>,
) -> Result<axum::Json<EventInFull>, Problem> {
    let tenant = member.tenant.number;
    let row = shared.reports.event(tenant, &id).await?;
    let row =
        row.ok_or_else(|| Problem::not_found(format!("there is no event {id}; a new one is shown within a second")))?;
    let stored = shared.stored_event(tenant, &id, row.position).await?;
    let data = stored.and_then(|event| {
        let text = String::from_utf8(event.data.to_vec()).ok()?;
        RawValue::from_string(text).ok()
    });
    let deliveries = shared.reports.deliveries_of(tenant, &id).await?;
    Ok(axum::Json(EventInFull {
        event: row.into(),
        data_retained: data.is_some(),
        data,
        deliveries: deliveries.into_iter().map(Delivery::from).collect(),
    }))
}

impl Context {
    /// The event at `position`, if it is still there and the one that is meant.
    pub(crate) async fn stored_event(
        &self,
        tenant: TenantNumber,
        id: &EventId,
        position: Position,
    ) -> Result<Option<DomainEvent>, Problem> {
        let record = match self.queue.read(Stream::Events, position).await? {
            Stored::Found(record) => record,
            Stored::Gone => return Ok(None),
        };
        let event = decode_event(&record).map_err(|error| {
            tracing::error!(%error, %id, "stored event cannot be read");
            match error {
                RecordError::UnknownFormat(_) => Problem::unavailable("a newer version stored the event; try again"),
                RecordError::Damaged(_) => Problem::internal(),
            }
        })?;
        Ok((event.tenant == tenant && event.id == *id).then_some(event))
    }
}
