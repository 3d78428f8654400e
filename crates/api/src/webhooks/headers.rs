//! A webhook's own headers.

use std::collections::{BTreeMap, HashSet};

use fanfare_domain::profile::Profile;
use fanfare_domain::sealed::Sealed as SealedValue;
use http::{HeaderName, HeaderValue};

use super::secrets::Sealer;
use super::settings::HIDDEN;
use crate::problem::{FieldProblems, token};

/// Names and sealed values.
pub(super) type Sealed = Vec<(String, SealedValue)>;

const MOST: usize = 32;
const LONGEST_NAME: usize = 128;
const LONGEST_VALUE: usize = 4096;

/// Headers of one connection ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110), section 7.6.1, and older names), and the
/// one that says where the request goes.
const REFUSED: [&str; 11] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "host",
];

/// Checks and seals headers; those shown as hidden stay as they were in `kept`.
pub(super) fn check(
    profile: &Profile,
    sealer: &Sealer<'_>,
    given: BTreeMap<String, String>,
    kept: &[(String, SealedValue)],
    problems: &mut FieldProblems,
) -> Sealed {
    if given.len() > MOST {
        problems.add("/headers", format!("may have at most {MOST} members, not {}", given.len()));
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut sealed = Vec::with_capacity(given.len());
    for (name, value) in given {
        let pointer = format!("/headers{}", token(&name));
        if let Err(detail) = check_name(profile, &name) {
            problems.add(&pointer, detail);
        } else if !seen.insert(name.to_ascii_lowercase()) {
            problems.add(&pointer, "is there twice, in another case");
        } else if value == HIDDEN {
            match kept.iter().find(|(other, _)| other.eq_ignore_ascii_case(&name)) {
                Some((_, value)) => sealed.push((name, value.clone())),
                None => problems.add(&pointer, "… keeps a stored value, and there is none"),
            }
        } else if let Err(detail) = check_value(&value) {
            problems.add(&pointer, detail);
        } else {
            sealed.push((name, sealer.seal(&value)));
        }
    }
    sealed
}

/// Checks headers that are only shown.
pub(crate) fn check_shown(profile: &Profile, given: &BTreeMap<String, String>, problems: &mut FieldProblems) {
    if given.len() > MOST {
        problems.add("/headers", format!("may have at most {MOST} members, not {}", given.len()));
        return;
    }
    for (name, value) in given {
        if let Err(detail) = check_name(profile, name).and_then(|()| check_value(value)) {
            problems.add(format!("/headers{}", token(name)), detail);
        }
    }
}

fn check_name(profile: &Profile, name: &str) -> Result<(), String> {
    if name.len() > LONGEST_NAME {
        return Err(format!("a header's name has at most {LONGEST_NAME} characters"));
    }
    let lower = HeaderName::from_bytes(name.as_bytes()).map_err(|_| "is not a header's name".to_owned())?;
    if REFUSED.contains(&lower.as_str()) || lower.as_str().starts_with("content-") {
        return Err("is set for each request by itself and cannot be given".to_owned());
    }
    if profile.sends_header(name) {
        return Err(format!("the profile {} sends this header itself", profile.name));
    }
    Ok(())
}

/// What may be wrong with a header's value; no message holds any of it.
pub(super) fn check_value(value: &str) -> Result<(), String> {
    let plain = value.bytes().all(|byte| (b' '..=b'~').contains(&byte) || byte == b'\t');
    if !plain || value.trim() != value || HeaderValue::from_str(value).is_err() {
        return Err("must consist of printable ASCII characters, without white space at its ends".to_owned());
    }
    if value.len() > LONGEST_VALUE {
        return Err(format!("must have at most {LONGEST_VALUE} characters"));
    }
    Ok(())
}
