//! What a tenant says about its types of event.

mod aliases;
mod known;

use axum::extract::State;
use fanfare_domain::event_type::EventType;
use fanfare_domain::json::canonicalize;
use fanfare_domain::tenant::EventTypeEntry;
use fanfare_domain::time::Timestamp;
use fanfare_intake::{check_example, check_schema};
use fanfare_ports::store::{Change, StoreError};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Member;
use crate::body::Json;
use crate::changes::{Line, TRIES};
use crate::context::{Context, Shared};
use crate::path::{Id, NewName};
use crate::problem::{FieldProblems, Problem};
use crate::query::{List, ListQuery, Query};
use crate::shown::given;

pub(crate) use known::describe_known;

const LIST: &str = "event-types";
const LONGEST_DESCRIPTION: usize = 4_000;
const LARGEST_EXAMPLE: usize = 64 * 1024;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list_event_types)).routes(routes!(
        put_event_type,
        get_event_type,
        delete_event_type
    ))
}

/// A type of event as it shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EventTypeDescription)]
struct EventTypeInput {
    /// What it means.
    #[schema(value_type = String, required = true, max_length = 4000, example = "Somebody scanned a QR code")]
    description: Option<String>,
    /// A JSON Schema that every event's data must satisfy from now on.
    #[schema(value_type = Option<serde_json::Value>, example = json!({"type": "object", "required": ["code"]}))]
    schema: Option<Box<RawValue>>,
    /// A sample of its data, which tests send; it must satisfy `schema`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<serde_json::Value>, example = json!({"code": "abc"}))]
    example: Option<Box<RawValue>>,
    /// Other names for it; whoever subscribed to one of them gets all.
    #[schema(max_items = 50)]
    aliases: Option<Vec<String>>,
    /// Whether publishers should stop using it.
    #[schema(default = false)]
    deprecated: Option<bool>,
}

/// A type of event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventType)]
struct EventTypeShown {
    /// Its name.
    #[schema(value_type = String, example = "qr.scanned")]
    name: EventType,
    /// What it means.
    description: String,
    /// A JSON Schema that every event's data must satisfy.
    #[schema(value_type = Option<serde_json::Value>)]
    schema: Option<Box<RawValue>>,
    /// A sample of its data; left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    example: Option<Box<RawValue>>,
    /// Other names for it.
    #[schema(value_type = Vec<String>)]
    aliases: Vec<EventType>,
    /// Whether publishers should stop using it.
    deprecated: bool,
    /// When it was first described.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<EventTypeEntry> for EventTypeShown {
    fn from(entry: EventTypeEntry) -> Self {
        let raw = |text: Option<Arc<str>>| text.and_then(|text| RawValue::from_string(text.as_ref().to_owned()).ok());
        Self {
            name: entry.name,
            description: entry.description,
            schema: raw(entry.schema),
            example: raw(entry.example),
            aliases: entry.aliases,
            deprecated: entry.deprecated,
            created_at: entry.created_at,
        }
    }
}

struct Checked {
    description: String,
    schema: Option<Arc<str>>,
    example: Option<Arc<str>>,
    aliases: Vec<EventType>,
    deprecated: bool,
}

fn check(name: &EventType, input: EventTypeInput) -> Result<Checked, Problem> {
    let mut problems = FieldProblems::default();
    let description = problems.take("/description", input.description.ok_or("is required"));
    if description.as_ref().is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
        problems.add("/description", format!("must have at most {LONGEST_DESCRIPTION} characters"));
    }
    let schema = input.schema.as_ref().and_then(|schema| {
        let text = schema.get();
        problems.take("/schema", check_schema(text).map(|()| text))
    });
    let example = input.example.and_then(|example| canonical(&example, &mut problems));
    if let (Some(schema), Some(example)) = (schema, &example) {
        problems.take("/example", check_example(name, schema, example.as_bytes()));
    }
    let aliases = aliases::check(name, input.aliases.unwrap_or_default(), &mut problems);
    problems.or(description.map(|description| Checked {
        description,
        schema: input.schema.map(|schema| schema.get().into()),
        example,
        aliases,
        deprecated: input.deprecated.unwrap_or(false),
    }))
}

/// An example in the form in which it is sent; notes what is wrong with it.
fn canonical(example: &RawValue, problems: &mut FieldProblems) -> Option<Arc<str>> {
    let text = problems.take("/example", canonicalize(example.get().as_bytes()))?;
    match String::from_utf8(text) {
        Ok(text) if text.len() <= LARGEST_EXAMPLE => Some(text.into()),
        _ => {
            problems.add("/example", format!("must have at most {LARGEST_EXAMPLE} bytes"));
            None
        }
    }
}

/// Describe a type of event
///
/// Types need no description to be published. What is left out takes its default. A schema is enforced for events
/// published from now on, under each of the type's names.
#[utoipa::path(put, path = "/v1/event-types/{name}", tag = "Event types", request_body = EventTypeInput,
    params(("name" = String, Path, description = "The type, such as `qr.scanned`")),
    responses((status = 200, body = EventTypeShown, description = "It was changed"),
        (status = 201, body = EventTypeShown, description = "It was described for the first time")))]
async fn put_event_type(
    State(shared): State<Shared>,
    member: Member,
    NewName(name): NewName<EventType>,
    Json(input): Json<EventTypeInput>,
) -> Result<(StatusCode, axum::Json<EventTypeShown>), Problem> {
    if name.is_reserved() {
        return Err(Problem::bad_request("the name in the path: webhook.* and fanfare.* are reserved"));
    }
    member.not_in_portal()?;
    let checked = check(&name, input)?;
    let tenant = member.tenant.number;
    aliases::refuse_taken(&shared, tenant, &name, &checked.aliases).await?;
    for _ in 0..TRIES {
        let existing = shared.registry.event_type(tenant, name.as_str()).await?;
        let entry = EventTypeEntry {
            tenant,
            name: name.clone(),
            version: existing.as_ref().map_or(1, |entry| entry.version + 1),
            description: checked.description.clone(),
            schema: checked.schema.clone(),
            example: checked.example.clone(),
            aliases: checked.aliases.clone(),
            deprecated: checked.deprecated,
            created_at: existing.as_ref().map_or_else(|| shared.clock.now(), |entry| entry.created_at),
        };
        let (status, action) = match existing {
            Some(_) => (StatusCode::OK, "event_type.update"),
            None => (StatusCode::CREATED, "event_type.create"),
        };
        let line = Line {
            actor: &member.actor,
            action,
            tenant: Some(&member.tenant.id),
            target: name.to_string(),
            fields: existing.map(|before| changed(&before, &entry)).unwrap_or_default(),
        };
        match shared.change(Change::PutEventType(entry.clone()), line).await {
            Err(StoreError::Conflict) => {}
            done => return Ok(done.map(|()| (status, axum::Json(entry.into())))?),
        }
    }
    Err(StoreError::Conflict.into())
}

fn changed(before: &EventTypeEntry, after: &EventTypeEntry) -> Vec<String> {
    let fields = [
        ("description", before.description != after.description),
        ("schema", before.schema != after.schema),
        ("example", before.example != after.example),
        ("aliases", before.aliases != after.aliases),
        ("deprecated", before.deprecated != after.deprecated),
    ];
    fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name.to_owned()).collect()
}

/// Look at a type of event
#[utoipa::path(get, path = "/v1/event-types/{name}", tag = "Event types",
    params(("name" = String, Path, description = "The type")), responses((status = 200, body = EventTypeShown)))]
async fn get_event_type(
    State(shared): State<Shared>,
    member: Member,
    Id(name): Id<EventType>,
) -> Result<axum::Json<EventTypeShown>, Problem> {
    let entry = find(&shared, &member, &name).await?;
    Ok(axum::Json(entry.into()))
}

async fn find(shared: &Context, member: &Member, name: &EventType) -> Result<EventTypeEntry, Problem> {
    let entry = shared.registry.event_type(member.tenant.number, name.as_str()).await?;
    entry.ok_or_else(|| no_type(name))
}

fn no_type(name: &EventType) -> Problem {
    Problem::not_found(format!("the event type {name} has not been described"))
}

/// List described types of event
#[utoipa::path(get, path = "/v1/event-types", tag = "Event types", params(ListQuery),
    responses((status = 200, body = List<EventTypeShown>)))]
async fn list_event_types(
    State(shared): State<Shared>,
    member: Member,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<List<EventTypeShown>>, Problem> {
    let rows = shared.registry.event_types(member.tenant.number, query.page(LIST)?).await?;
    Ok(axum::Json(List::of(LIST, rows, EventTypeShown::from)))
}

/// Delete the description of a type of event
///
/// The type can still be published; its schema and aliases no longer hold.
#[utoipa::path(delete, path = "/v1/event-types/{name}", tag = "Event types",
    params(("name" = String, Path, description = "The type")), responses((status = 204, description = "It is gone")))]
async fn delete_event_type(
    State(shared): State<Shared>,
    member: Member,
    Id(name): Id<EventType>,
) -> Result<StatusCode, Problem> {
    member.not_in_portal()?;
    find(&shared, &member, &name).await?;
    let line = Line {
        actor: &member.actor,
        action: "event_type.delete",
        tenant: Some(&member.tenant.id),
        target: name.to_string(),
        fields: Vec::new(),
    };
    match shared.change(Change::DeleteEventType(member.tenant.number, name.as_str().to_owned()), line).await {
        Err(StoreError::NotFound) => Err(no_type(&name)),
        done => Ok(done.map(|()| StatusCode::NO_CONTENT)?),
    }
}
