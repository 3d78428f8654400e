//! Webhooks: made, looked at, changed and deleted.

mod auth;
mod check;
pub(crate) mod headers;
mod limits;
mod managing;
mod patch;
mod rotation;
mod schemas;
mod secrets;
mod settings;
mod shown;
mod trials;

use axum::extract::State;
use fanfare_domain::ids::WebhookId;
use fanfare_ports::store::WebhookStats;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Member;
use crate::body::{Json, RawJson, parse};
use crate::context::Shared;
use crate::path::Id;
use crate::problem::Problem;
use crate::query::{List, ListQuery, Query};

use self::schemas::WebhookPatch;
use self::shown::WebhookShown;

pub(crate) use self::settings::{Auth, OAUTH2, Settings};
pub(crate) use self::trials::{Sent, TestInput};

const LIST: &str = "webhooks";

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(create_webhook, list_webhooks))
        .routes(routes!(get_webhook, update_webhook, delete_webhook))
        .merge(rotation::routes())
        .merge(trials::routes())
}

/// Make a webhook
///
/// The answer alone shows its secret. Nothing is resolved or called: that happens with each attempt.
#[utoipa::path(post, path = "/v1/webhooks", tag = "Webhooks", request_body = Settings,
    responses((status = 201, body = WebhookShown, description = "It was made; the answer shows its secret")))]
async fn create_webhook(
    State(shared): State<Shared>,
    member: Member,
    Json(settings): Json<Settings>,
) -> Result<(StatusCode, axum::Json<WebhookShown>), Problem> {
    let (webhook, secret) = shared.make_webhook(&member, settings).await?;
    let mut shown = shared.show(webhook, WebhookStats::default());
    shown.reveal(secret);
    Ok((StatusCode::CREATED, axum::Json(shown)))
}

/// List webhooks
#[utoipa::path(get, path = "/v1/webhooks", tag = "Webhooks", params(ListQuery),
    responses((status = 200, body = List<WebhookShown>)))]
async fn list_webhooks(
    State(shared): State<Shared>,
    member: Member,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<List<WebhookShown>>, Problem> {
    let page = shared.registry.webhooks(member.tenant.number, query.page(LIST)?).await?;
    let mut stats = shared.stats(member.tenant.number, &page.rows).await?.into_iter();
    Ok(axum::Json(List::of(LIST, page, |webhook| shared.show(webhook, stats.next().unwrap_or_default()))))
}

/// Look at a webhook
#[utoipa::path(get, path = "/v1/webhooks/{id}", tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook's id")), responses((status = 200, body = WebhookShown)))]
async fn get_webhook(
    State(shared): State<Shared>,
    member: Member,
    Id(id): Id<WebhookId>,
) -> Result<axum::Json<WebhookShown>, Problem> {
    let webhook = shared.webhook(&member, id).await?;
    Ok(axum::Json(shared.shown(webhook).await?))
}

/// Change a webhook
///
/// A JSON merge patch (RFC 7396): members that are left out stay, `null` takes a member back to its default, `headers`,
/// `auth`, `retry`, `rate_limit`, `disable` and `metadata` are merged. `…` for a hidden value keeps it. An `auth` of another
/// `type` replaces the one before. A webhook's `profile` cannot change; its secret is changed by rotating it.
#[utoipa::path(patch, path = "/v1/webhooks/{id}", tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook's id")),
    request_body(content((WebhookPatch = "application/merge-patch+json"), (WebhookPatch = "application/json"))),
    responses((status = 200, body = WebhookShown)))]
async fn update_webhook(
    State(shared): State<Shared>,
    member: Member,
    Id(id): Id<WebhookId>,
    RawJson(body): RawJson,
) -> Result<axum::Json<WebhookShown>, Problem> {
    let webhook = shared.patch_webhook(&member, id, &parse(&body)?, None).await?;
    Ok(axum::Json(shared.shown(webhook).await?))
}

/// Delete a webhook
///
/// What waits for it is cancelled; its deliveries stay to be seen.
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "Webhooks",
    params(("id" = String, Path, description = "The webhook's id")), responses((status = 204, description = "It is gone")))]
async fn delete_webhook(
    State(shared): State<Shared>,
    member: Member,
    Id(id): Id<WebhookId>,
) -> Result<StatusCode, Problem> {
    shared.delete_webhook(&member, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
