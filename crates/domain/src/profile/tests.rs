use super::*;
use crate::retry::RetryPolicyError;

mod contracts;

/// QR3's profile without its comments, so that lines can be counted.
const QR3: &str = r#"
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

fn qr3_with(old: &str, new: &str) -> Result<Profile, ProfileError> {
    assert!(QR3.contains(old), "{old}");
    Profile::parse("mine", &QR3.replace(old, new))
}

#[test]
fn the_shipped_profile_is_the_one_that_the_tests_change() {
    let mine = Profile::parse("qr3", QR3).expect("valid");
    let shipped = Profiles::built_in().get("qr3").map(|shipped| shipped.as_ref().clone()).expect("shipped");
    assert_eq!(Profile { event_types: Vec::new(), ..shipped }, mine);
}

#[test]
fn a_mistake_is_found_on_its_line() {
    for (old, new, line, problem) in [
        ("timeout = \"5s\"", "timeout = \"soon\"", 2, "timeout must be a duration"),
        ("timeout = \"5s\"", "timeout = \"31s\"", 2, "timeout must be a duration from 1s to 30s"),
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
        ("disable =", "event_types = [{ name = \"Qr\", description = \"\" }]\ndisable =", 14, "'Q' cannot be in it"),
        ("disable =", "event_types = [{ name = \"fanfare.x\", description = \"\" }]\ndisable =", 14, "are reserved"),
        (
            "disable =",
            "event_types = [{ name = \"a\", description = \"\" },\n{ name = \"b\", description = \"\", aliases = [\"a\"] }]\ndisable =",
            15,
            "a is there twice",
        ),
        ("timeout = \"5s\"", "", 1, "missing field `timeout`"),
        ("timeout = \"5s\"", "timeout = ", 2, ""),
        ("shows = \"created\"", "text = \"1.0\", prefix = \"v\"", 7, "it takes no prefix"),
        ("shows = \"created\"", "shows = \"created\", text = \"1.0\"", 7, "not both"),
        (", shows = \"created\"", "", 7, "needs either shows or text"),
        ("shows = \"data\"", "shows = \"data\", prefix = \"v\"", 8, "takes no prefix"),
        ("shows = \"signature\"", "shows = \"signature\", prefix = \"v\"", 10, "takes no prefix"),
        ("shows = \"signature\" }", "shows = \"signature\" }, { name = \"X\", text = \"é\" }", 10, "printable ASCII"),
        ("X-QR3-Signature", "Content-Encoding", 10, "is not a profile's to set"),
        ("X-QR3-Signature", "tracestate", 10, "is not a profile's to set"),
        ("timeout = \"5s\"", "timeout = \"5s\"\ncontent_type = \"json\"", 3, "must be a media type"),
        ("least_length = 16", "least_length = 65", 12, "from 1 to 64"),
        ("least_length = 16", "least_length = 0", 12, "from 1 to 64"),
        (
            "\"text\", origin = \"given\", least_length = 16",
            "\"whsec\", origin = \"made\", least_length = 51",
            12,
            "1 to 50",
        ),
    ] {
        let error = qr3_with(old, new).expect_err(new);
        assert!(error.problem.contains(problem), "{new}: {error}");
        assert_eq!(error.line, line, "{new}: {error}");
        assert!(error.to_string().starts_with(&format!("profile \"mine\", line {line}, column ")), "{error}");
    }
}

#[test]
fn a_signature_in_the_body_needs_the_scheme_for_it() {
    let text = built_in_text("govalid").expect("built in").replace("sha256_hex", "standard");
    let error = Profile::parse("mine", &text).expect_err("refused");
    assert!(error.problem.contains("needs scheme = \"sha256_hex\""), "{error}");
    assert!(error.excerpt.contains("{ name = \"signature\", shows = \"signature\" }"), "{error}");
}

#[test]
fn schedules_are_limited_here_too() {
    let error = qr3_with("[\"0s\", \"1m\", \"5m\"]", "[]").expect_err("no delays");
    assert!(error.problem.contains(&RetryPolicyError::Count(0).to_string()), "{error}");
}

#[test]
fn a_mistake_is_shown_with_its_line_and_place() {
    let error = qr3_with("to = 299", "to = 199").expect_err("refused");
    assert_eq!(
        error.to_string(),
        concat!(
            "profile \"mine\", line 3, column 11: success needs 100 <= from <= to <= 599\n",
            "3 | success = { from = 200, to = 199 }\n",
            "  |           ^",
        )
    );
    let error = qr3_with("\"type\", shows", "\"tÿpe\", colour").expect_err("refused");
    assert_eq!((error.line, error.column), (6, 20), "{error}");
}

#[test]
fn a_profile_of_the_operators_own_has_a_name_of_its_own() {
    for (name, problem) in [
        ("qr3", "the name \"qr3\" belongs to a built-in profile"),
        ("Mine", "a profile's name has 1 to 64 of a-z, 0-9, - and _, unlike \"Mine\""),
        ("", "a profile's name has 1 to 64"),
    ] {
        let error = Profiles::with([(name, QR3)]).expect_err(name);
        assert!(error.problem.starts_with(problem), "{error}");
    }
    let error = Profiles::with([("mine", QR3), ("mine", QR3)]).expect_err("twice");
    assert_eq!(error.problem, "there are two profiles \"mine\"");
    let profiles = Profiles::with([("mine", QR3), ("yours-2", QR3)]).expect("valid");
    assert!(profiles.get("mine").is_some() && profiles.get("yours-2").is_some());
}

/// A description can be part of a larger text; what is wrong is found there, too.
#[test]
fn a_mistake_in_a_table_of_a_larger_file_is_found_on_its_line() {
    #[derive(Deserialize)]
    struct File {
        profiles: std::collections::BTreeMap<String, Description>,
    }
    let text = format!(
        "[other]\nx = 1\n\n[profiles.good]{QR3}\n[profiles.bad]{}[profiles.bad.signature]\n{}",
        QR3.replace("timeout = \"5s\"", "timeout = \"31s\"").replace("signature = {", "#"),
        "scheme = \"sha256_hex\"\nholds = \"one\"\n",
    );
    let mut file: File = toml::from_str(&text).expect("read");
    let bad = file.profiles.remove("bad").expect("there").into_profile("bad", &text).expect_err("refused");
    assert_eq!((bad.line, bad.column, bad.excerpt.as_str()), (20, 11, "timeout = \"31s\""), "{bad}");
    assert!(file.profiles.remove("good").expect("there").into_profile("good", &text).is_ok());
}

/// Settings may be written as dotted keys; what belongs together is then pointed at by the first of them.
#[test]
fn a_mistake_among_dotted_keys_is_found() {
    let text = built_in_text(STANDARD).expect("built in").replace("holds = \"several\"", "holds = \"one\"");
    let error = Profile::parse("mine", &text).expect_err("refused");
    assert!(error.problem.contains("ed25519 needs") && error.excerpt.starts_with("signature."), "{error}");
}
