use fanfare_domain::health::DisableRule;
use fanfare_domain::retry::RetryPolicy;
use fanfare_domain::signature::HmacSecret;

use super::*;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const ID: WebhookId = WebhookId::from_bytes([1; 16]);

fn keyring() -> Keyring {
    Keyring::parse(KEY).expect("a key")
}

fn webhook(profile: &str, secret: &HmacSecret) -> Webhook {
    let current = keyring().seal(secret.expose().as_bytes(), ID.as_bytes(), [3; 24]);
    let secrets = Secrets { current, ..fanfare_samples::webhook().secrets };
    Webhook { id: ID, profile: profile.to_owned(), secrets, ..fanfare_samples::webhook() }
}

fn event() -> Event {
    Event { data: Bytes::from_static(b"{}"), ..fanfare_samples::event() }
}

fn prepare(webhook: &Webhook) -> Result<Prepared, PrepareError> {
    Prepared::new(webhook, &Profiles::built_in(), &keyring(), &TargetRules::default())
}

fn made_for(profile: &str) -> Webhook {
    let profiles = Profiles::built_in();
    webhook(profile, &profiles.get(profile).expect("built in").make_secret(&[7; 32]))
}

#[test]
fn a_webhook_has_the_rules_of_its_profile_where_it_says_nothing() {
    let profiles = Profiles::built_in();
    for name in profiles.names() {
        let profile = profiles.get(name).expect("built in");
        let prepared = prepare(&made_for(name)).expect("ready");
        assert_eq!(prepared.timeout, profile.timeout, "{name}");
        assert_eq!(prepared.retry.schedule, profile.retry, "{name}");
        assert_eq!(prepared.retry.gone_ends, matches!(name, "standard" | "cloudevents"), "{name}");
        let taken = [199, 200, 299, 300, 410].map(|status| prepared.takes(status));
        assert_eq!(taken, [false, true, true, false, false], "{name}");

        let request = prepared.request(&event(), Timestamp::from_millis(1_800_000_000_000)).expect("made");
        assert_eq!(request.headers[CONTENT_TYPE], profile.content_type.as_str(), "{name}");
        for header in &profile.headers {
            assert_eq!(request.headers.get_all(header.name.as_str()).iter().count(), 1, "{name} {}", header.name);
        }
        let shown = prepared.shown(&request.headers).pairs().expect("a list");
        assert!(shown.iter().all(|(_, value)| value != REDACTED), "{name}: signatures are no secret: {shown:?}");
    }
}

#[test]
fn a_webhooks_own_rules_come_before_those_of_its_profile() {
    let rule = |gone| Some(DisableRule { gone, ..DisableRule::NEVER });
    let own = RetryPolicy::new(vec![Duration::ZERO], 0.0).expect("valid");
    let standard = Webhook {
        timeout: Some(Duration::from_secs(3)),
        retry: Some(own.clone()),
        disable: rule(false),
        ..made_for("standard")
    };
    let prepared = prepare(&standard).expect("ready");
    assert_eq!((prepared.timeout, &prepared.retry.schedule), (Duration::from_secs(3), &own));
    assert!(!prepared.retry.gone_ends);
    assert!(prepare(&Webhook { disable: rule(true), ..made_for("qr3") }).expect("ready").retry.gone_ends);
}

#[test]
fn the_tenant_is_the_one_that_published() {
    let prepared = prepare(&made_for("cloudevents")).expect("ready");
    let body = prepared.request(&event(), Timestamp::default()).expect("made").body;
    assert!(String::from_utf8_lossy(&body).contains(r#""source":"/fanfare/acme""#), "{body:?}");
}

#[test]
fn what_the_operator_took_away_or_made_stricter_is_told() {
    let secret = HmacSecret::from_text("short");
    assert!(matches!(prepare(&webhook("mine", &secret)), Err(PrepareError::UnknownProfile(name)) if name == "mine"));
    assert!(matches!(
        prepare(&webhook("qr3", &secret)),
        Err(PrepareError::Secret(SecretError::TooShort { least: 16 }))
    ));
}
