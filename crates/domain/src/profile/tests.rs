use super::*;
use crate::retry::RetryPolicyError;

/// The four vendors' contracts, to show that they are expressible as data.
pub(crate) const GOVALID: &str = r#"
timeout = "5s"
success = { from = 200, to = 299 }
body_time = "seconds"
envelope = [
  { name = "event", shows = "event_type" },
  { name = "timestamp", shows = "created" },
  { name = "webhook_id", shows = "webhook_id" },
  { name = "data", shows = "data" },
  { name = "signature", shows = "signature" },
]
headers = [{ name = "X-GoValid-Signature", shows = "signature" }, { name = "X-GoValid-Event-Id", shows = "event_id" }]
signature = { scheme = "sha256_hex", holds = "one" }
secret = { key = "text", origin = "given" }
retry = { delays = ["0s", "1m", "5m", "15m", "1h"] }
disable = { delivery_exhausted = true }
"#;

pub(crate) const VALIDAS: &str = r#"
timeout = "15s"
success = { from = 200, to = 299 }
auth = "oauth2_client_credentials"
envelope = [
  { name = "id", shows = "event_id" },
  { name = "type", shows = "event_type" },
  { name = "timestamp", shows = "created" },
  { name = "subject", shows = "subject" },
  { name = "data", shows = "data" },
]
headers = [
  { name = "webhook-id", shows = "event_id" },
  { name = "webhook-timestamp", shows = "timestamp" },
  { name = "webhook-signature", shows = "signature" },
]
signature = { scheme = "standard", holds = "several" }
secret = { key = "whsec", origin = "made" }
retry = { delays = ["0s", "5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"], jitter = 0.2 }
"#;

pub(crate) const QR3: &str = r#"
timeout = "5s"
success = { from = 200, to = 299 }
envelope = [
  { name = "id", shows = "event_id" },
  { name = "type", shows = "event_type" },
  { name = "created", shows = "created" },
  { name = "data", shows = "data" },
]
headers = [{ name = "X-QR3-Signature", shows = "signature" }]
signature = { scheme = "sha256_hex", holds = "one" }
secret = { key = "text", origin = "given", least_length = 16 }
retry = { delays = ["0s", "1m", "5m"] }
disable = { failures_in_a_row = 10 }
"#;

pub(crate) const VOVEID: &str = r#"
timeout = "15s"
success = { from = 200, to = 299 }
headers = [
  { name = "Svix-Id", shows = "event_id" },
  { name = "Svix-Timestamp", shows = "timestamp" },
  { name = "Svix-Signature", shows = "signature" },
]
signature = { scheme = "standard", holds = "one" }
secret = { key = "whsec", origin = "made" }
retry = { delays = ["0s", "5s", "5m", "30m", "2h", "5h", "10h", "10h"] }
disable = { failing_for = "5d" }
"#;

fn qr3_with(old: &str, new: &str) -> Result<Profile, ProfileError> {
    assert!(QR3.contains(old), "{old}");
    Profile::parse("mine", &QR3.replace(old, new))
}

#[test]
fn the_standard_profile_is_the_one_of_the_contracts() {
    let profiles = Profiles::built_in();
    assert_eq!(profiles.names().collect::<Vec<_>>(), [STANDARD]);
    let profile = profiles.get(STANDARD).expect("built in");
    let minutes: Vec<u64> = profile.retry.delays().iter().map(|delay| delay.as_secs() / 60).collect();
    assert_eq!(minutes, [0, 0, 5, 30, 120, 300, 600, 840, 1200, 1440]);
    assert_eq!(profile.timeout, Duration::from_secs(15));
    assert_eq!(profile.content_type, "application/json");
    assert_eq!(profile.disable.failing_for, Some(Duration::from_secs(5 * 86_400)));
    assert!(profile.disable.gone && profile.signature.ed25519);
    assert_eq!([199, 200, 299, 300].map(|status| profile.success.contains(status)), [false, true, true, false]);
    assert!(profile.sends_header("Webhook-ID") && !profile.sends_header("x-mine"));
}

#[test]
fn all_contracts_can_be_written_as_data() {
    let given = [("govalid", GOVALID), ("validas", VALIDAS), ("qr3", QR3), ("voveid", VOVEID)];
    let profiles = Profiles::with(given).expect("valid");
    assert_eq!(profiles.names().count(), 5);
    let get = |name| profiles.get(name).expect("added");
    assert_eq!(get("validas").auth, AuthRule::OAuth2);
    assert_eq!(get("validas").disable, DisableRule::NEVER);
    assert_eq!(get("voveid").envelope, None);
    assert!(get("qr3").take_secret("fifteen letters").is_err());
    assert!(get("qr3").take_secret("sixteen letters!").is_ok());
    assert!(get("govalid").take_secret("").is_err());
    assert!(get("voveid").take_secret("not whsec").is_err());
    assert!(get("voveid").make_secret(&[1; 32]).expose().starts_with("whsec_"));
    assert!(get("qr3").take_secret(get("qr3").make_secret(&[1; 32]).expose()).is_ok());
}

#[test]
fn a_mistake_is_found_on_its_line() {
    for (old, new, line, problem) in [
        ("timeout = \"5s\"", "timeout = \"soon\"", 2, "expected"),
        ("timeout = \"5s\"", "timeout = \"31s\"", 2, "timeout must be from 1s to 30s"),
        ("timeout = \"5s\"", "timeout = \"5s\"\nnonsense = 1", 3, "unknown field `nonsense`"),
        ("to = 299", "to = 199", 3, "100 <= from <= to <= 599"),
        ("shows = \"created\"", "shows = \"time\"", 7, "unknown variant `time`"),
        ("\"created\", shows", "\"id\", shows", 7, "two members \"id\""),
        ("\"created\", shows", "\"7\", shows", 7, "JavaScript would move it"),
        ("shows = \"created\"", "shows = \"signature\"", 7, "must be the last member"),
        ("shows = \"data\"", "shows = \"event_id\"", 4, "must show the data"),
        ("X-QR3-Signature", "X QR3", 10, "is no header name"),
        ("X-QR3-Signature", "Content-Type", 10, "is not a profile's to set"),
        ("{ name = \"X-QR3-Signature\", shows = \"signature\" }", "", 10, "some header must show the signature"),
        ("sha256_hex", "standard", 10, "headers must show both"),
        ("holds = \"one\"", "holds = \"one\", ed25519 = true", 11, "ed25519 needs"),
        ("\"1m\"", "\"25h\"", 13, "no delay may be longer than 24h"),
        ("failures_in_a_row = 10", "failures_in_a_row = 0", 14, "expected a nonzero"),
        ("timeout = \"5s\"", "", 1, "missing field `timeout`"),
        ("timeout = \"5s\"", "timeout = ", 2, ""),
    ] {
        let error = qr3_with(old, new).expect_err(new);
        assert!(error.problem.contains(problem), "{new}: {error}");
        assert_eq!(error.line, line, "{new}: {error}");
        assert!(error.to_string().starts_with(&format!("profile \"mine\", line {line}: ")), "{error}");
    }
}

#[test]
fn a_signature_in_the_body_needs_the_scheme_for_it() {
    let text = GOVALID.replace("sha256_hex", "standard");
    let error = Profile::parse("mine", &text).expect_err("refused");
    assert_eq!((error.line, error.problem.contains("sha256_hex")), (10, true));
}

#[test]
fn schedules_are_limited_here_too() {
    let error = qr3_with("[\"0s\", \"1m\", \"5m\"]", "[]").expect_err("no delays");
    assert!(error.problem.contains(&RetryPolicyError::Count(0).to_string()), "{error}");
}
