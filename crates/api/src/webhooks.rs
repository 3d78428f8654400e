//! Webhooks: made, looked at, changed and deleted.

mod auth;
mod check;
mod headers;
mod limits;
mod patch;
mod rotation;
mod schemas;
mod secrets;
mod settings;
mod shown;
mod trials;

use axum::extract::State;
use fanfare_domain::ids::WebhookId;
use fanfare_domain::profile::Profile;
use fanfare_domain::webhook::Webhook;
use fanfare_ports::store::{Change, StoreError, WebhookStats};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Member;
use crate::body::{Json, RawJson, parse};
use crate::changes::{Line, TRIES};
use crate::context::{Context, Shared};
use crate::path::Id;
use crate::problem::Problem;
use crate::query::{List, ListQuery, Query};

use self::schemas::WebhookPatch;
use self::settings::Settings;
use self::shown::WebhookShown;

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
    let (webhook, secret) = check::new_webhook(&shared, &member.tenant, settings)?;
    let line = line(&member, "webhook.create", webhook.id, Vec::new());
    match shared.change(Change::PutWebhook(Box::new(webhook.clone())), line).await {
        Err(StoreError::NotFound) => return Err(Problem::not_found("the tenant has been deleted")),
        done => done?,
    }
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
    let ids: Vec<_> = page.rows.iter().map(|webhook| webhook.id).collect();
    let mut stats = shared.reports.stats(member.tenant.number, &ids).await?.into_iter();
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
    let patch = parse(&body)?;
    let changed = shared
        .update_webhook(&member, id, "webhook.update", |webhook| {
            let settings = patch::patched(webhook, shared.signing_is_open(webhook), &patch)?;
            check::changed_webhook(&shared, webhook, settings)
        })
        .await?;
    if changed.before.rate_limit != changed.after.rate_limit || (changed.before.is_active && !changed.after.is_active) {
        shared.open_gate(id).await;
    }
    Ok(axum::Json(shared.shown(changed.after).await?))
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
    let line = line(&member, "webhook.delete", id, Vec::new());
    match shared.change(Change::DeleteWebhook(member.tenant.number, id), line).await {
        Err(StoreError::NotFound) => return Err(no_webhook(id)),
        done => done?,
    }
    shared.open_gate(id).await;
    Ok(StatusCode::NO_CONTENT)
}

fn line<'a>(member: &'a Member, action: &'static str, id: WebhookId, fields: Vec<String>) -> Line<'a> {
    Line { actor: &member.actor, action, tenant: Some(&member.tenant.id), target: id.to_string(), fields }
}

fn no_webhook(id: WebhookId) -> Problem {
    Problem::not_found(format!("there is no webhook {id}"))
}

/// A webhook before and after a change.
pub(crate) struct Changed {
    before: Webhook,
    after: Webhook,
}

impl Context {
    /// A tenant's webhook.
    pub(crate) async fn webhook(&self, member: &Member, id: WebhookId) -> Result<Webhook, Problem> {
        self.registry.webhook(member.tenant.number, id).await?.ok_or_else(|| no_webhook(id))
    }

    async fn shown(&self, webhook: Webhook) -> Result<WebhookShown, Problem> {
        let stats = self.reports.stats(webhook.tenant, &[webhook.id]).await?;
        Ok(self.show(webhook, stats.into_iter().next().unwrap_or_default()))
    }

    fn show(&self, webhook: Webhook, stats: WebhookStats) -> WebhookShown {
        let signing_is_open = self.signing_is_open(&webhook);
        WebhookShown::of(webhook, signing_is_open, stats, self.clock.now())
    }

    /// Whether the webhook's profile leaves a choice of signatures.
    fn signing_is_open(&self, webhook: &Webhook) -> bool {
        self.profiles.get(&webhook.profile).is_some_and(|profile| profile.signature.ed25519)
    }

    /// The webhook's profile, which the operator may have taken away.
    fn profile_of(&self, webhook: &Webhook) -> Result<&Profile, Problem> {
        let profile = self.profiles.get(&webhook.profile).map(AsRef::as_ref);
        profile.ok_or_else(|| {
            Problem::conflict(format!("the operator has taken away the webhook's profile, {}", webhook.profile))
        })
    }

    /// Changes a webhook to what `make` makes of it; asks again on what somebody else has made of it meanwhile. What does
    /// not change it is not written.
    async fn update_webhook(
        &self,
        member: &Member,
        id: WebhookId,
        action: &'static str,
        mut make: impl FnMut(&Webhook) -> Result<Webhook, Problem>,
    ) -> Result<Changed, Problem> {
        for _ in 0..TRIES {
            let before = self.webhook(member, id).await?;
            let mut after = make(&before)?;
            let fields = shown::changed_fields(&before, &after);
            if fields.is_empty() {
                return Ok(Changed { after: before.clone(), before });
            }
            after.version = before.version + 1;
            after.updated_at = self.clock.now();
            let change = Change::PutWebhook(Box::new(after.clone()));
            match self.change(change, line(member, action, id, fields)).await {
                Err(StoreError::Conflict) => {}
                Err(StoreError::NotFound) => return Err(no_webhook(id)),
                done => {
                    done?;
                    return Ok(Changed { before, after });
                }
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// What waits in the webhook's own queue must not wait for a pace that no longer is. If this fails it goes on at the old
    /// pace, which is no reason to refuse the change.
    async fn open_gate(&self, id: WebhookId) {
        if let Err(error) = self.schedule.open_gate(id).await {
            tracing::warn!(%error, webhook = %id, "deliveries go on at the webhook's old pace");
        }
    }
}
