//! Signing in: an API key, or a link that opens once, is exchanged for a session, which a cookie holds that no script sees.
//!
//! A session counts only together with the header `Fanfare-Session`, which says whose it is: the dashboard's or a portal's. No other
//! site can make a browser send that header, since nothing here answers to CORS; besides, what changes something must not come
//! from another origin.

mod cookie;
mod origin;

use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fanfare_domain::ids::TenantId;
use fanfare_domain::tenant::Scope;
use fanfare_domain::time::Timestamp;
use fanfare_intake::{Caller, hash_key};
use fanfare_ports::store::{Access, Grant, Link, PassHash, Session as Kept, Sessions, StoreError};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use self::cookie::Holder;
pub(crate) use self::origin::base_url;

use crate::auth::{Known, of_grant};
use crate::body::Json;
use crate::context::{Context, Shared};
use crate::problem::Problem;

/// How often what has expired is forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(600);

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(sign_in, get_session, sign_out))
}

/// What somebody signs in with: one of both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// An API key, or the operator's.
    #[schema(example = "fk_…")]
    key: Option<String>,
    /// The token of a link that opens once.
    link: Option<String>,
}

/// Who has signed in.
#[derive(Serialize, ToSchema)]
struct Session {
    /// `operator` or `tenant`.
    #[schema(value_type = RoleWord)]
    role: &'static str,
    /// The tenant; `null` for operators, who may choose.
    #[schema(value_type = Option<String>)]
    tenant: Option<TenantId>,
    /// The tenant's name for people.
    tenant_name: Option<String>,
    /// The profile of the tenant's webhooks that name none.
    default_profile: Option<String>,
    /// `manage` or `read`.
    #[schema(value_type = AccessWord)]
    access: Access,
    /// Whether this is a tenant's portal.
    portal: bool,
    /// Whom the portal's link was given to.
    name: Option<String>,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Who somebody is; only the words, for the description.
#[derive(ToSchema)]
#[schema(as = Role, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what is written as text")]
enum RoleWord {
    /// Sees all tenants.
    Operator,
    /// Sees one.
    Tenant,
}

/// What may be done in a portal; only its words, for the description.
#[derive(ToSchema)]
#[schema(as = Access, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes fanfare_ports' Access, which knows nothing of OpenAPI")]
pub(crate) enum AccessWord {
    /// See everything of the tenant.
    Read,
    /// Manage its webhooks and deliveries, too.
    Manage,
}

/// A new secret and the hash that it is kept by.
pub(crate) fn make_pass() -> (String, PassHash) {
    let text = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let hash = hash(&text);
    (text, hash)
}

fn hash(text: &str) -> PassHash {
    Sha256::digest(text).into()
}

/// Makes a link that signs in whoever holds `key` to the dashboard, once and within `opens_within`, and answers with what stands
/// behind the address of the service.
///
/// # Errors
/// [`StoreError`] if it cannot be kept.
pub async fn make_sign_in_link(
    sessions: &dyn Sessions,
    key: &str,
    now: Timestamp,
    opens_within: Duration,
    session: Duration,
) -> Result<String, StoreError> {
    let (token, hash) = make_pass();
    let link = Link { grant: Grant::Key(hash_key(key)), expires_at: now.plus(opens_within), session };
    sessions.put_link(&hash, &link).await?;
    Ok(format!("/dashboard/sign-in#link={token}"))
}

/// The session that a request's cookie holds, if it says that it comes with one.
pub(crate) async fn of_request(parts: &Parts, shared: &Context) -> Result<Option<Kept>, Problem> {
    let Some(holder) = Holder::named(&parts.headers)? else { return Ok(None) };
    if !parts.method.is_safe() {
        origin::check(parts, shared)?;
    }
    let Some(token) = holder.token(&parts.headers) else {
        return Err(Problem::unauthorized("nobody is signed in here"));
    };
    let found = shared.sessions.session(&hash(token), shared.clock.now()).await?;
    found.map(Some).ok_or_else(|| Problem::unauthorized("the session has ended: sign in again"))
}

/// Sign in
///
/// Exchanges an API key, or a link's token, for a session in a cookie. The header `Fanfare-Session` says for which application:
/// `dashboard` or `portal`.
#[utoipa::path(post, path = "/v1/session", tag = "Sessions", request_body = SignIn,
    responses((status = 201, body = Session, description = "Somebody has signed in"),
        (status = 401, description = "The key is not known, or the link has been used or has expired")))]
async fn sign_in(
    State(shared): State<Shared>,
    headers: HeaderMap,
    request: SignInRequest,
) -> Result<Response, Problem> {
    let holder = Holder::named(&headers)?
        .ok_or_else(|| Problem::bad_request("the header Fanfare-Session must be `dashboard` or `portal`"))?;
    let now = shared.clock.now();
    let (grant, lasts) = match request.0 {
        SignIn { key: Some(key), link: None } => (of_key(&shared, &key).await?, shared.config.session),
        SignIn { key: None, link: Some(link) } => {
            let link = shared.sessions.take_link(&hash(&link), now).await?.ok_or_else(|| {
                Problem::unauthorized("the link has been used, or its time is over: each opens once; ask for a new one")
            })?;
            (link.grant, link.session)
        }
        _ => return Err(Problem::bad_request("exactly one of `key` and `link` is needed")),
    };
    if grant.portal_of().is_some() != (holder == Holder::Portal) {
        return Err(Problem::forbidden("this lets in to another application: the link says to which"));
    }
    let kept = Kept { grant, expires_at: now.plus(lasts) };
    let shown = show(&kept, &shared).await?;
    let (token, hash) = make_pass();
    shared.sessions.put_session(&hash, &kept).await?;
    let cookie = holder.cookie(&token, lasts, origin::is_encrypted(&headers, &shared), shared.portal_is_framed);
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], axum::Json(shown)).into_response())
}

/// A body to sign in with, from our own pages alone: nobody else shall sign a browser in.
struct SignInRequest(SignIn);

impl FromRequest<Shared> for SignInRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        origin::check(&parts, shared)?;
        let Json(input) = Json::from_request(Request::from_parts(parts, body), shared).await?;
        Ok(Self(input))
    }
}

async fn of_key(shared: &Context, key: &str) -> Result<Grant, Problem> {
    let grant = Grant::Key(hash_key(key.trim()));
    let known = of_grant(grant.clone(), shared).await.map_err(|problem| {
        if problem.is_unauthorized() { Problem::unauthorized("nobody has this key, or no longer") } else { problem }
    })?;
    match known {
        Known::Key(caller) if caller.scope() == Scope::Publish => {
            Err(Problem::forbidden("this key may publish events and nothing else: it opens no dashboard"))
        }
        _ => Ok(grant),
    }
}

/// See who has signed in
#[utoipa::path(get, path = "/v1/session", tag = "Sessions", responses((status = 200, body = Session)))]
async fn get_session(State(shared): State<Shared>, held: Held) -> Result<axum::Json<Session>, Problem> {
    show(&held.session, &shared).await.map(axum::Json)
}

/// Sign out
///
/// Ends the session.
#[utoipa::path(delete, path = "/v1/session", tag = "Sessions", responses((status = 204, description = "It has ended")))]
async fn sign_out(State(shared): State<Shared>, headers: HeaderMap, held: Held) -> Result<Response, Problem> {
    shared.sessions.end_session(&held.hash).await?;
    let encrypted = origin::is_encrypted(&headers, &shared);
    let cookie = held.holder.cookie("", Duration::ZERO, encrypted, shared.portal_is_framed);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// The session that a request's cookie holds.
struct Held {
    holder: Holder,
    hash: PassHash,
    session: Kept,
}

impl FromRequestParts<Shared> for Held {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let nobody = || Problem::unauthorized("nobody is signed in here");
        let session = of_request(parts, shared).await?.ok_or_else(nobody)?;
        let holder = Holder::named(&parts.headers)?.ok_or_else(nobody)?;
        let hash = hash(holder.token(&parts.headers).ok_or_else(nobody)?);
        Ok(Self { holder, hash, session })
    }
}

async fn show(session: &Kept, shared: &Context) -> Result<Session, Problem> {
    let (role, tenant, access, portal, name) = match of_grant(session.grant.clone(), shared).await? {
        Known::Key(caller) => match caller {
            Caller::Operator { .. } => ("operator", None, Access::Manage, false, None),
            Caller::Tenant { tenant, .. } => ("tenant", shared.catalogue.tenant(tenant), Access::Manage, false, None),
        },
        Known::Portal { tenant, access, name } => ("tenant", Some(tenant), access, true, name),
    };
    Ok(Session {
        role,
        tenant: tenant.as_ref().map(|tenant| tenant.id.clone()),
        tenant_name: tenant.as_ref().and_then(|tenant| tenant.name.clone()),
        default_profile: tenant.map(|tenant| tenant.default_profile.clone()),
        access,
        portal,
        name,
        expires_at: session.expires_at,
    })
}

/// Forgets what has expired, now and then, until `stop`.
pub(crate) async fn forget(shared: &Shared, stop: &CancellationToken) {
    let forgetting = async {
        loop {
            if let Err(error) = shared.sessions.forget_expired(shared.clock.now()).await {
                tracing::debug!(%error, "expired sessions were not forgotten yet");
            }
            shared.clock.sleep(FORGET_EVERY).await;
        }
    };
    stop.run_until_cancelled(forgetting).await;
}
