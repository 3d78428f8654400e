//! Where events go, and how.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::event_type::Pattern;
use crate::health::{DisableRule, DisabledReason};
use crate::ids::{TenantNumber, WebhookId};
use crate::retry::RetryPolicy;
use crate::sealed::Sealed;
use crate::time::Timestamp;

/// A receiver's address and everything that decides how it is posted to. Secret parts are sealed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Whose.
    pub tenant: TenantNumber,
    /// Counts changes, from 1; a change names the version that it was made from.
    pub version: u64,
    /// Where to post.
    pub url: String,
    /// What it subscribed to; never empty.
    pub events: Vec<Pattern>,
    /// A text for people.
    pub description: Option<String>,
    /// Whether deliveries are made for it.
    pub is_active: bool,
    /// The name of the profile that it is delivered under; never changes.
    pub profile: String,
    /// What signs, under profiles that leave a choice.
    pub signing: Signing,
    /// The secrets that sign.
    pub secrets: Secrets,
    /// Extra headers: name and sealed value, in the order given.
    #[serde(default)]
    pub headers: Vec<(String, Sealed)>,
    /// Credentials that are sent along.
    pub auth: Option<Auth>,
    /// The limit for an answer, where it is not the profile's.
    #[serde(with = "humantime_serde", default)]
    pub timeout: Option<Duration>,
    /// The schedule, where it is not the profile's.
    pub retry: Option<RetryPolicy>,
    /// How fast it may be posted to, over all workers.
    pub rate_limit: Option<RateLimit>,
    /// How many attempts may be in flight at once in one worker.
    pub max_in_flight: Option<NonZeroU32>,
    /// The disable rule, where it is not the profile's.
    pub disable: Option<DisableRule>,
    /// The tenant's own notes.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Attempts before this do not count for the disable rule: set when it is enabled or its URL changes.
    pub health_since: Timestamp,
    /// Why it was disabled, if a rule did it.
    pub disabled_reason: Option<DisabledReason>,
}

/// Which kinds of signature a `standard` webhook gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signing {
    /// HMAC-SHA256 (`v1`).
    #[default]
    Hmac,
    /// Ed25519 (`v1a`).
    Ed25519,
    /// Both.
    Both,
}

/// A webhook's signing secrets, each sealed with the webhook's id as context.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Secrets {
    /// The secret's text, such as `whsec_…`.
    pub current: Sealed,
    /// The secret before the last rotation and when it stops to sign.
    pub previous: Option<(Sealed, Timestamp)>,
    /// The secret's first four characters and `…`.
    pub hint: String,
    /// The ed25519 signing key's text (`whsk_…`), where one signs.
    #[serde(default)]
    pub ed25519: Option<Sealed>,
    /// Its public half (`whpk_…`).
    #[serde(default)]
    pub public_key: Option<String>,
}

/// Credentials that a receiver asks for. Sealed with the webhook's id as context.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Auth {
    /// RFC 7617.
    Basic {
        /// User name.
        username: String,
        /// Password.
        password: Sealed,
    },
    /// RFC 6750.
    Bearer {
        /// Token.
        token: Sealed,
    },
    /// RFC 6749, section 4.4.
    #[serde(rename = "oauth2_client_credentials")]
    OAuth2 {
        /// Where tokens are fetched.
        token_url: String,
        /// Who asks.
        client_id: String,
        /// The client's secret.
        client_secret: Sealed,
        /// What for.
        scope: Option<String>,
        /// For whom.
        audience: Option<String>,
        /// How the client authenticates.
        auth_method: ClientAuth,
    },
}

/// How an OAuth client authenticates at the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// In the `Authorization` header.
    #[default]
    Basic,
    /// In the form.
    Post,
}

/// How fast a webhook may be posted to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Deliveries a second; more than zero.
    pub per_second: f64,
    /// How many may go at once after a pause; as many as a second has, and at least one, if not given.
    pub burst: Option<NonZeroU32>,
}
