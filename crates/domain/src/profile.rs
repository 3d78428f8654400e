//! Profiles: the wire and behaviour rules that a webhook is delivered under. They are data, so that a new one needs no
//! code.

mod catalogue;
mod check;
mod read;
mod registry;
mod shows;
#[cfg(test)]
pub(crate) mod tests;

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;

use crate::health::DisableRule;
use crate::retry::RetryPolicy;
use crate::signature::{HmacSecret, SecretError};

pub use catalogue::KnownType;
pub use read::{Description, ProfileError};
pub use registry::{NameError, Profiles, STANDARD, built_in_text};
pub use shows::{Content, Header, HeaderValue, Member, MemberValue};

/// The shortest and the longest limit for an answer that may be set.
pub const TIMEOUTS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(30);

/// All rules of one profile. Values are checked when it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// By which webhooks and tenants refer to it.
    pub name: String,
    /// The body's members in order; `None` sends the bare data.
    pub envelope: Option<Vec<Member>>,
    /// How times in the body are written.
    pub body_time: TimeFormat,
    /// The `Content-Type` header.
    pub content_type: String,
    /// The profile's own headers, in order.
    pub headers: Vec<Header>,
    /// How deliveries are signed.
    pub signature: SignatureRule,
    /// Which secrets are taken.
    pub secret: SecretRule,
    /// Which credentials a webhook must have.
    pub auth: AuthRule,
    /// Which statuses are success.
    pub success: StatusRange,
    /// The limit for an answer.
    pub timeout: Duration,
    /// When attempts are made.
    pub retry: RetryPolicy,
    /// What switches a failing webhook off.
    pub disable: DisableRule,
    /// Types of event that tenants with this default profile have described from the start.
    pub event_types: Vec<KnownType>,
}

/// How times in the body are written: RFC 3339 in UTC with `Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// With three decimals.
    #[default]
    Milliseconds,
    /// In whole seconds, rounded down.
    Seconds,
}

/// How deliveries are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureRule {
    /// What is signed, and how the signature is written.
    pub scheme: SignatureScheme,
    /// How many signatures the header may hold.
    pub holds: Holds,
    /// Whether webhooks may be signed with ed25519.
    #[serde(default)]
    pub ed25519: bool,
}

/// What is signed, and how the signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureScheme {
    /// `v1,<base64>` over `{id}.{timestamp}.{body}`.
    Standard,
    /// `sha256=<hexadecimal>` over the body.
    Sha256Hex,
}

/// How many signatures a header may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// One: after a rotation the old secret signs until the overlap ends, and the new one from then on.
    One,
    /// Several, separated by spaces: both secrets sign until the overlap ends.
    Several,
}

/// Which secrets are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretRule {
    /// What makes the key.
    pub key: KeyEncoding,
    /// Where secrets come from.
    pub origin: SecretOrigin,
    /// The least number of characters that a given secret has.
    #[serde(default = "one")]
    pub least_length: usize,
}

const fn one() -> usize {
    1
}

/// What of a secret's text is the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyEncoding {
    /// The bytes in base64 after `whsec_`.
    Whsec,
    /// The text's UTF-8 bytes.
    Text,
}

/// Where secrets come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretOrigin {
    /// Made by us, unless one is given.
    MadeOrGiven,
    /// Always made by us.
    Made,
    /// Always given.
    Given,
}

/// Which credentials a webhook must have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthRule {
    /// Any or none.
    #[default]
    Optional,
    /// OAuth 2.0 client credentials.
    #[serde(rename = "oauth2_client_credentials")]
    OAuth2,
}

/// Statuses from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusRange {
    /// The first.
    pub from: u16,
    /// The last.
    pub to: u16,
}

impl StatusRange {
    /// Whether `status` is one of them.
    #[must_use]
    pub fn contains(self, status: u16) -> bool {
        (self.from..=self.to).contains(&status)
    }
}

impl Profile {
    /// Takes a secret that was given.
    ///
    /// # Errors
    /// [`SecretError`] if it is too short, or not of the form that the profile's keys have.
    pub fn take_secret(&self, text: &str) -> Result<HmacSecret, SecretError> {
        if text.chars().count() < self.secret.least_length {
            return Err(SecretError::TooShort { least: self.secret.least_length });
        }
        match self.secret.key {
            KeyEncoding::Whsec => HmacSecret::parse_whsec(text),
            KeyEncoding::Text => Ok(HmacSecret::from_text(text)),
        }
    }

    /// Makes a secret of the form that the profile's keys have.
    #[must_use]
    pub fn make_secret(&self, random: &[u8; 32]) -> HmacSecret {
        match self.secret.key {
            KeyEncoding::Whsec => HmacSecret::make_whsec(random),
            KeyEncoding::Text => HmacSecret::make_text(random),
        }
    }

    /// Whether the profile sends a header of this name itself, in whatever case.
    #[must_use]
    pub fn sends_header(&self, name: &str) -> bool {
        self.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name))
    }
}
