//! The credentials that a receiver asks for.

use fanfare_domain::sealed::Sealed;
use fanfare_domain::target::{TargetRules, TargetUrl};
use fanfare_domain::webhook::Auth as DomainAuth;

use super::headers::check_value;
use super::secrets::Sealer;
use super::settings::{Auth, HIDDEN, OAUTH2};
use crate::problem::FieldProblems;

const LONGEST: usize = 1024;

/// Checks and seals credentials; parts shown as hidden stay as they were in `kept`. Notes what is wrong.
pub(super) fn check(
    targets: &TargetRules,
    sealer: &Sealer<'_>,
    given: Auth,
    kept: Option<&DomainAuth>,
    problems: &mut FieldProblems,
) -> Option<DomainAuth> {
    match given.kind.as_deref() {
        Some("basic") => basic(sealer, given, kept, problems),
        Some("bearer") => bearer(sealer, given, kept, problems),
        Some(OAUTH2) => oauth2(targets, sealer, given, kept, problems),
        Some(_) => {
            problems.add("/auth/type", "must be basic, bearer or oauth2_client_credentials");
            None
        }
        None => {
            problems.add("/auth/type", "is required: basic, bearer or oauth2_client_credentials");
            None
        }
    }
}

fn basic(
    sealer: &Sealer<'_>,
    given: Auth,
    kept: Option<&DomainAuth>,
    problems: &mut FieldProblems,
) -> Option<DomainAuth> {
    refuse_others(&given, &["username", "password"], problems);
    let username = required("/auth/username", given.username, problems);
    if username.as_ref().is_some_and(|name| name.contains(':') || name.chars().any(char::is_control)) {
        problems.add("/auth/username", "must have neither colons nor control characters");
    }
    let kept = kept.and_then(|auth| match auth {
        DomainAuth::Basic { password, .. } => Some(password),
        _ => None,
    });
    let password = secret("/auth/password", sealer, given.password, kept, problems);
    Some(DomainAuth::Basic { username: username?, password: password? })
}

fn bearer(
    sealer: &Sealer<'_>,
    given: Auth,
    kept: Option<&DomainAuth>,
    problems: &mut FieldProblems,
) -> Option<DomainAuth> {
    refuse_others(&given, &["token"], problems);
    let kept = kept.and_then(|auth| match auth {
        DomainAuth::Bearer { token } => Some(token),
        _ => None,
    });
    // It goes into a header as it is.
    if let Some(detail) =
        given.token.as_ref().filter(|token| *token != HIDDEN).and_then(|token| check_value(token).err())
    {
        problems.add("/auth/token", detail);
        return None;
    }
    Some(DomainAuth::Bearer { token: secret("/auth/token", sealer, given.token, kept, problems)? })
}

fn oauth2(
    targets: &TargetRules,
    sealer: &Sealer<'_>,
    given: Auth,
    kept: Option<&DomainAuth>,
    problems: &mut FieldProblems,
) -> Option<DomainAuth> {
    refuse_others(&given, &["token_url", "client_id", "client_secret", "scope", "audience", "auth_method"], problems);
    let kept = kept.and_then(|auth| match auth {
        DomainAuth::OAuth2 { client_secret, .. } => Some(client_secret),
        _ => None,
    });
    let token_url = problems.take("/auth/token_url", given.token_url.ok_or("is required"));
    let token_url = token_url.filter(|url| problems.take("/auth/token_url", TargetUrl::parse(url, targets)).is_some());
    let client_id = required("/auth/client_id", given.client_id, problems);
    for (pointer, text) in [("/auth/scope", &given.scope), ("/auth/audience", &given.audience)] {
        if text.as_ref().is_some_and(|text| text.len() > LONGEST || text.chars().any(char::is_control)) {
            problems.add(pointer, format!("must have at most {LONGEST} characters, and no control characters"));
        }
    }
    let client_secret = secret("/auth/client_secret", sealer, given.client_secret, kept, problems);
    Some(DomainAuth::OAuth2 {
        token_url: token_url?,
        client_id: client_id?,
        client_secret: client_secret?,
        scope: given.scope,
        audience: given.audience,
        auth_method: given.auth_method.unwrap_or_default(),
    })
}

fn required(pointer: &str, given: Option<String>, problems: &mut FieldProblems) -> Option<String> {
    let text = problems.take(pointer, given.filter(|text| !text.is_empty()).ok_or("is required"))?;
    if text.len() > LONGEST {
        problems.add(pointer, format!("must have at most {LONGEST} characters"));
    }
    Some(text)
}

fn secret(
    pointer: &str,
    sealer: &Sealer<'_>,
    given: Option<String>,
    kept: Option<&Sealed>,
    problems: &mut FieldProblems,
) -> Option<Sealed> {
    match given {
        Some(text) if text == HIDDEN => {
            problems.take(pointer, kept.cloned().ok_or("… keeps a stored value, and there is none"))
        }
        given => required(pointer, given, problems).map(|text| sealer.seal(&text)),
    }
}

/// Members of other types have no place here.
fn refuse_others(given: &Auth, own: &[&str], problems: &mut FieldProblems) {
    let members = [
        ("username", given.username.is_some()),
        ("password", given.password.is_some()),
        ("token", given.token.is_some()),
        ("token_url", given.token_url.is_some()),
        ("client_id", given.client_id.is_some()),
        ("client_secret", given.client_secret.is_some()),
        ("scope", given.scope.is_some()),
        ("audience", given.audience.is_some()),
        ("auth_method", given.auth_method.is_some()),
    ];
    for (name, _) in members.iter().filter(|(name, is_given)| *is_given && !own.contains(name)) {
        let kind = given.kind.as_deref().unwrap_or_default();
        problems
            .add(format!("/auth/{name}"), format!("has no place in auth of type {kind}, which has {}", own.join(", ")));
    }
}
