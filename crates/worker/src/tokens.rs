//! OAuth 2.0 client credentials ([RFC 6749](https://www.rfc-editor.org/rfc/rfc6749#section-4.4), section 4.4): a token is
//! fetched once for each webhook and shared by its attempts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fanfare_domain::attempt::AttemptError;
use fanfare_domain::ids::WebhookId;
use fanfare_domain::target::{TargetError, TargetRules};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::ClientAuth;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::metrics::Lookups;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;
use url::form_urlencoded::{Serializer, byte_serialize};
use zeroize::Zeroizing;

use crate::egress::{Answer, Limit, Poster, Target};

/// How long a token lasts whose endpoint does not say.
const LASTS_UNSAID: Duration = Duration::from_secs(5 * 60);
/// A token is renewed so long before it ends, or after half of its time if that is shorter.
const RENEWED_BEFORE: Duration = Duration::from_secs(30);
/// An endpoint that failed is not asked again for so long.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(10);
/// A token may take this part of an attempt's time: then there is some left to say what was wrong, or to post.
const FETCH_SHARE: u32 = 2;
/// Webhooks whose tokens are kept; when there are more, all are fetched anew as they are needed.
const KEPT: usize = 10_000;

/// What is sent to a token endpoint.
pub(crate) struct Client {
    target: Target,
    headers: HeaderMap,
    form: Bytes,
}

/// What a client is made of.
pub(crate) struct ClientParts<'a> {
    pub(crate) token_url: &'a str,
    pub(crate) id: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) scope: Option<&'a str>,
    pub(crate) audience: Option<&'a str>,
    pub(crate) method: ClientAuth,
}

impl Client {
    /// Prepares the request that fetches tokens. The endpoint is held to the same rules as a webhook's URL.
    pub(crate) fn new(parts: &ClientParts<'_>, rules: &TargetRules) -> Result<Self, TargetError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        for (name, value) in [("scope", parts.scope), ("audience", parts.audience)] {
            if let Some(value) = value {
                form.append_pair(name, value);
            }
        }
        match parts.method {
            ClientAuth::Post => {
                form.append_pair("client_id", parts.id).append_pair("client_secret", parts.secret);
            }
            ClientAuth::Basic => {
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = Zeroizing::new(format!("{}:{}", encoded(parts.id), encoded(parts.secret)));
                // Base64 always fits a header.
                if let Ok(mut value) = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair.as_bytes()))) {
                    value.set_sensitive(true);
                    headers.insert(AUTHORIZATION, value);
                }
            }
        }
        Ok(Self { target: Target::parse(parts.token_url, rules)?, headers, form: form.finish().into() })
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: Option<u64>,
}

/// A webhook's token, or what came instead.
#[derive(Default)]
struct Slot {
    version: u64,
    token: Option<(HeaderValue, Timestamp)>,
    failed: Option<(AttemptError, Timestamp)>,
}

/// All webhooks' tokens in this process.
pub(crate) struct Tokens {
    clock: SharedClock,
    slots: Mutex<HashMap<WebhookId, Arc<tokio::sync::Mutex<Slot>>>>,
    lookups: Lookups,
}

impl Tokens {
    pub(crate) fn new(clock: SharedClock) -> Self {
        Self { clock, slots: Mutex::default(), lookups: Lookups::of("tokens") }
    }

    /// The `Authorization` header for an attempt of `webhook` in its version `version`. Attempts at the same time wait for one
    /// fetch. `refused` is a header that the receiver has just answered with 401: it is not used again.
    pub(crate) async fn header(
        &self,
        webhook: (WebhookId, u64),
        client: &Client,
        poster: &Poster,
        limit: Duration,
        refused: Option<&HeaderValue>,
    ) -> Result<HeaderValue, AttemptError> {
        let (id, version) = webhook;
        let slot = self.slot(id);
        let mut slot = slot.lock().await;
        if slot.version != version {
            *slot = Slot { version, ..Slot::default() };
        }
        let now = self.clock.now();
        if let Some((header, until)) = &slot.token
            && now < *until
            && refused != Some(header)
        {
            self.lookups.note(true);
            return Ok(header.clone());
        }
        self.lookups.note(false);
        slot.token = None;
        if let Some((error, until)) = &slot.failed
            && now < *until
        {
            return Err(error.clone());
        }
        // Noted before it is asked, since an attempt whose time is over goes no further than the next line.
        let unanswered = AttemptError::Credentials("token endpoint: no answer".to_owned());
        slot.failed = Some((unanswered, now.plus(ASKED_AGAIN_AFTER)));
        match self.fetch(client, poster, limit / FETCH_SHARE).await {
            Ok((header, lasts)) => {
                let usable = lasts.saturating_sub(RENEWED_BEFORE).max(lasts / 2);
                slot.token = Some((header.clone(), now.plus(usable)));
                slot.failed = None;
                Ok(header)
            }
            Err(why) => {
                let error = AttemptError::Credentials(why);
                slot.failed = Some((error.clone(), self.clock.now().plus(ASKED_AGAIN_AFTER)));
                Err(error)
            }
        }
    }

    fn slot(&self, id: WebhookId) -> Arc<tokio::sync::Mutex<Slot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= KEPT && !slots.contains_key(&id) {
            slots.clear();
        }
        Arc::clone(slots.entry(id).or_default())
    }

    async fn fetch(
        &self,
        client: &Client,
        poster: &Poster,
        limit: Duration,
    ) -> Result<(HeaderValue, Duration), String> {
        let posted = poster.post(&client.target, client.headers.clone(), client.form.clone(), Limit::of(limit)).await;
        let Answer { status, body, .. } = posted.map_err(|error| format!("token endpoint: {error}"))?;
        if !(200..300).contains(&status) {
            return Err(format!("token endpoint answered {status}"));
        }
        // Nothing of the answer is shown: it may hold the token.
        let answer: TokenAnswer =
            serde_json::from_slice(&body).map_err(|_| "token endpoint answered without an access token".to_owned())?;
        let mut header = HeaderValue::from_str(&format!("Bearer {}", answer.access_token))
            .map_err(|_| "token endpoint answered with a token that no header can carry".to_owned())?;
        header.set_sensitive(true);
        Ok((header, answer.expires_in.map_or(LASTS_UNSAID, Duration::from_secs)))
    }
}
