//! vali-Das' guide: `/validas/v1/webhook/…`. A tenant has one webhook there, whose settings are written as a whole. It gets
//! what happens to validations: `validation.<status>`, where an event's `subject` is the validation.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use fanfare_domain::webhook::{Auth as StoredAuth, Webhook};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::NoParameters;
use crate::auth::Member;
use crate::body::{Json, Nothing};
use crate::changes::TRIES;
use crate::context::{Context, Shared};
use crate::problem::Problem;
use crate::query::Query;
use crate::trace::Trace;
use crate::webhooks::{Auth, OAUTH2, Sent, Settings, TestInput};

const PROFILE: &str = "validas";
/// All statuses that the guide knows, and those that it may come to know.
const EVENTS: &str = "validation.*";

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/validas/v1/webhook/settings", post(put_settings).get(get_settings))
        .route("/validas/v1/webhook/test", post(test))
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    url: Option<String>,
    oauth: Option<OAuthInput>,
    is_active: Option<bool>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct OAuthInput {
    token_url: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    scope: Option<String>,
    audience: Option<String>,
}

impl Input {
    /// As a new webhook's settings.
    fn settings(self) -> Settings {
        let auth = self.oauth.map(|oauth| Auth {
            kind: Some(OAUTH2.to_owned()),
            token_url: oauth.token_url,
            client_id: oauth.client_id,
            client_secret: oauth.client_secret,
            scope: oauth.scope,
            audience: oauth.audience,
            ..Auth::default()
        });
        Settings {
            url: self.url,
            events: Some(vec![EVENTS.to_owned()]),
            is_active: self.is_active,
            profile: Some(PROFILE.to_owned()),
            auth,
            ..Settings::default()
        }
    }

    /// As a merge patch that takes what is left out back to its default.
    fn patch(&self) -> Value {
        let auth = self.oauth.as_ref().map(|oauth| {
            json!({
                "type": OAUTH2, "token_url": oauth.token_url, "client_id": oauth.client_id,
                "client_secret": oauth.client_secret, "scope": oauth.scope, "audience": oauth.audience,
            })
        });
        json!({"url": self.url, "is_active": self.is_active, "auth": auth})
    }
}

/// Settings as they are shown, without the client's secret.
#[derive(Serialize)]
struct Shown {
    url: String,
    oauth: Option<OAuthShown>,
    is_active: bool,
    /// What signs; only in the answer to making them.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

#[derive(Serialize)]
struct OAuthShown {
    token_url: String,
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<String>,
}

impl Shown {
    fn of(webhook: Webhook, secret: Option<String>) -> Self {
        let oauth = webhook.auth.and_then(|auth| match auth {
            StoredAuth::OAuth2 { token_url, client_id, client_secret: _, scope, audience, auth_method: _ } => {
                Some(OAuthShown { token_url, client_id, scope, audience })
            }
            StoredAuth::Basic { .. } | StoredAuth::Bearer { .. } => None,
        });
        Self { url: webhook.url, oauth, is_active: webhook.is_active, secret }
    }
}

/// The tenant's webhook; its first, should it have made others by the native interface.
async fn webhook(shared: &Context, member: &Member) -> Result<Option<Webhook>, Problem> {
    Ok(shared.webhooks_under(PROFILE, member).await?.pop())
}

fn no_settings() -> Problem {
    Problem::not_found("there are no webhook settings; make them with POST /validas/v1/webhook/settings")
}

async fn put_settings(
    State(shared): State<Shared>,
    member: Member,
    Json(input): Json<Input>,
) -> Result<(StatusCode, axum::Json<Shown>), Problem> {
    for _ in 0..TRIES {
        let written = written(&shared, &member, &input).await;
        if let Some((status, shown)) = written.map_err(|problem| problem.renaming("/auth", "/oauth"))? {
            return Ok((status, axum::Json(shown)));
        }
    }
    Err(Problem::conflict("others write these settings at the same time; look at them and try again"))
}

/// Makes the settings or replaces them; `None` if they were made or deleted by somebody else meanwhile.
async fn written(shared: &Context, member: &Member, input: &Input) -> Result<Option<(StatusCode, Shown)>, Problem> {
    let Some(webhook) = webhook(shared, member).await? else {
        let made = shared.make_only_webhook(member, input.clone().settings()).await?;
        return Ok(made.map(|(webhook, secret)| (StatusCode::CREATED, Shown::of(webhook, Some(secret)))));
    };
    match shared.patch_webhook(member, webhook.id, &input.patch(), None).await {
        Ok(webhook) => Ok(Some((StatusCode::OK, Shown::of(webhook, None)))),
        Err(problem) if problem.is_not_found() => Ok(None),
        Err(problem) => Err(problem),
    }
}

async fn get_settings(
    State(shared): State<Shared>,
    member: Member,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<axum::Json<Shown>, Problem> {
    let webhook = webhook(&shared, &member).await?.ok_or_else(no_settings)?;
    Ok(axum::Json(Shown::of(webhook, None)))
}

async fn test(
    State(shared): State<Shared>,
    member: Member,
    Trace(trace): Trace,
    Json(Nothing {}): Json<Nothing>,
) -> Result<(StatusCode, axum::Json<Sent>), Problem> {
    let webhook = webhook(&shared, &member).await?.ok_or_else(no_settings)?;
    let sent = shared.test_webhook(webhook, TestInput::default(), trace).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(sent)))
}
