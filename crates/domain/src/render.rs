//! What is posted: the body's bytes, and the headers that sign them.

#[cfg(test)]
mod tests;

use bytes::Bytes;

use crate::json::write_string;
use crate::profile::{Content, HeaderValue, Holds, Member, MemberValue, Profile, SignatureScheme, TimeFormat};
use crate::signature::{Ed25519Secret, HmacSecret};
use crate::time::Timestamp;
use crate::webhook::Signing;

/// What bodies and headers show of an event.
#[derive(Clone, Copy, Debug)]
pub struct EventParts<'a> {
    /// The id of the tenant that it belongs to.
    pub tenant: &'a str,
    /// Its id.
    pub id: &'a str,
    /// Its type, as published.
    pub event_type: &'a str,
    /// When it happened.
    pub created: Timestamp,
    /// What it is about.
    pub subject: Option<&'a str>,
    /// A JSON value in canonical text.
    pub data: &'a [u8],
}

/// A body but for the signature that may be part of it: the same bytes in every attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    body: Bytes,
}

/// The secrets of a webhook, opened.
#[derive(Clone, Debug)]
pub struct SigningSecrets {
    /// The shared secret.
    pub current: HmacSecret,
    /// The one before the last rotation and when its overlap ends.
    pub previous: Option<(HmacSecret, Timestamp)>,
    /// The key pair, where there is one.
    pub ed25519: Option<Ed25519Secret>,
    /// Which of them sign, where the profile leaves a choice.
    pub signing: Signing,
}

/// One attempt's body and the profile's own headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The bytes to post.
    pub body: Bytes,
    /// Name, as the profile spells it, and value.
    pub headers: Vec<(&'a str, String)>,
}

/// Writes the body as `profile` has it. `webhook_id` is shown only by profiles that name it, so for all others a body
/// serves every webhook of the profile.
#[must_use]
pub fn render(profile: &Profile, event: &EventParts<'_>, webhook_id: &str) -> Rendered {
    let Some(envelope) = &profile.envelope else {
        return Rendered { body: Bytes::copy_from_slice(event.data) };
    };
    let mut body = Vec::with_capacity(event.data.len() + 256);
    body.push(b'{');
    for member in envelope {
        write_member(&mut body, profile, event, webhook_id, member);
    }
    body.push(b'}');
    Rendered { body: body.into() }
}

fn write_member(body: &mut Vec<u8>, profile: &Profile, event: &EventParts<'_>, webhook_id: &str, member: &Member) {
    let (created, seconds);
    let (prefix, text) = match &member.content {
        Content::Fixed(text) => (text.as_str(), ""),
        Content::Shown { prefix, value } => {
            let text = match value {
                MemberValue::EventId => event.id,
                MemberValue::EventType => event.event_type,
                MemberValue::Tenant => event.tenant,
                MemberValue::WebhookId => webhook_id,
                MemberValue::Created => match profile.body_time {
                    TimeFormat::Milliseconds => {
                        created = event.created.to_text();
                        created.as_str()
                    }
                    TimeFormat::Seconds => {
                        seconds = event.created.in_seconds();
                        &seconds
                    }
                },
                MemberValue::Subject => match event.subject {
                    Some(subject) => subject,
                    None => return,
                },
                MemberValue::Data => {
                    write_name(body, &member.name);
                    return body.extend_from_slice(event.data);
                }
                // Added when the body is signed.
                MemberValue::Signature => return,
            };
            (prefix.as_str(), text)
        }
    };
    write_name(body, &member.name);
    match prefix {
        "" => write_string(body, text),
        prefix => write_string(body, format!("{prefix}{text}")),
    }
}

/// The name of the next member of an object that is not yet closed.
fn write_name(body: &mut Vec<u8>, name: &str) {
    if body.last() != Some(&b'{') {
        body.push(b',');
    }
    write_string(body, name);
    body.push(b':');
}

/// Signs a body of `event` for the attempt that starts at `started`, which is the signed time and decides which secrets
/// still sign.
#[must_use]
pub fn sign<'a>(
    profile: &'a Profile,
    secrets: &SigningSecrets,
    rendered: &Rendered,
    event: &EventParts<'_>,
    started: Timestamp,
) -> Signed<'a> {
    let active = active_secrets(profile, secrets, started);
    let body = with_signature(profile, &active, &rendered.body);
    let shown = |value| match value {
        HeaderValue::EventId => event.id.to_owned(),
        HeaderValue::EventType => event.event_type.to_owned(),
        HeaderValue::Timestamp => started.as_seconds().to_string(),
        HeaderValue::Signature => signature_header(profile, secrets, &active, event.id, started, &body),
    };
    let text = |content: &Content<HeaderValue>| match content {
        Content::Fixed(text) => text.clone(),
        Content::Shown { prefix, value } if prefix.is_empty() => shown(*value),
        Content::Shown { prefix, value } => format!("{prefix}{}", shown(*value)),
    };
    let headers = profile.headers.iter().map(|header| (header.name.as_str(), text(&header.content))).collect();
    Signed { body, headers }
}

/// The shared secrets that sign now.
fn active_secrets<'a>(profile: &Profile, secrets: &'a SigningSecrets, now: Timestamp) -> Vec<&'a HmacSecret> {
    match (&secrets.previous, profile.signature.holds) {
        (Some((previous, until)), Holds::Several) if now < *until => {
            vec![&secrets.current, previous]
        }
        (Some((previous, until)), Holds::One) if now < *until => vec![previous],
        _ => vec![&secrets.current],
    }
}

/// The body, with the member that signs the rest of it if the profile has one.
fn with_signature(profile: &Profile, active: &[&HmacSecret], body: &Bytes) -> Bytes {
    let last = profile.envelope.as_ref().and_then(|envelope| envelope.last());
    let Some(member) = last.filter(|member| member.content.shows(&MemberValue::Signature)) else {
        return body.clone();
    };
    let Some((open, secret)) = body.strip_suffix(b"}").zip(active.first()) else {
        return body.clone();
    };
    let mut signed = Vec::with_capacity(body.len() + 128);
    signed.extend_from_slice(open);
    write_name(&mut signed, &member.name);
    write_string(&mut signed, secret.sign_hex(body));
    signed.push(b'}');
    signed.into()
}

fn signature_header(
    profile: &Profile,
    secrets: &SigningSecrets,
    active: &[&HmacSecret],
    event_id: &str,
    started: Timestamp,
    body: &[u8],
) -> String {
    let seconds = started.as_seconds();
    let choice = if profile.signature.ed25519 { secrets.signing } else { Signing::Hmac };
    let mut signatures = Vec::new();
    if choice != Signing::Ed25519 || secrets.ed25519.is_none() {
        signatures.extend(active.iter().map(|secret| match profile.signature.scheme {
            SignatureScheme::Standard => secret.sign_v1(event_id, seconds, body),
            SignatureScheme::Sha256Hex => secret.sign_hex(body),
        }));
    }
    if choice != Signing::Hmac {
        signatures.extend(secrets.ed25519.iter().map(|key| key.sign_v1a(event_id, seconds, body)));
    }
    match signatures.as_mut_slice() {
        [only] => std::mem::take(only),
        several => several.join(" "),
    }
}
