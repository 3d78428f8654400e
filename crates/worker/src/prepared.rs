//! What posting to a webhook needs, made once for each version of it: opened secrets, prepared keys, the checked URL.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fanfare_domain::event::Event;
use fanfare_domain::header_list::HeaderList;
use fanfare_domain::ids::WebhookId;
use fanfare_domain::profile::{Profile, Profiles};
use fanfare_domain::render::{EventParts, SigningSecrets, render, sign};
use fanfare_domain::sealed::{Keyring, OpenError, Sealed};
use fanfare_domain::signature::{Ed25519Secret, SecretError};
use fanfare_domain::target::{TargetError, TargetRules};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::{Auth, Secrets, Webhook};
use fanfare_ports::metrics::Lookups;
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::decision::Persistence;
use crate::egress::Target;
use crate::tokens::{Client, ClientParts};

/// Prepared webhooks that are kept; when there are more, all are made anew as they are needed.
const KEPT: usize = 10_000;
const OUR_NAME: &str = concat!("Fanfare/", env!("CARGO_PKG_VERSION"));
const REDACTED: &str = "…";
/// Room for what a request has besides: the trace's headers, and what the client adds.
const FURTHER_HEADERS: usize = 5;

/// Why a webhook cannot be posted to now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrepareError {
    /// Its profile is not known to this process: a newer one may know it.
    #[error("profile {0:?} is not known here")]
    UnknownProfile(String),
    /// A secret cannot be decrypted with the keys that this process has.
    #[error("a secret cannot be decrypted")]
    Sealed(#[from] OpenError),
    /// A decrypted secret is not one.
    #[error("a stored secret is not of the form that its profile has")]
    Secret(#[from] SecretError),
    /// A decrypted text is not UTF-8, or not fit for a header.
    #[error("a stored secret cannot be sent: {0}")]
    NotAHeader(&'static str),
    /// What it points to is not allowed any more.
    #[error(transparent)]
    Target(#[from] TargetError),
}

/// A webhook, ready to be posted to.
pub(crate) struct Prepared {
    pub(crate) version: u64,
    profile: Arc<Profile>,
    pub(crate) target: Target,
    secrets: SigningSecrets,
    /// Content type, user agent and the webhook's own headers and credentials.
    headers: HeaderMap,
    /// The names of the profile's own headers, in its order.
    signed_headers: Vec<HeaderName>,
    /// Those among `headers` whose values are never shown.
    secret_headers: Vec<HeaderName>,
    /// How tokens are fetched, where the receiver asks for them.
    pub(crate) client: Option<Client>,
    pub(crate) timeout: Duration,
    pub(crate) retry: Persistence,
    pub(crate) max_in_flight: Option<NonZeroU32>,
    webhook_id: String,
}

/// One attempt's request.
pub(crate) struct Request {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Prepared {
    fn new(
        webhook: &Webhook,
        profiles: &Profiles,
        keyring: &Keyring,
        rules: &TargetRules,
    ) -> Result<Self, PrepareError> {
        let profile =
            profiles.get(&webhook.profile).ok_or_else(|| PrepareError::UnknownProfile(webhook.profile.clone()))?;
        let opener = Opener { keyring, webhook: webhook.id };
        let mut headers = HeaderMap::new();
        let content_type = HeaderValue::from_str(&profile.content_type);
        headers.insert(CONTENT_TYPE, content_type.map_err(|_| PrepareError::NotAHeader("content type"))?);
        headers.insert(USER_AGENT, HeaderValue::from_static(OUR_NAME));
        let mut secret_headers = vec![AUTHORIZATION];
        for (name, value) in &webhook.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| PrepareError::NotAHeader("header name"))?;
            // The webhook's own takes the place of ours; several of one name are its own choice.
            if !secret_headers.contains(&name) {
                headers.remove(&name);
            }
            headers.append(&name, opener.header(value)?);
            secret_headers.push(name);
        }
        let mut client = None;
        if let Some(auth) = &webhook.auth {
            client = opener.client(auth, rules)?;
            if let Some(credentials) = opener.credentials(auth)? {
                headers.insert(AUTHORIZATION, credentials);
            }
        }
        let signed_headers = profile.headers.iter().map(|header| HeaderName::from_bytes(header.name.as_bytes()));
        let signed_headers = signed_headers.collect::<Result<_, _>>();
        Ok(Self {
            version: webhook.version,
            target: Target::parse(&webhook.url, rules)?,
            secrets: opener.secrets(profile, webhook)?,
            headers,
            signed_headers: signed_headers.map_err(|_| PrepareError::NotAHeader("header name"))?,
            secret_headers,
            client,
            timeout: webhook.timeout.unwrap_or(profile.timeout),
            retry: Persistence {
                schedule: webhook.retry.clone().unwrap_or_else(|| profile.retry.clone()),
                gone_ends: webhook.disable.unwrap_or(profile.disable).gone,
            },
            max_in_flight: webhook.max_in_flight,
            webhook_id: webhook.id.to_string(),
            profile: Arc::clone(profile),
        })
    }

    /// The request that posts `event` in an attempt that starts at `started`.
    pub(crate) fn request(&self, event: &Event, started: Timestamp) -> Result<Request, PrepareError> {
        let parts = EventParts {
            tenant: event.tenant_id.as_str(),
            id: event.id.as_str(),
            event_type: event.event_type.as_str(),
            created: event.created,
            subject: event.subject.as_deref(),
            data: &event.data,
        };
        let rendered = render(&self.profile, &parts, &self.webhook_id);
        let signed = sign(&self.profile, &self.secrets, &rendered, &parts, started);
        let mut headers = HeaderMap::with_capacity(self.headers.len() + self.signed_headers.len() + FURTHER_HEADERS);
        headers.extend(self.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        for (name, (_, value)) in self.signed_headers.iter().zip(signed.headers) {
            headers.insert(name, value.try_into().map_err(|_| PrepareError::NotAHeader("signature"))?);
        }
        for (name, value) in [("traceparent", &event.trace.parent), ("tracestate", &event.trace.state)] {
            if let Some(value) = value.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        Ok(Request { headers, body: signed.body })
    }

    /// The request's headers as they are logged: without credentials and the webhook's own values.
    pub(crate) fn shown(&self, headers: &HeaderMap) -> HeaderList {
        headers
            .iter()
            .map(|(name, value)| {
                let secret = self.secret_headers.contains(name);
                (name, if secret { REDACTED.as_bytes() } else { value.as_bytes() })
            })
            .collect()
    }

    /// Whether an answer of this status is success.
    pub(crate) fn takes(&self, status: u16) -> bool {
        self.profile.success.contains(status)
    }
}

/// Opens what is sealed for one webhook.
struct Opener<'a> {
    keyring: &'a Keyring,
    webhook: WebhookId,
}

impl Opener<'_> {
    fn text(&self, sealed: &Sealed) -> Result<zeroize::Zeroizing<String>, PrepareError> {
        let bytes = self.keyring.open(sealed, self.webhook.as_bytes())?;
        let text = std::str::from_utf8(&bytes).map_err(|_| PrepareError::NotAHeader("not UTF-8"))?;
        Ok(zeroize::Zeroizing::new(text.to_owned()))
    }

    fn header(&self, sealed: &Sealed) -> Result<HeaderValue, PrepareError> {
        secret_value(&self.text(sealed)?)
    }

    /// The `Authorization` header; `None` where it holds a token that is fetched when it is needed.
    fn credentials(&self, auth: &Auth) -> Result<Option<HeaderValue>, PrepareError> {
        match auth {
            Auth::Basic { username, password } => {
                let password = self.text(password)?;
                let pair = zeroize::Zeroizing::new(format!("{username}:{}", *password));
                secret_value(&format!("Basic {}", STANDARD.encode(pair.as_bytes()))).map(Some)
            }
            Auth::Bearer { token } => {
                let token = self.text(token)?;
                secret_value(&format!("Bearer {}", *token)).map(Some)
            }
            Auth::OAuth2 { .. } => Ok(None),
        }
    }

    /// How tokens are fetched, if that is how the receiver wants it.
    fn client(&self, auth: &Auth, rules: &TargetRules) -> Result<Option<Client>, PrepareError> {
        let Auth::OAuth2 { token_url, client_id, client_secret, scope, audience, auth_method } = auth else {
            return Ok(None);
        };
        let parts = ClientParts {
            token_url,
            id: client_id,
            secret: &self.text(client_secret)?,
            scope: scope.as_deref(),
            audience: audience.as_deref(),
            method: *auth_method,
        };
        Ok(Some(Client::new(&parts, rules)?))
    }

    fn secrets(&self, profile: &Profile, webhook: &Webhook) -> Result<SigningSecrets, PrepareError> {
        let Secrets { current, previous, ed25519, .. } = &webhook.secrets;
        let shared = |sealed: &Sealed| -> Result<_, PrepareError> { Ok(profile.take_secret(&self.text(sealed)?)?) };
        let ed25519 = match ed25519 {
            Some(sealed) => Some(Ed25519Secret::parse(&self.text(sealed)?)?),
            None => None,
        };
        let previous = match previous {
            Some((sealed, until)) => Some((shared(sealed)?, *until)),
            None => None,
        };
        Ok(SigningSecrets { current: shared(current)?, previous, ed25519, signing: webhook.signing })
    }
}

fn secret_value(text: &str) -> Result<HeaderValue, PrepareError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| PrepareError::NotAHeader("not fit for a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Prepared webhooks, by id; a new version takes the place of the old one.
pub(crate) struct PreparedWebhooks {
    profiles: Arc<Profiles>,
    keyring: Arc<Keyring>,
    rules: TargetRules,
    kept: Mutex<HashMap<WebhookId, Arc<Prepared>>>,
    lookups: Lookups,
}

impl PreparedWebhooks {
    pub(crate) fn new(profiles: Arc<Profiles>, keyring: Arc<Keyring>, rules: TargetRules) -> Self {
        Self { profiles, keyring, rules, kept: Mutex::default(), lookups: Lookups::of("webhooks") }
    }

    /// `webhook`, ready to be posted to.
    pub(crate) fn get(&self, webhook: &Webhook) -> Result<Arc<Prepared>, PrepareError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(prepared) = kept.get(&webhook.id).filter(|prepared| prepared.version == webhook.version) {
            self.lookups.note(true);
            return Ok(Arc::clone(prepared));
        }
        self.lookups.note(false);
        let prepared = Arc::new(Prepared::new(webhook, &self.profiles, &self.keyring, &self.rules)?);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(webhook.id, Arc::clone(&prepared));
        Ok(prepared)
    }
}

#[cfg(test)]
mod tests;
