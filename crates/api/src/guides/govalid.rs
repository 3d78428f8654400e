//! GoValid's guide: `/api/v1/webhooks/`. Each path is there with and without its last slash.

use axum::Router;
use axum::extract::State;
use axum::routing::{get, patch, post};
use fanfare_domain::delivery::DeliveryStatus;
use fanfare_domain::event_type::Pattern;
use fanfare_domain::ids::{DeliveryId, WebhookId};
use fanfare_domain::webhook::Webhook;
use fanfare_ports::store::{DeliveryFilter, DeliveryRow, PageRequest, WebhookStats};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::NoParameters;
use crate::auth::Member;
use crate::body::{Json, Nothing};
use crate::context::{Context, Shared};
use crate::path::Id;
use crate::problem::Problem;
use crate::query::Query;
use crate::shown::given;
use crate::trace::Trace;
use crate::webhooks::{Sent, Settings, TestInput};

const PROFILE: &str = "govalid";
/// The guide's logs have no pages, so they are the newest deliveries; the native interface has them all.
const MOST_LOGS: u32 = 200;

pub(super) fn routes() -> Router<Shared> {
    ["", "/"].into_iter().fold(Router::new(), |router, slash| {
        router
            .route(&format!("/api/v1/webhooks{slash}"), post(register).get(list))
            .route(&format!("/api/v1/webhooks/{{id}}{slash}"), patch(update).delete(delete))
            .route(&format!("/api/v1/webhooks/{{id}}/test{slash}"), post(test))
            .route(&format!("/api/v1/webhooks/{{id}}/logs{slash}"), get(logs))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    url: Option<String>,
    events: Option<Vec<String>>,
    secret: Option<String>,
    description: Option<String>,
    active: Option<bool>,
}

/// The answer to registering. The caller gave the secret and is not shown it.
#[derive(Serialize)]
struct Registered {
    id: WebhookId,
    url: String,
    events: Vec<Pattern>,
    active: bool,
    created_at: String,
}

async fn register(
    State(shared): State<Shared>,
    member: Member,
    Json(input): Json<Registration>,
) -> Result<(StatusCode, axum::Json<Registered>), Problem> {
    let settings = Settings {
        url: input.url,
        events: input.events,
        secret: input.secret,
        description: input.description,
        is_active: input.active,
        profile: Some(PROFILE.to_owned()),
        ..Settings::default()
    };
    let (webhook, _) = shared.make_webhook(&member, settings).await?;
    let registered = Registered {
        id: webhook.id,
        url: webhook.url,
        events: webhook.events,
        active: webhook.is_active,
        created_at: webhook.created_at.in_seconds(),
    };
    Ok((StatusCode::CREATED, axum::Json(registered)))
}

/// A list, whole.
#[derive(Serialize)]
struct Results<T> {
    count: usize,
    results: Vec<T>,
}

impl<T> FromIterator<T> for Results<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let results: Vec<_> = items.into_iter().collect();
        Self { count: results.len(), results }
    }
}

#[derive(Serialize)]
struct Item {
    id: WebhookId,
    url: String,
    events: Vec<Pattern>,
    active: bool,
    last_triggered: Option<String>,
    success_count: u64,
    failure_count: u64,
    created_at: String,
}

impl Item {
    fn of(webhook: Webhook, stats: WebhookStats) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            events: webhook.events,
            active: webhook.is_active,
            last_triggered: stats.last_triggered.map(|time| time.in_seconds()),
            success_count: stats.success_count,
            failure_count: stats.failure_count,
            created_at: webhook.created_at.in_seconds(),
        }
    }
}

async fn items(shared: &Context, member: &Member, webhooks: Vec<Webhook>) -> Result<Results<Item>, Problem> {
    let stats = shared.stats(member.tenant.number, &webhooks).await?;
    Ok(webhooks.into_iter().zip(stats).map(|(webhook, stats)| Item::of(webhook, stats)).collect())
}

async fn list(
    State(shared): State<Shared>,
    member: Member,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<axum::Json<Results<Item>>, Problem> {
    let webhooks = shared.webhooks_under(PROFILE, &member).await?;
    Ok(axum::Json(items(&shared, &member, webhooks).await?))
}

/// What changes. A new secret signs from now on, as whoever reads the guide expects.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    #[serde(default, deserialize_with = "given")]
    url: Option<Value>,
    #[serde(default, deserialize_with = "given")]
    events: Option<Value>,
    #[serde(default, deserialize_with = "given")]
    secret: Option<String>,
    #[serde(default, deserialize_with = "given")]
    description: Option<Value>,
    #[serde(default, deserialize_with = "given")]
    active: Option<Value>,
}

async fn update(
    State(shared): State<Shared>,
    member: Member,
    Id(id): Id<WebhookId>,
    Json(input): Json<Update>,
) -> Result<axum::Json<Item>, Problem> {
    shared.webhook_under(PROFILE, &member, id).await?;
    let members =
        [("url", input.url), ("events", input.events), ("description", input.description), ("is_active", input.active)];
    let patch: Map<_, _> =
        members.into_iter().filter_map(|(name, value)| value.map(|value| (name.to_owned(), value))).collect();
    let changed = shared.patch_webhook(&member, id, &Value::Object(patch), input.secret.as_deref()).await;
    let webhook = changed.map_err(|problem| problem.renaming("/is_active", "/active"))?;
    let item = items(&shared, &member, vec![webhook]).await?.results.pop();
    item.map(axum::Json).ok_or_else(Problem::internal)
}

async fn delete(State(shared): State<Shared>, member: Member, Id(id): Id<WebhookId>) -> Result<StatusCode, Problem> {
    shared.webhook_under(PROFILE, &member, id).await?;
    shared.delete_webhook(&member, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn test(
    State(shared): State<Shared>,
    member: Member,
    Id(id): Id<WebhookId>,
    Trace(trace): Trace,
    Json(Nothing {}): Json<Nothing>,
) -> Result<(StatusCode, axum::Json<Sent>), Problem> {
    let webhook = shared.webhook_under(PROFILE, &member, id).await?;
    let sent = shared.test_webhook(webhook, TestInput::default(), trace).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(sent)))
}

#[derive(Serialize)]
struct Log {
    id: DeliveryId,
    event: String,
    status: DeliveryStatus,
    status_code: Option<u16>,
    response_time_ms: Option<u32>,
    attempt: u16,
    created_at: String,
}

impl From<DeliveryRow> for Log {
    fn from(row: DeliveryRow) -> Self {
        Self {
            id: row.reference.id,
            event: row.event_type,
            status: row.status,
            status_code: row.status_code,
            response_time_ms: row.response_time_ms,
            attempt: row.attempt,
            created_at: row.created_at.in_seconds(),
        }
    }
}

async fn logs(
    State(shared): State<Shared>,
    member: Member,
    Id(id): Id<WebhookId>,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<axum::Json<Results<Log>>, Problem> {
    let webhook = shared.webhook_under(PROFILE, &member, id).await?;
    let newest = PageRequest { limit: MOST_LOGS, after: None };
    let page = shared.reports.deliveries(webhook.tenant, id, &DeliveryFilter::default(), newest).await?;
    Ok(axum::Json(page.rows.into_iter().map(Log::from).collect()))
}
