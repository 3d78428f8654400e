//! The shipped profiles, held against the vendors' guides cell by cell.

use std::num::NonZeroU32;

use super::*;
use crate::render::{EventParts, SigningSecrets, render, sign};
use crate::signature::SecretError;
use crate::time::Timestamp;
use crate::webhook::Signing;

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const STANDARD_DELAYS: &[u64] =
    &[0, 5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
const FIVE_DAYS: DisableRule =
    DisableRule { failing_for: Some(Duration::from_secs(5 * 24 * HOUR)), ..DisableRule::NEVER };

/// The rules of one column.
struct Rules {
    name: &'static str,
    timeout: u64,
    delays: &'static [u64],
    jitter: f64,
    disable: DisableRule,
    holds: Holds,
    ed25519: bool,
    key: KeyEncoding,
    origin: SecretOrigin,
    auth: AuthRule,
    content_type: &'static str,
}

const STANDARD_RULES: Rules = Rules {
    name: STANDARD,
    timeout: 15,
    delays: STANDARD_DELAYS,
    jitter: 0.2,
    disable: DisableRule { gone: true, ..FIVE_DAYS },
    holds: Holds::Several,
    ed25519: true,
    key: KeyEncoding::Whsec,
    origin: SecretOrigin::MadeOrGiven,
    auth: AuthRule::Optional,
    content_type: "application/json",
};

fn columns() -> [Rules; 6] {
    [
        STANDARD_RULES,
        Rules { name: "cloudevents", content_type: "application/cloudevents+json", ..STANDARD_RULES },
        Rules {
            name: "govalid",
            timeout: 5,
            delays: &[0, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR],
            jitter: 0.0,
            disable: DisableRule { delivery_exhausted: true, ..DisableRule::NEVER },
            holds: Holds::One,
            ed25519: false,
            key: KeyEncoding::Text,
            origin: SecretOrigin::Given,
            ..STANDARD_RULES
        },
        Rules {
            name: "validas",
            disable: DisableRule::NEVER,
            ed25519: false,
            origin: SecretOrigin::Made,
            auth: AuthRule::OAuth2,
            ..STANDARD_RULES
        },
        Rules {
            name: "qr3",
            timeout: 5,
            delays: &[0, MINUTE, 5 * MINUTE],
            jitter: 0.0,
            disable: DisableRule { failures_in_a_row: NonZeroU32::new(10), ..DisableRule::NEVER },
            holds: Holds::One,
            ed25519: false,
            key: KeyEncoding::Text,
            origin: SecretOrigin::Given,
            ..STANDARD_RULES
        },
        Rules {
            name: "voveid",
            delays: &[0, 5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR],
            jitter: 0.0,
            disable: FIVE_DAYS,
            holds: Holds::One,
            ed25519: false,
            ..STANDARD_RULES
        },
    ]
}

fn built_in(name: &str) -> Profile {
    Profile::clone(Profiles::built_in().get(name).expect("built in"))
}

#[test]
fn each_profile_has_the_rules_of_its_guide() {
    let columns = columns();
    let mut names = columns.each_ref().map(|rules| rules.name);
    names.sort_unstable();
    assert_eq!(Profiles::built_in().names().collect::<Vec<_>>(), names);
    for rules in columns {
        let (name, profile) = (rules.name, built_in(rules.name));
        let delays: Vec<u64> = profile.retry.delays().iter().map(Duration::as_secs).collect();
        assert_eq!(delays, rules.delays, "{name}");
        assert!((profile.retry.jitter() - rules.jitter).abs() < f64::EPSILON, "{name}");
        assert_eq!(profile.timeout, Duration::from_secs(rules.timeout), "{name}");
        assert_eq!(profile.disable, rules.disable, "{name}");
        assert_eq!((profile.signature.holds, profile.signature.ed25519), (rules.holds, rules.ed25519), "{name}");
        assert_eq!((profile.secret.key, profile.secret.origin), (rules.key, rules.origin), "{name}");
        assert_eq!(profile.auth, rules.auth, "{name}");
        assert_eq!(profile.content_type, rules.content_type, "{name}");
        let succeeds =
            [100, 199, 200, 204, 299, 300, 304, 400, 410, 500].map(|status| profile.success.contains(status));
        assert_eq!(succeeds, [false, false, true, true, true, false, false, false, false, false], "{name}");
    }
}

#[test]
fn each_profile_posts_the_bytes_and_headers_of_its_guide() {
    const DATA: &str = r#"{"status":"successful"}"#;
    let standard_headers = "webhook-id: evt_1, webhook-timestamp: 1800000000, webhook-signature: <v1>";
    let svix_headers = "Svix-Id: evt_1, Svix-Timestamp: 1800000000, Svix-Signature: <v1>";
    let time = "2025-01-29T12:00:00.999Z";
    for (name, body, headers) in [
        (STANDARD, format!(r#"{{"id":"evt_1","type":"a.b","timestamp":"{time}","data":{DATA}}}"#), standard_headers),
        (
            "cloudevents",
            format!(
                r#"{{"specversion":"1.0","id":"evt_1","source":"/fanfare/acme","type":"a.b","subject":"val-1","time":"{time}","datacontenttype":"application/json","data":{DATA}}}"#
            ),
            standard_headers,
        ),
        (
            "govalid",
            format!(
                r#"{{"event":"a.b","timestamp":"2025-01-29T12:00:00Z","webhook_id":"wh_1","data":{DATA},"signature":"<inner>"}}"#
            ),
            "X-GoValid-Signature: <hex>, X-GoValid-Event-Id: evt_1",
        ),
        (
            "validas",
            format!(r#"{{"id":"evt_1","type":"a.b","timestamp":"{time}","subject":"val-1","data":{DATA}}}"#),
            standard_headers,
        ),
        ("qr3", format!(r#"{{"id":"evt_1","type":"a.b","created":"{time}","data":{DATA}}}"#), "X-QR3-Signature: <hex>"),
        ("voveid", DATA.to_owned(), svix_headers),
    ] {
        let profile = built_in(name);
        let event = EventParts {
            tenant: "acme",
            id: "evt_1",
            event_type: "a.b",
            created: Timestamp::parse(time).expect("valid"),
            subject: Some("val-1"),
            data: DATA.as_bytes(),
        };
        let secret = profile.make_secret(&[1; 32]);
        let secrets = SigningSecrets { current: secret.clone(), previous: None, ed25519: None, signing: Signing::Hmac };
        let started = Timestamp::from_millis(1_800_000_000_999);
        let signed = sign(&profile, &secrets, &render(&profile, &event, "wh_1"), &event, started);

        let bare = body.replace(r#","signature":"<inner>""#, "");
        let body = body.replace("<inner>", &secret.sign_hex(bare.as_bytes()));
        assert_eq!(std::str::from_utf8(&signed.body), Ok(body.as_str()), "{name}");
        let headers = headers
            .replace("<hex>", &secret.sign_hex(body.as_bytes()))
            .replace("<v1>", &secret.sign_v1("evt_1", 1_800_000_000, body.as_bytes()));
        let sent: Vec<_> = signed.headers.iter().map(|(header, value)| format!("{header}: {value}")).collect();
        assert_eq!(sent.join(", "), headers, "{name}");
    }
}

#[test]
fn each_profile_takes_the_secrets_of_its_guide() {
    let whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let prefix = SecretError::Prefix { prefix: "whsec_" };
    for (name, given, refusal) in [
        (STANDARD, whsec, None),
        (STANDARD, "my-secret-key-min-16-chars", Some(prefix.clone())),
        ("cloudevents", whsec, None),
        ("voveid", "whsec_5WbX5kEWLlfzsGNjH64Ide8lOOqUB6e8FH", None),
        ("voveid", "my-secret-key-min-16-chars", Some(prefix)),
        ("govalid", "your_webhook_secret", None),
        ("govalid", "x", None),
        ("govalid", "", Some(SecretError::TooShort { least: 1 })),
        ("qr3", "my-secret-key-min-16-chars", None),
        ("qr3", "sixteen letters!", None),
        ("qr3", "fifteen letters", Some(SecretError::TooShort { least: 16 })),
    ] {
        assert_eq!(built_in(name).take_secret(given).err(), refusal, "{name} {given}");
    }
    for name in Profiles::built_in().names() {
        let profile = built_in(name);
        let made = profile.make_secret(&[1; 32]);
        assert!(profile.take_secret(made.expose()).is_ok(), "{name}");
        assert_eq!(made.expose().starts_with("whsec_"), profile.secret.key == KeyEncoding::Whsec, "{name}");
    }
}

/// A header that holds one signature changes hands when the overlap ends; one that holds several has both until then.
#[test]
fn each_profile_rotates_secrets_as_its_header_allows() {
    let ends = Timestamp::from_millis(1_800_000_000_000);
    for rules in columns() {
        let (name, profile) = (rules.name, built_in(rules.name));
        let [new, old] = [1, 2].map(|byte| profile.make_secret(&[byte; 32]));
        let secrets = SigningSecrets {
            current: new.clone(),
            previous: Some((old.clone(), ends)),
            ed25519: None,
            signing: Signing::Hmac,
        };
        let event = EventParts { tenant: "acme", id: "e", event_type: "a", created: ends, subject: None, data: b"{}" };
        let rendered = render(&profile, &event, "w");
        let signed_at = |started: Timestamp| {
            let signed = sign(&profile, &secrets, &rendered, &event, started);
            let by = |secret: &HmacSecret| match profile.signature.scheme {
                SignatureScheme::Standard => secret.sign_v1("e", started.as_seconds(), &signed.body),
                SignatureScheme::Sha256Hex => secret.sign_hex(&signed.body),
            };
            let header = profile.headers.iter().position(|header| header.content.shows(&HeaderValue::Signature));
            let (_, value) = &signed.headers[header.expect("signed")];
            let signers = value.split(' ').map(|signature| [&new, &old].map(|secret| by(secret) == signature));
            signers.collect::<Vec<_>>()
        };
        let during = match rules.holds {
            Holds::One => vec![[false, true]],
            Holds::Several => vec![[true, false], [false, true]],
        };
        assert_eq!(signed_at(ends.minus(Duration::from_secs(1))), during, "{name}");
        assert_eq!(signed_at(ends), [[true, false]], "{name}");
    }
}
