//! The profiles that there are, and what they send.

use std::collections::BTreeMap;

use axum::extract::State;
use fanfare_domain::event_type::EventType;
use fanfare_domain::ids::{EventId, WebhookId};
use fanfare_domain::profile::{
    AuthRule, Content, HeaderValue, Holds, KeyEncoding, Profile as DomainProfile, SecretOrigin, SignatureScheme,
};
use fanfare_domain::render::{EventParts, SigningSecrets, render, sign};
use fanfare_domain::webhook::Signing;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::words::{AuthWord, HoldsWord, KeyWord, OriginWord, SchemeWord};
use crate::auth::{Asked, Member};
use crate::body::EventJson;
use crate::context::Shared;
use crate::path::Id;
use crate::problem::{FieldProblems, Problem};
use crate::webhooks::headers::check_shown;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(list_profiles)).routes(routes!(sample_of_profile))
}

/// The rules that a webhook is delivered under.
#[derive(Serialize, ToSchema)]
struct Profile {
    /// Its name.
    #[schema(example = "standard")]
    name: String,
    /// The `Content-Type` header.
    content_type: String,
    /// How deliveries are signed.
    signature: SignatureShown,
    /// Which secrets are taken.
    secret: SecretShown,
    /// Which credentials a webhook must have: `optional` or `oauth2_client_credentials`.
    #[schema(value_type = AuthWord)]
    auth: &'static str,
    /// The limit for an answer.
    #[schema(example = "15s")]
    timeout: String,
    /// When attempts are made.
    retry: RetryShown,
    /// What switches a failing webhook off.
    disable: DisableShown,
    /// Which statuses are success.
    success: StatusesShown,
}

/// How deliveries are signed.
#[derive(Serialize, ToSchema)]
#[schema(as = ProfileSignature)]
struct SignatureShown {
    /// `standard`: `v1,<base64>` over `{id}.{timestamp}.{body}`; `sha256_hex`: `sha256=<hexadecimal>` over the body.
    #[schema(value_type = SchemeWord)]
    scheme: &'static str,
    /// The header that holds the signature.
    header: Option<String>,
    /// The header that holds the event's id, which is signed too under `standard`.
    id_header: Option<String>,
    /// The header that holds the time in Unix seconds, which is signed too under `standard`.
    timestamp_header: Option<String>,
    /// How many signatures it may hold: `one` or `several`.
    #[schema(value_type = HoldsWord)]
    holds: &'static str,
    /// Whether webhooks may be signed with ed25519.
    ed25519: bool,
}

/// Which secrets are taken.
#[derive(Serialize, ToSchema)]
#[schema(as = ProfileSecret)]
struct SecretShown {
    /// What of a secret is the key: `whsec`, the bytes in base64 after `whsec_`, or `text`, its own bytes.
    #[schema(value_type = KeyWord)]
    key: &'static str,
    /// Where secrets come from: `made_or_given`, `made` or `given`.
    #[schema(value_type = OriginWord)]
    origin: &'static str,
    /// The least number of characters of one that is given.
    least_length: usize,
}

/// When attempts are made.
#[derive(Serialize, ToSchema)]
#[schema(as = ProfileRetry)]
struct RetryShown {
    /// Delays before each attempt.
    #[schema(example = json!(["0s", "5s"]))]
    delays: Vec<String>,
    /// The part of itself by which each may vary.
    jitter: f64,
}

/// What switches a failing webhook off.
#[derive(Serialize, ToSchema)]
#[schema(as = ProfileDisable)]
struct DisableShown {
    /// An answer of 410.
    gone: bool,
    /// Nothing but failures for so long.
    failing_for: Option<String>,
    /// So many failures in a row.
    failures_in_a_row: Option<u32>,
    /// A delivery whose attempts have all failed.
    delivery_exhausted: bool,
}

/// Statuses from one to another, both included.
#[derive(Serialize, ToSchema)]
#[schema(as = Statuses)]
struct StatusesShown {
    /// The first.
    from: u16,
    /// The last.
    to: u16,
}

impl From<&DomainProfile> for Profile {
    fn from(profile: &DomainProfile) -> Self {
        let header_of = |wanted: HeaderValue| {
            let shows =
                |content: &Content<HeaderValue>| matches!(content, Content::Shown { value, .. } if *value == wanted);
            let header = profile.headers.iter().find(|header| shows(&header.content));
            header.map(|header| header.name.clone())
        };
        let time = |duration| humantime::format_duration(duration).to_string();
        Self {
            name: profile.name.clone(),
            content_type: profile.content_type.clone(),
            signature: SignatureShown {
                scheme: match profile.signature.scheme {
                    SignatureScheme::Standard => "standard",
                    SignatureScheme::Sha256Hex => "sha256_hex",
                },
                header: header_of(HeaderValue::Signature),
                id_header: header_of(HeaderValue::EventId),
                timestamp_header: header_of(HeaderValue::Timestamp),
                holds: match profile.signature.holds {
                    Holds::One => "one",
                    Holds::Several => "several",
                },
                ed25519: profile.signature.ed25519,
            },
            secret: SecretShown {
                key: match profile.secret.key {
                    KeyEncoding::Whsec => "whsec",
                    KeyEncoding::Text => "text",
                },
                origin: match profile.secret.origin {
                    SecretOrigin::MadeOrGiven => "made_or_given",
                    SecretOrigin::Made => "made",
                    SecretOrigin::Given => "given",
                },
                least_length: profile.secret.least_length,
            },
            auth: match profile.auth {
                AuthRule::Optional => "optional",
                AuthRule::OAuth2 => "oauth2_client_credentials",
            },
            timeout: time(profile.timeout),
            retry: RetryShown {
                delays: profile.retry.delays().iter().map(|delay| time(*delay)).collect(),
                jitter: profile.retry.jitter(),
            },
            disable: DisableShown {
                gone: profile.disable.gone,
                failing_for: profile.disable.failing_for.map(time),
                failures_in_a_row: profile.disable.failures_in_a_row.map(|number| number.get()),
                delivery_exhausted: profile.disable.delivery_exhausted,
            },
            success: StatusesShown { from: profile.success.from, to: profile.success.to },
        }
    }
}

/// The words of a profile's rules, for the description alone: the rules themselves know nothing of OpenAPI.
mod words {
    #![expect(dead_code, reason = "describes fanfare_domain's enums")]

    use utoipa::ToSchema;

    #[derive(ToSchema)]
    #[schema(as = SignatureScheme, rename_all = "snake_case")]
    pub(super) enum SchemeWord {
        /// `v1,<base64>` over `{id}.{timestamp}.{body}`.
        Standard,
        /// `sha256=<hexadecimal>` over the body.
        #[schema(rename = "sha256_hex")]
        Sha256Hex,
    }

    #[derive(ToSchema)]
    #[schema(as = SignaturesHeld, rename_all = "snake_case")]
    pub(super) enum HoldsWord {
        One,
        Several,
    }

    #[derive(ToSchema)]
    #[schema(as = SecretKey, rename_all = "snake_case")]
    pub(super) enum KeyWord {
        Whsec,
        Text,
    }

    #[derive(ToSchema)]
    #[schema(as = SecretOrigin, rename_all = "snake_case")]
    pub(super) enum OriginWord {
        MadeOrGiven,
        Made,
        Given,
    }

    #[derive(ToSchema)]
    #[schema(as = AuthRule, rename_all = "snake_case")]
    pub(super) enum AuthWord {
        Optional,
        #[schema(rename = "oauth2_client_credentials")]
        OAuth2,
    }
}

/// All profiles.
#[derive(Serialize, ToSchema)]
struct ProfileList {
    /// The profiles.
    data: Vec<Profile>,
}

/// An event as a sample shows it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SampleOf {
    /// Its type.
    #[serde(rename = "type")]
    #[schema(example = "qr.scanned")]
    event_type: String,
    /// Its data: any JSON value; `{}`, if not given.
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<Box<RawValue>>,
    /// Headers that the webhook sends along.
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// What a receiver would get.
#[derive(Serialize, ToSchema)]
struct ProfileSample {
    /// Name and value of each header of the profile and of the webhook, in order.
    headers: Vec<(String, String)>,
    /// The body.
    body: String,
    /// The secret that it was signed with, made for this sample.
    secret: String,
}

/// List profiles
#[utoipa::path(get, path = "/v1/profiles", tag = "Webhooks", responses((status = 200, body = ProfileList)))]
async fn list_profiles(State(shared): State<Shared>, _: Asked) -> axum::Json<ProfileList> {
    let data =
        shared.profiles.names().filter_map(|name| shared.profiles.get(name)).map(|profile| Profile::from(&**profile));
    axum::Json(ProfileList { data: data.collect() })
}

/// See what a profile sends
///
/// The headers and body that a receiver would get, signed with a secret made for this sample.
#[utoipa::path(post, path = "/v1/profiles/{name}/sample", tag = "Webhooks", request_body = SampleOf,
    params(("name" = String, Path, description = "The profile's name")), responses((status = 200, body = ProfileSample)))]
async fn sample_of_profile(
    State(shared): State<Shared>,
    member: Member,
    Id(name): Id<String>,
    EventJson(input): EventJson<SampleOf>,
) -> Result<axum::Json<ProfileSample>, Problem> {
    let profile = shared.profiles.get(&name);
    let profile = profile.ok_or_else(|| Problem::not_found(format!("no profile is called {name:?}")))?;
    let event_type: EventType =
        input.event_type.parse().map_err(|error| Problem::field("/type", format!("{error}")))?;
    let data = input.data.as_ref().map_or("{}", |data| data.get());
    let data = fanfare_domain::json::canonicalize(data.as_bytes())
        .map_err(|error| Problem::field("/data", error.to_string()))?;
    let mut problems = FieldProblems::default();
    check_shown(profile, &input.headers, &mut problems);
    problems.check()?;
    let now = shared.clock.now();
    let id = EventId::make(now, rand::random());
    let parts = EventParts {
        tenant: member.tenant.id.as_str(),
        id: id.as_str(),
        event_type: event_type.as_str(),
        created: now,
        subject: None,
        data: &data,
    };
    let secret = profile.make_secret(&rand::random());
    let shown = secret.expose().to_owned();
    let secrets = SigningSecrets { current: secret, previous: None, ed25519: None, signing: Signing::Hmac };
    let rendered = render(profile, &parts, &WebhookId::make(now, rand::random()).to_string());
    let signed = sign(profile, &secrets, &rendered, &parts, now);
    let content_type = ("Content-Type".to_owned(), profile.content_type.clone());
    let own = signed.headers.into_iter().map(|(name, value)| (name.to_owned(), value));
    Ok(axum::Json(ProfileSample {
        headers: std::iter::once(content_type).chain(own).chain(input.headers).collect(),
        body: String::from_utf8_lossy(&signed.body).into_owned(),
        secret: shown,
    }))
}
