//! `fanfare profiles`: what helps whoever writes a profile.

use std::fmt::Write as _;

use fanfare_domain::profile::{AuthRule, Profile, Profiles, built_in_text};
use fanfare_domain::render::{EventParts, SigningSecrets, render, sign};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::Signing;

use crate::cli::{Flags, ProfilesCommand};
use crate::settings::{Settings, SettingsError};

/// The event of the sample request.
const SAMPLE: EventParts<'static> = EventParts {
    tenant: "acme",
    id: "evt_01KKR4Q3N8ZJ5V7W9X2B4C6D8F",
    event_type: "order.paid",
    created: Timestamp::from_millis(1_773_568_800_000), // 2026-03-15T10:00:00.000Z
    subject: Some("order-1042"),
    data: br#"{"order":"order-1042","amount":129.9,"currency":"EUR"}"#,
};
/// When the sample's attempt starts: some time later, to show which time is which.
const SAMPLE_STARTED: Timestamp = Timestamp::from_millis(1_773_568_805_000);
const SAMPLE_WEBHOOK: &str = "wh_01KKR4PZ6T1M3Q5S7V9X2B4C6D";
/// What the sample's secret is made from; any bytes would do, but the same each time.
const SAMPLE_RANDOM: &[u8; 32] = b"nobody's secret, made for a look";

/// What the subcommand prints.
///
/// # Errors
/// [`SettingsError`] if a description is not right, or there is none of that name.
pub(crate) fn told(command: &ProfilesCommand, flags: &Flags) -> Result<String, SettingsError> {
    match command {
        ProfilesCommand::List => Ok(list(&Settings::profiles(flags)?.0)),
        ProfilesCommand::Show { name } => {
            let (profiles, described) = Settings::profiles(flags)?;
            let Some(profile) = profiles.get(name) else {
                let known: Vec<_> = profiles.names().collect();
                return Err(SettingsError::UnknownProfile { name: name.clone(), known: known.join(", ") });
            };
            let described = || described.get(name).and_then(toml::Value::as_table).map(written).unwrap_or_default();
            Ok(show(profile, &built_in_text(name).map_or_else(described, str::to_owned)))
        }
        ProfilesCommand::Check { file } => {
            let requests = Settings::profiles_of(file)?.into_iter().map(|profile| sample_request(&profile));
            Ok(std::iter::once("ok\n".to_owned()).chain(requests).collect::<Vec<_>>().join("\n"))
        }
    }
}

fn list(profiles: &Profiles) -> String {
    profiles.names().fold(String::new(), |mut list, name| {
        let origin = if built_in_text(name).is_some() { "built in" } else { "from the configuration file" };
        // Writing to a string cannot fail.
        let _ = writeln!(list, "{name:<16} {origin}");
        list
    })
}

/// An operator's description, a line for each setting.
fn written(described: &toml::Table) -> String {
    described.iter().map(|(setting, value)| format!("{setting} = {value}\n")).collect()
}

/// The description and, as comments, a request under it: the whole is the description of a profile again.
fn show(profile: &Profile, description: &str) -> String {
    let request = sample_request(profile);
    request.lines().fold(format!("{}\n\n", description.trim_end()), |mut shown, line| {
        shown.push_str(format!("# {line}").trim_end());
        shown.push('\n');
        shown
    })
}

/// A request as a receiver gets it over HTTP/1.1, and the secret that verifies it.
fn sample_request(profile: &Profile) -> String {
    let secret = profile.make_secret(SAMPLE_RANDOM);
    let mut text = format!(
        "A request under the profile {}, to a receiver that was given the secret {}:\n\n",
        profile.name,
        secret.expose()
    );
    let secrets = SigningSecrets { current: secret, previous: None, ed25519: None, signing: Signing::Hmac };
    let signed = sign(profile, &secrets, &render(profile, &SAMPLE, SAMPLE_WEBHOOK), &SAMPLE, SAMPLE_STARTED);
    let mut headers = vec![
        ("host", "receiver.example".to_owned()),
        ("content-type", profile.content_type.clone()),
        ("content-length", signed.body.len().to_string()),
        ("user-agent", concat!("Fanfare/", env!("CARGO_PKG_VERSION")).to_owned()),
    ];
    if profile.auth == AuthRule::OAuth2 {
        headers.push(("authorization", "Bearer …".to_owned()));
    }
    headers.extend(signed.headers);
    text.push_str("POST /webhooks HTTP/1.1\n");
    for (name, value) in headers {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}: {value}", title_case(name));
    }
    text + "\n" + &String::from_utf8_lossy(&signed.body) + "\n"
}

/// The spelling in which the worker sends a header's name: the first letter of each part large, all others small.
fn title_case(name: &str) -> String {
    let parts = name.split('-').map(|part| {
        let mut part = part.to_ascii_lowercase();
        if let Some(first) = part.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        part
    });
    parts.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str) -> String {
        told(&ProfilesCommand::Show { name: name.to_owned() }, &Flags::default()).expect("built in")
    }

    #[test]
    fn a_request_is_shown_as_it_is_sent() {
        let qr3 = sample_request(Profiles::built_in().get("qr3").expect("built in"));
        let (head, body) = qr3.trim_end().rsplit_once("\n\n").expect("a body");
        assert_eq!(
            body,
            r#"{"id":"evt_01KKR4Q3N8ZJ5V7W9X2B4C6D8F","type":"order.paid","created":"2026-03-15T10:00:00.000Z","data":{"order":"order-1042","amount":129.9,"currency":"EUR"}}"#
        );
        assert!(head.contains("\nX-Qr3-Signature: sha256="), "{head}");
        assert!(head.contains(&format!("\nContent-Length: {}\n", body.len())), "{head}");
        let standard = shown("standard");
        assert!(standard.contains("# Webhook-Timestamp: 1773568805\n"), "{standard}");
        assert!(shown("validas").contains("# Authorization: Bearer …\n"));
    }

    #[test]
    fn what_is_shown_is_a_description_again() {
        let built_in = Profiles::built_in();
        for name in built_in.names() {
            let read = Profile::parse(name, &shown(name)).expect("valid");
            assert_eq!(Some(&read), built_in.get(name).map(AsRef::as_ref));
        }
    }

    #[test]
    fn names_have_the_case_of_http_1() {
        for (name, sent) in [
            ("webhook-id", "Webhook-Id"),
            ("X-GoValid-Event-Id", "X-Govalid-Event-Id"),
            ("X-QR3-Signature", "X-Qr3-Signature"),
            ("x--3d", "X--3d"),
        ] {
            assert_eq!(title_case(name), sent);
        }
    }
}
