//! The rules that a profile's description must keep.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;

use super::read::Description;
use super::shows::{Content, Entries, Header, HeaderValue, Member, MemberValue};
use super::{Holds, KeyEncoding, SignatureScheme, StatusRange, TIMEOUTS};
use crate::json::is_array_index;
use crate::signature::HmacSecret;

/// Headers that are not a profile's to set, beside those that begin with one of [`TAKEN_PREFIXES`].
const TAKEN_HEADERS: [&str; 12] = [
    "host",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "user-agent",
    "authorization",
    "traceparent",
    "tracestate",
];
const TAKEN_PREFIXES: [&str; 2] = ["content-", "proxy-"];

/// A rule that is broken, and the bytes of the text that break it.
pub(super) struct Problem {
    pub(super) at: Range<usize>,
    pub(super) what: String,
}

/// What checking makes of settings that say more than their form.
pub(super) struct Checked {
    pub(super) envelope: Option<Vec<Member>>,
    pub(super) headers: Vec<Header>,
    pub(super) timeout: Duration,
}

impl Description {
    pub(super) fn check(&self) -> Result<Checked, Problem> {
        let envelope = self.envelope.as_ref().map(|members| self.check_envelope(members)).transpose()?;
        let headers = self.check_headers()?;
        self.check_content_type()?;
        self.check_signing()?;
        self.check_event_types()?;
        let StatusRange { from, to } = *self.success.get_ref();
        ensure((100..=599).contains(&from) && (from..=599).contains(&to), &self.success, || {
            "success needs 100 <= from <= to <= 599".to_owned()
        })?;
        let timeout = humantime::parse_duration(self.timeout.get_ref()).ok().filter(|limit| TIMEOUTS.contains(limit));
        let timeout = timeout.ok_or_else(|| Problem {
            at: self.timeout.span(),
            what: "timeout must be a duration from 1s to 30s".to_owned(),
        })?;
        Ok(Checked { envelope, headers, timeout })
    }

    fn check_event_types(&self) -> Result<(), Problem> {
        let mut names = BTreeSet::new();
        for known in &self.event_types {
            if let Some(what) = known.get_ref().problem_after(&mut names) {
                return Err(Problem { at: known.span(), what });
            }
        }
        Ok(())
    }

    fn check_envelope(&self, entries: &Entries<MemberValue>) -> Result<Vec<Member>, Problem> {
        let mut names = BTreeSet::new();
        let mut members = Vec::new();
        for (place, spanned) in (1..).zip(entries.get_ref()) {
            let entry = spanned.get_ref();
            let name = &entry.name;
            ensure(names.insert(name), spanned, || format!("the envelope has two members {name:?}"))?;
            ensure(!is_array_index(name), spanned, || {
                format!("{name:?} cannot be a member's name: JavaScript would move it to the front")
            })?;
            let content = entry.content().map_err(|what| Problem { at: spanned.span(), what })?;
            if let Content::Shown { prefix, value: value @ (MemberValue::Data | MemberValue::Signature) } = &content {
                ensure(prefix.is_empty(), spanned, || {
                    format!("{name:?} takes no prefix: data and signatures have none")
                })?;
                if *value == MemberValue::Signature {
                    self.check_signature_member(spanned, place == entries.get_ref().len())?;
                }
            }
            members.push(Member { name: name.clone(), content });
        }
        let shows_data = members.iter().any(|member| member.content.shows(&MemberValue::Data));
        ensure(shows_data, entries, || "the envelope must show the data".to_owned())?;
        Ok(members)
    }

    fn check_signature_member<T>(&self, member: &Spanned<T>, is_last: bool) -> Result<(), Problem> {
        ensure(is_last, member, || "the signature must be the last member".to_owned())?;
        ensure(self.signature.get_ref().scheme == SignatureScheme::Sha256Hex, member, || {
            "a signature in the body needs scheme = \"sha256_hex\"".to_owned()
        })
    }

    fn check_headers(&self) -> Result<Vec<Header>, Problem> {
        let mut names = BTreeSet::new();
        let mut headers = Vec::new();
        for spanned in self.headers.get_ref() {
            let entry = spanned.get_ref();
            let name = entry.name.to_ascii_lowercase();
            ensure(is_token(&name), spanned, || format!("{name:?} is no header name"))?;
            let taken = TAKEN_HEADERS.contains(&name.as_str());
            let taken = taken || TAKEN_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            ensure(!taken, spanned, || format!("{name:?} is not a profile's to set"))?;
            ensure(!names.contains(&name), spanned, || format!("two headers are called {name:?}"))?;
            let content = entry.content().map_err(|what| Problem { at: spanned.span(), what })?;
            let text = match &content {
                Content::Fixed(text) => text,
                Content::Shown { prefix, value } => {
                    ensure(prefix.is_empty() || *value != HeaderValue::Signature, spanned, || {
                        format!("{name:?} takes no prefix: signatures have none")
                    })?;
                    prefix
                }
            };
            ensure(is_printable(text), spanned, || format!("the text of {name:?} must be printable ASCII"))?;
            names.insert(name);
            headers.push(Header { name: entry.name.clone(), content });
        }
        let shows = |value| headers.iter().any(|header| header.content.shows(&value));
        ensure(shows(HeaderValue::Signature), &self.headers, || "some header must show the signature".to_owned())?;
        let timed = self.signature.get_ref().scheme == SignatureScheme::Standard;
        ensure(!timed || (shows(HeaderValue::EventId) && shows(HeaderValue::Timestamp)), &self.headers, || {
            "scheme = \"standard\" signs event_id and timestamp, so headers must show both".to_owned()
        })?;
        Ok(headers)
    }

    fn check_content_type(&self) -> Result<(), Problem> {
        let Some(spanned) = &self.content_type else {
            return Ok(());
        };
        let text = spanned.get_ref();
        let essence = text.split(';').next().unwrap_or_default().trim_end();
        let is_media_type = essence.split_once('/').is_some_and(|(kind, format)| is_token(kind) && is_token(format));
        ensure(is_media_type && is_printable(text), spanned, || {
            "content_type must be a media type such as \"application/json\"".to_owned()
        })
    }

    fn check_signing(&self) -> Result<(), Problem> {
        let signature = self.signature.get_ref();
        let ed25519 = signature.scheme == SignatureScheme::Standard && signature.holds == Holds::Several;
        ensure(!signature.ed25519 || ed25519, &self.signature, || {
            "ed25519 needs scheme = \"standard\" and holds = \"several\"".to_owned()
        })?;
        // A secret that we make must be one that we take.
        let secret = self.secret.get_ref();
        let made = match secret.key {
            KeyEncoding::Whsec => HmacSecret::make_whsec(&[0; 32]),
            KeyEncoding::Text => HmacSecret::make_text(&[0; 32]),
        };
        let most = made.expose().len();
        ensure((1..=most).contains(&secret.least_length), &self.secret, || {
            format!("least_length must be from 1 to {most}, the length of secrets that are made")
        })
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

fn ensure<T>(holds: bool, at: &Spanned<T>, what: impl FnOnce() -> String) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem { at: at.span(), what: what() }) }
}
