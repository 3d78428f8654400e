//! Reading and checking a profile's text.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::{
    AuthRule, Header, HeaderValue, Holds, Member, MemberValue, Profile, SecretRule, SignatureRule, SignatureScheme,
};
use super::{StatusRange, TIMEOUTS, TimeFormat};
use crate::health::DisableRule;
use crate::json::is_array_index;
use crate::retry::RetryPolicy;

/// Headers that are not a profile's to set.
const TAKEN_HEADERS: [&str; 8] = [
    "host",
    "connection",
    "transfer-encoding",
    "content-length",
    "content-type",
    "user-agent",
    "authorization",
    "traceparent",
];

/// What is wrong with a profile's text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("profile {profile:?}, line {line}: {problem}")]
pub struct ProfileError {
    /// The profile's name.
    pub profile: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: String,
}

/// A profile as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    envelope: Option<Spanned<Vec<Spanned<Member>>>>,
    #[serde(default)]
    body_time: TimeFormat,
    content_type: Option<Spanned<String>>,
    headers: Spanned<Vec<Spanned<Header>>>,
    signature: Spanned<SignatureRule>,
    secret: SecretRule,
    #[serde(default)]
    auth: AuthRule,
    success: Spanned<StatusRange>,
    timeout: Spanned<Seconds>,
    retry: RetryPolicy,
    #[serde(default)]
    disable: DisableRule,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Seconds(#[serde(with = "humantime_serde")] Duration);

/// A rule that is broken, and the bytes of the text that break it.
struct Problem {
    at: Range<usize>,
    what: String,
}

impl Profile {
    /// Reads a profile from TOML; `profile/standard.toml` shows and explains every setting.
    ///
    /// # Errors
    /// [`ProfileError`] names the line.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        let error = |at: Range<usize>, problem: String| ProfileError {
            profile: name.to_owned(),
            line: 1 + text.bytes().take(at.start).filter(|&byte| byte == b'\n').count(),
            problem,
        };
        let read: Text = toml::from_str(text)
            .map_err(|problem| error(problem.span().unwrap_or_default(), problem.message().to_owned()))?;
        read.check().map_err(|problem| error(problem.at, problem.what))?;
        Ok(Self {
            name: name.to_owned(),
            envelope: read.envelope.map(|members| values(members.into_inner())),
            body_time: read.body_time,
            content_type: read.content_type.map_or_else(|| "application/json".to_owned(), Spanned::into_inner),
            headers: values(read.headers.into_inner()),
            signature: read.signature.into_inner(),
            secret: read.secret,
            auth: read.auth,
            success: read.success.into_inner(),
            timeout: read.timeout.into_inner().0,
            retry: read.retry,
            disable: read.disable,
        })
    }
}

fn values<T>(spanned: Vec<Spanned<T>>) -> Vec<T> {
    spanned.into_iter().map(Spanned::into_inner).collect()
}

impl Text {
    fn check(&self) -> Result<(), Problem> {
        self.check_envelope()?;
        self.check_headers()?;
        let signature = self.signature.get_ref();
        let ed25519 = signature.scheme == SignatureScheme::Standard && signature.holds == Holds::Several;
        ensure(!signature.ed25519 || ed25519, &self.signature, || {
            "ed25519 needs scheme = \"standard\" and holds = \"several\"".to_owned()
        })?;
        let StatusRange { from, to } = *self.success.get_ref();
        ensure((100..=599).contains(&from) && (from..=599).contains(&to), &self.success, || {
            "success needs 100 <= from <= to <= 599".to_owned()
        })?;
        ensure(TIMEOUTS.contains(&self.timeout.get_ref().0), &self.timeout, || {
            "timeout must be from 1s to 30s".to_owned()
        })
    }

    fn check_envelope(&self) -> Result<(), Problem> {
        let Some(envelope) = &self.envelope else {
            return Ok(());
        };
        let members = envelope.get_ref();
        let mut names = BTreeSet::new();
        for (place, spanned) in members.iter().enumerate() {
            let Member { name, shows } = spanned.get_ref();
            ensure(names.insert(name), spanned, || format!("the envelope has two members {name:?}"))?;
            ensure(!is_array_index(name), spanned, || {
                format!("{name:?} cannot be a member's name: JavaScript would move it to the front")
            })?;
            if *shows == MemberValue::Signature {
                ensure(place + 1 == members.len(), spanned, || "the signature must be the last member".to_owned())?;
                ensure(self.signature.get_ref().scheme == SignatureScheme::Sha256Hex, spanned, || {
                    "a signature in the body needs scheme = \"sha256_hex\"".to_owned()
                })?;
            }
        }
        let shows_data = members.iter().any(|member| member.get_ref().shows == MemberValue::Data);
        ensure(shows_data, envelope, || "the envelope must show the data".to_owned())
    }

    fn check_headers(&self) -> Result<(), Problem> {
        let mut names = BTreeSet::new();
        for spanned in self.headers.get_ref() {
            let name = spanned.get_ref().name.to_ascii_lowercase();
            ensure(is_token(&name), spanned, || format!("{name:?} is no header name"))?;
            ensure(!TAKEN_HEADERS.contains(&name.as_str()), spanned, || format!("{name:?} is not a profile's to set"))?;
            ensure(!names.contains(&name), spanned, || format!("two headers are called {name:?}"))?;
            names.insert(name);
        }
        let shows = |value| self.headers.get_ref().iter().any(|header| header.get_ref().shows == value);
        ensure(shows(HeaderValue::Signature), &self.headers, || "some header must show the signature".to_owned())?;
        let timed = self.signature.get_ref().scheme == SignatureScheme::Standard;
        ensure(!timed || (shows(HeaderValue::EventId) && shows(HeaderValue::Timestamp)), &self.headers, || {
            "scheme = \"standard\" signs event_id and timestamp, so headers must show both".to_owned()
        })?;
        let Some(content_type) = &self.content_type else {
            return Ok(());
        };
        let printable = |text: &str| !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        ensure(printable(content_type.get_ref()), content_type, || "content_type must be printable ASCII".to_owned())
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn ensure<T>(holds: bool, at: &Spanned<T>, what: impl FnOnce() -> String) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem { at: at.span(), what: what() }) }
}
