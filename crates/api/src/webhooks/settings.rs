//! A webhook's settings as callers write and read them. In answers, `…` stands for what is hidden; given back, it keeps it.

use std::collections::BTreeMap;

use fanfare_domain::retry::RetryPolicy;
use fanfare_domain::webhook::{Auth as DomainAuth, ClientAuth, Signing, Webhook};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kind of [`Auth`] that is OAuth 2.0 client credentials.
pub(crate) const OAUTH2: &str = "oauth2_client_credentials";
/// Stands for a value that is stored and not shown.
pub(super) const HIDDEN: &str = "…";

/// Where events go, and how.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebhook)]
pub(crate) struct Settings {
    /// Where to post: `https://`, to a public host.
    #[schema(value_type = String, required = true, format = "uri", max_length = 2048, example = "https://example.com/hooks")]
    pub(crate) url: Option<String>,
    /// What it subscribes to: types, `a.*` for all further segments after `a`, `*` for all.
    #[schema(value_type = Vec<String>, required = true, min_items = 1, max_items = 100, example = json!(["qr.scanned", "order.*"]))]
    pub(crate) events: Option<Vec<String>>,
    /// The secret that signs: under `standard` `whsec_` and base64 of 24 to 64 bytes; made if not given. Shown only in the
    /// answer to creating.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<String>,
    /// A text for people.
    #[schema(max_length = 1000)]
    pub(crate) description: Option<String>,
    /// Whether deliveries are made for it. Making it active again clears why it was disabled.
    #[schema(default = true)]
    pub(crate) is_active: Option<bool>,
    /// The profile that it is delivered under; its tenant's `default_profile`, if not given. Cannot change.
    #[schema(example = "standard")]
    pub(crate) profile: Option<String>,
    /// Which signatures it gets, under `standard`; `null` under others.
    #[schema(value_type = Option<SigningWord>, default = "hmac")]
    pub(crate) signing: Option<Signing>,
    /// Headers that are sent along. Values are encrypted and shown as `…`.
    #[schema(example = json!({"X-Api-Version": "2"}))]
    pub(crate) headers: Option<BTreeMap<String, String>>,
    /// Credentials that are sent along. Secret parts are shown as `…`.
    pub(crate) auth: Option<Auth>,
    /// The limit for an answer, 1 to 30 s; the profile's, if not given.
    #[schema(example = "15s")]
    pub(crate) timeout: Option<String>,
    /// When attempts are made; the profile's schedule, if not given.
    pub(crate) retry: Option<Retry>,
    /// How fast it may be posted to, over all workers.
    pub(crate) rate_limit: Option<RateLimit>,
    /// How many attempts may be in flight at once in one worker.
    #[schema(minimum = 1, maximum = 10000)]
    pub(crate) max_in_flight: Option<u32>,
    /// What switches it off when it fails; the profile's rule, if not given.
    pub(crate) disable: Option<Disable>,
    /// Your own notes: up to 50 names of up to 64 characters, with texts of up to 1,000.
    pub(crate) metadata: Option<BTreeMap<String, String>>,
}

/// Which signatures; only its words, for the description.
#[derive(ToSchema)]
#[schema(as = Signing, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes fanfare_domain's Signing, which knows nothing of OpenAPI")]
pub(crate) enum SigningWord {
    /// HMAC-SHA256 with the shared secret (`v1`).
    Hmac,
    /// Ed25519 with a key pair, of which `public_key` is shown (`v1a`).
    Ed25519,
    /// Both.
    Both,
}

/// Credentials: `username` and `password` for `basic`; `token` for `bearer`; the others for `oauth2_client_credentials`.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Auth {
    /// `basic`, `bearer` or `oauth2_client_credentials`.
    #[serde(rename = "type")]
    #[schema(value_type = AuthType, required = true)]
    pub(crate) kind: Option<String>,
    /// User name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) username: Option<String>,
    /// Password; hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<String>,
    /// Token; hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// Where tokens are fetched; the same rules hold as for `url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_url: Option<String>,
    /// Who asks for tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<String>,
    /// The client's secret; hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_secret: Option<String>,
    /// What tokens are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
    /// For whom tokens are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) audience: Option<String>,
    /// How the client authenticates: in the `Authorization` header (`basic`, the default) or in the form (`post`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AuthMethod>)]
    pub(crate) auth_method: Option<ClientAuth>,
}

/// Kinds of credentials; only their words, for the description.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "the type is read as text, so that a wrong one gets a message of its own")]
pub(crate) enum AuthType {
    /// RFC 7617.
    Basic,
    /// RFC 6750.
    Bearer,
    /// RFC 6749, section 4.4.
    #[schema(rename = "oauth2_client_credentials")]
    Oauth2ClientCredentials,
}

/// How an OAuth client authenticates; only its words, for the description.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes fanfare_domain's ClientAuth, which knows nothing of OpenAPI")]
pub(crate) enum AuthMethod {
    /// In the `Authorization` header.
    Basic,
    /// In the form.
    Post,
}

/// When attempts are made.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retry {
    /// The delays before each attempt, the first included; each counts from the end of the attempt before. Each is at most
    /// 24 h, their sum with jitter at most 96 h.
    #[schema(value_type = Vec<String>, required = true, min_items = 1, max_items = 20, example = json!(["0s", "5s", "5m"]))]
    pub(crate) delays: Option<Vec<String>>,
    /// By what part of itself a delay may be shorter or longer.
    #[schema(minimum = 0, maximum = 1, default = 0)]
    pub(crate) jitter: Option<f64>,
}

/// How fast a webhook may be posted to.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimit {
    /// Deliveries a second; may be less than one.
    #[schema(value_type = f64, required = true, exclusive_minimum = 0, example = 10)]
    pub(crate) per_second: Option<f64>,
    /// How many may go at once after a pause; as many as a second has, if not given.
    #[schema(minimum = 1)]
    pub(crate) burst: Option<u32>,
}

/// What switches a failing webhook off; any one of its conditions does, none never.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Disable {
    /// An answer of 410 Gone.
    #[schema(default = false)]
    pub(crate) gone: Option<bool>,
    /// Nothing but failures for so long.
    #[schema(example = "5d")]
    pub(crate) failing_for: Option<String>,
    /// So many failed attempts in a row.
    #[schema(minimum = 1)]
    pub(crate) failures_in_a_row: Option<u32>,
    /// One delivery whose attempts have all failed.
    #[schema(default = false)]
    pub(crate) delivery_exhausted: Option<bool>,
}

impl Settings {
    /// What a webhook is set to, secrets hidden.
    pub(super) fn of(webhook: &Webhook, signing_is_open: bool) -> Self {
        Self {
            url: Some(webhook.url.clone()),
            events: Some(webhook.events.iter().map(ToString::to_string).collect()),
            secret: None,
            description: webhook.description.clone(),
            is_active: Some(webhook.is_active),
            profile: Some(webhook.profile.clone()),
            signing: signing_is_open.then_some(webhook.signing),
            headers: Some(webhook.headers.iter().map(|(name, _)| (name.clone(), HIDDEN.to_owned())).collect()),
            auth: webhook.auth.as_ref().map(Auth::of),
            timeout: webhook.timeout.map(|timeout| humantime::format_duration(timeout).to_string()),
            retry: webhook.retry.as_ref().map(Retry::of),
            rate_limit: webhook
                .rate_limit
                .map(|limit| RateLimit { per_second: Some(limit.per_second), burst: limit.burst.map(Into::into) }),
            max_in_flight: webhook.max_in_flight.map(Into::into),
            disable: webhook.disable.map(|rule| Disable {
                gone: Some(rule.gone),
                failing_for: rule.failing_for.map(|time| humantime::format_duration(time).to_string()),
                failures_in_a_row: rule.failures_in_a_row.map(Into::into),
                delivery_exhausted: Some(rule.delivery_exhausted),
            }),
            metadata: Some(webhook.metadata.clone()),
        }
    }
}

impl Auth {
    fn of(auth: &DomainAuth) -> Self {
        let hidden = || Some(HIDDEN.to_owned());
        match auth {
            DomainAuth::Basic { username, password: _ } => Self {
                kind: Some("basic".to_owned()),
                username: Some(username.clone()),
                password: hidden(),
                ..Self::default()
            },
            DomainAuth::Bearer { token: _ } => {
                Self { kind: Some("bearer".to_owned()), token: hidden(), ..Self::default() }
            }
            DomainAuth::OAuth2 { token_url, client_id, client_secret: _, scope, audience, auth_method } => Self {
                kind: Some(OAUTH2.to_owned()),
                token_url: Some(token_url.clone()),
                client_id: Some(client_id.clone()),
                client_secret: hidden(),
                scope: scope.clone(),
                audience: audience.clone(),
                auth_method: Some(*auth_method),
                ..Self::default()
            },
        }
    }
}

impl Retry {
    fn of(policy: &RetryPolicy) -> Self {
        // The policy writes its delays as people do, in hours rather than days; this reads what it wrote.
        serde_json::to_value(policy).and_then(serde_json::from_value).unwrap_or_default()
    }
}
