//! From settings as they were written to a webhook that may be stored.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use fanfare_domain::event_type::Pattern;
use fanfare_domain::ids::WebhookId;
use fanfare_domain::profile::{AuthRule, Profile};
use fanfare_domain::target::TargetUrl;
use fanfare_domain::tenant::Tenant;
use fanfare_domain::webhook::{Signing, Webhook};

use super::secrets::{self, Sealer};
use super::settings::{OAUTH2, Settings};
use super::{auth, headers, limits};
use crate::context::Context;
use crate::problem::{FieldProblems, Problem, token};

const MOST_PATTERNS: usize = 100;
const LONGEST_DESCRIPTION: usize = 1_000;
const MOST_NOTES: usize = 50;
const LONGEST_NOTE_NAME: usize = 64;
const LONGEST_NOTE: usize = 1_000;
const MOST_IN_FLIGHT: u32 = 10_000;

/// A new webhook of `tenant`, and its secret.
pub(super) fn new_webhook(
    context: &Context,
    tenant: &Tenant,
    settings: Settings,
) -> Result<(Webhook, String), Problem> {
    let mut problems = FieldProblems::default();
    let profile = new_profile(context, tenant, settings.profile.as_deref())?;
    let now = context.clock.now();
    let sealer = Sealer::new(&context.keyring, WebhookId::make(now, rand::random()));
    let secret = problems.take("/secret", secrets::choose(profile, settings.secret.as_deref()));
    let checked = Checked::of(context, profile, &sealer, settings, None, &mut problems);
    let (checked, secret) = problems.or(checked.zip(secret))?;
    let webhook = Webhook {
        id: sealer.id(),
        tenant: tenant.number,
        version: 1,
        url: checked.url,
        events: checked.events,
        description: checked.description,
        is_active: checked.is_active,
        profile: profile.name.clone(),
        signing: checked.signing,
        secrets: secrets::new(&sealer, &secret, checked.signing),
        headers: checked.headers,
        auth: checked.auth,
        timeout: checked.timeout,
        retry: checked.retry,
        rate_limit: checked.rate_limit,
        max_in_flight: checked.max_in_flight,
        disable: checked.disable,
        metadata: checked.metadata,
        created_at: now,
        updated_at: now,
        health_since: now,
        disabled_reason: None,
    };
    Ok((webhook, secret.expose().to_owned()))
}

fn new_profile<'a>(context: &'a Context, tenant: &Tenant, given: Option<&str>) -> Result<&'a Profile, Problem> {
    let profile = context.profiles.get(given.unwrap_or(&tenant.default_profile)).map(AsRef::as_ref);
    profile.ok_or_else(|| match given {
        Some(_) => {
            let names: Vec<_> = context.profiles.names().collect();
            Problem::field("/profile", format!("no profile has this name; there are: {}", names.join(", ")))
        }
        None => Problem::conflict(format!(
            "the operator has taken away the tenant's default_profile, {}; name another profile",
            tenant.default_profile
        )),
    })
}

/// `before` with other settings.
pub(super) fn changed_webhook(context: &Context, before: &Webhook, settings: Settings) -> Result<Webhook, Problem> {
    if settings.profile.as_ref() != Some(&before.profile) {
        return Err(Problem::conflict(
            "a webhook's profile cannot change; make another webhook under the other profile",
        ));
    }
    let profile = context.profile_of(before)?;
    let mut problems = FieldProblems::default();
    let sealer = Sealer::new(&context.keyring, before.id);
    let checked = Checked::of(context, profile, &sealer, settings, Some(before), &mut problems);
    let checked = problems.or(checked)?;
    let enabled = checked.is_active && !before.is_active;
    let fresh = enabled || checked.url != before.url;
    Ok(Webhook {
        url: checked.url,
        events: checked.events,
        description: checked.description,
        is_active: checked.is_active,
        secrets: secrets::for_signing(&sealer, before.secrets.clone(), checked.signing),
        signing: checked.signing,
        headers: checked.headers,
        auth: checked.auth,
        timeout: checked.timeout,
        retry: checked.retry,
        rate_limit: checked.rate_limit,
        max_in_flight: checked.max_in_flight,
        disable: checked.disable,
        metadata: checked.metadata,
        health_since: if fresh { context.clock.now() } else { before.health_since },
        disabled_reason: before.disabled_reason.filter(|_| !enabled),
        ..before.clone()
    })
}

/// Settings that hold up.
struct Checked {
    url: String,
    events: Vec<Pattern>,
    description: Option<String>,
    is_active: bool,
    signing: Signing,
    headers: headers::Sealed,
    auth: Option<fanfare_domain::webhook::Auth>,
    timeout: Option<std::time::Duration>,
    retry: Option<fanfare_domain::retry::RetryPolicy>,
    rate_limit: Option<fanfare_domain::webhook::RateLimit>,
    max_in_flight: Option<NonZeroU32>,
    disable: Option<fanfare_domain::health::DisableRule>,
    metadata: BTreeMap<String, String>,
}

impl Checked {
    /// Checks everything; notes what is wrong, and then is `None` or of no use.
    fn of(
        context: &Context,
        profile: &Profile,
        sealer: &Sealer<'_>,
        settings: Settings,
        before: Option<&Webhook>,
        problems: &mut FieldProblems,
    ) -> Option<Self> {
        let url = url(context, settings.url, problems);
        let events = patterns(settings.events, problems);
        if settings.description.as_ref().is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
            problems.add("/description", format!("must have at most {LONGEST_DESCRIPTION} characters"));
        }
        if settings.signing.is_some() && !profile.signature.ed25519 {
            problems.add("/signing", format!("the profile {} leaves no choice of signatures", profile.name));
        }
        let kept = before.map_or(&[][..], |webhook| &webhook.headers);
        let given = settings.headers.unwrap_or_default();
        let sends_authorization = given.keys().find(|name| name.eq_ignore_ascii_case("authorization")).cloned();
        let headers = headers::check(profile, sealer, given, kept, problems);
        if let (Some(name), Some(_)) = (sends_authorization, &settings.auth) {
            problems.add(format!("/headers{}", token(&name)), "auth sends this header already");
        }
        let kept = before.and_then(|webhook| webhook.auth.as_ref());
        let kind = settings.auth.as_ref().and_then(|given| given.kind.as_deref());
        if profile.auth == AuthRule::OAuth2 && kind != Some(OAUTH2) {
            problems.add("/auth", format!("the profile {} needs auth of type {OAUTH2}", profile.name));
        }
        let auth = settings.auth.and_then(|given| auth::check(&context.targets, sealer, given, kept, problems));
        Some(Self {
            timeout: settings.timeout.and_then(|text| limits::timeout(&text, problems)),
            retry: settings.retry.and_then(|retry| limits::retry(retry, context.retention, problems)),
            rate_limit: settings.rate_limit.and_then(|limit| limits::rate_limit(&limit, problems)),
            max_in_flight: settings.max_in_flight.and_then(|number| max_in_flight(number, problems)),
            disable: settings.disable.and_then(|rule| limits::disable(&rule, problems)),
            metadata: notes(settings.metadata.unwrap_or_default(), problems),
            description: settings.description,
            is_active: settings.is_active.unwrap_or(true),
            signing: settings.signing.unwrap_or_default(),
            headers,
            auth,
            url: url?,
            events: events?,
        })
    }
}

fn url(context: &Context, given: Option<String>, problems: &mut FieldProblems) -> Option<String> {
    let url = problems.take("/url", given.ok_or("is required"))?;
    problems.take("/url", TargetUrl::parse(&url, &context.targets))?;
    Some(url)
}

fn patterns(given: Option<Vec<String>>, problems: &mut FieldProblems) -> Option<Vec<Pattern>> {
    let given = problems.take("/events", given.ok_or("is required"))?;
    if given.is_empty() || given.len() > MOST_PATTERNS {
        problems.add("/events", format!("must have 1 to {MOST_PATTERNS} types or patterns, not {}", given.len()));
        return None;
    }
    let read = |(place, text): (usize, &String)| problems.take(format!("/events/{place}"), Pattern::new(text));
    Some(given.iter().enumerate().filter_map(read).collect())
}

fn max_in_flight(number: u32, problems: &mut FieldProblems) -> Option<NonZeroU32> {
    let bounded = NonZeroU32::new(number).filter(|number| number.get() <= MOST_IN_FLIGHT);
    problems.take("/max_in_flight", bounded.ok_or_else(|| format!("must be 1 to {MOST_IN_FLIGHT}, not {number}")))
}

fn notes(given: BTreeMap<String, String>, problems: &mut FieldProblems) -> BTreeMap<String, String> {
    if given.len() > MOST_NOTES {
        problems.add("/metadata", format!("may have at most {MOST_NOTES} members, not {}", given.len()));
    }
    for (name, text) in &given {
        if name.is_empty() || name.chars().count() > LONGEST_NOTE_NAME {
            let shown: String = name.chars().take(LONGEST_NOTE_NAME).collect();
            problems.add(
                format!("/metadata{}", token(&shown)),
                format!("a name must have 1 to {LONGEST_NOTE_NAME} characters"),
            );
        } else if text.chars().count() > LONGEST_NOTE {
            problems.add(format!("/metadata{}", token(name)), format!("must have at most {LONGEST_NOTE} characters"));
        }
    }
    given
}
