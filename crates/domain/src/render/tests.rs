use proptest::prelude::*;

use super::*;
use crate::json::canonicalize;
use crate::profile::{Profiles, STANDARD};

const ENDS: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn built_in(name: &str) -> Profile {
    Profile::clone(Profiles::built_in().get(name).expect("built in"))
}

fn standard() -> Profile {
    built_in(STANDARD)
}

fn event<'a>(created: &str, data: &'a str) -> EventParts<'a> {
    let created = Timestamp::parse(created).expect("valid");
    let data = data.as_bytes();
    EventParts { tenant: "acme", id: "evt_abc123xyz", event_type: "qr.scanned", created, subject: None, data }
}

/// The event of tests that are about something else.
fn some_event() -> EventParts<'static> {
    event("2026-03-15T10:00:00Z", "null")
}

fn secrets(current: HmacSecret) -> SigningSecrets {
    SigningSecrets { current, previous: None, ed25519: None, signing: Signing::Hmac }
}

fn text(body: &Bytes) -> &str {
    std::str::from_utf8(body).expect("UTF-8")
}

fn header<'a>(signed: &'a Signed<'_>, name: &str) -> &'a str {
    &signed.headers.iter().find(|(given, _)| *given == name).expect("sent").1
}

#[test]
fn a_standard_body_has_four_members_and_is_canonical() {
    let data = r#"{"quote":"\"","n":-74.006,"lone":"\ud800"}"#;
    let parts = EventParts { id: "evt_\"1\"", ..event("2026-03-15T10:00:00Z", data) };
    let body = render(&standard(), &parts, "wh_1").body;
    let expected =
        format!(r#"{{"id":"evt_\"1\"","type":"qr.scanned","timestamp":"2026-03-15T10:00:00.000Z","data":{data}}}"#);
    assert_eq!(text(&body), expected);
    assert_eq!(canonicalize(&body), Ok(body.to_vec()));
}

#[test]
fn a_standard_delivery_is_signed_as_published() {
    let secret = HmacSecret::parse_whsec("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("valid");
    let rendered = Rendered { body: Bytes::from_static(br#"{"test": 2432232314}"#) };
    let profile = standard();
    let parts = EventParts { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", ..some_event() };
    let started = Timestamp::from_millis(1_614_265_330_999);
    let signed = sign(&profile, &secrets(secret), &rendered, &parts, started);
    assert_eq!(signed.body, rendered.body);
    assert_eq!(
        signed.headers,
        [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned()),
            ("webhook-timestamp", "1614265330".to_owned()),
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned()),
        ]
    );
}

#[test]
fn during_an_overlap_both_secrets_sign_where_a_header_holds_several() {
    let (new, old) = (HmacSecret::make_whsec(&[1; 32]), HmacSecret::make_whsec(&[2; 32]));
    let secrets = SigningSecrets { previous: Some((old.clone(), ENDS)), ..secrets(new.clone()) };
    let (profile, rendered) = (standard(), Rendered { body: Bytes::from_static(b"{}") });
    let at = |started: Timestamp| {
        header(&sign(&profile, &secrets, &rendered, &some_event(), started), "webhook-signature").to_owned()
    };
    let before = ENDS.minus(std::time::Duration::from_millis(1));
    let by = |secret: &HmacSecret, at: Timestamp| secret.sign_v1(some_event().id, at.as_seconds(), b"{}");
    assert_eq!(at(before), format!("{} {}", by(&new, before), by(&old, before)));
    assert_eq!(at(ENDS), by(&new, ENDS));
}

#[test]
fn during_an_overlap_the_old_secret_signs_where_a_header_holds_one() {
    let (new, old) = (HmacSecret::from_text("the new one"), HmacSecret::from_text("the old one"));
    let secrets = SigningSecrets { previous: Some((old.clone(), ENDS)), ..secrets(new.clone()) };
    let profile = built_in("qr3");
    let rendered = Rendered { body: Bytes::from_static(b"{}") };
    let at =
        |started| header(&sign(&profile, &secrets, &rendered, &some_event(), started), "X-QR3-Signature").to_owned();
    assert_eq!(at(ENDS.minus(std::time::Duration::from_secs(1))), old.sign_hex(b"{}"));
    assert_eq!(at(ENDS), new.sign_hex(b"{}"));
}

#[test]
fn a_webhook_may_choose_what_signs() {
    let (profile, rendered) = (standard(), Rendered { body: Bytes::from_static(b"{}") });
    let key = Ed25519Secret::make(&[3; 32]);
    let versions = |signing, ed25519: Option<&Ed25519Secret>| {
        let secrets =
            SigningSecrets { signing, ed25519: ed25519.cloned(), ..secrets(HmacSecret::make_whsec(&[1; 32])) };
        let signed = sign(&profile, &secrets, &rendered, &some_event(), ENDS);
        let header = header(&signed, "webhook-signature").to_owned();
        header.split(' ').filter_map(|entry| Some(entry.split_once(',')?.0.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(versions(Signing::Hmac, Some(&key)), ["v1"]);
    assert_eq!(versions(Signing::Ed25519, Some(&key)), ["v1a"]);
    assert_eq!(versions(Signing::Both, Some(&key)), ["v1", "v1a"]);
    // Never unsigned, even if the key is missing.
    assert_eq!(versions(Signing::Ed25519, None), ["v1"]);
}

#[test]
fn the_first_vector_of_the_contracts_is_met_by_data_alone() {
    let profile = built_in("qr3");
    let parts = event("2026-03-15T10:00:00Z", r#"{"code_id":"qr_abc123","country":"AT"}"#);
    let rendered = render(&profile, &parts, "wh_1");
    let signed = sign(&profile, &secrets(HmacSecret::from_text("my-secret-key-min-16-chars")), &rendered, &parts, ENDS);
    assert_eq!(
        text(&signed.body),
        r#"{"id":"evt_abc123xyz","type":"qr.scanned","created":"2026-03-15T10:00:00.000Z","data":{"code_id":"qr_abc123","country":"AT"}}"#
    );
    let expected = "sha256=0879f6bd20844cf6116294e2ed02a8f98d8b60e14567c3f94e5844a538d04fbb";
    assert_eq!(signed.headers, [("X-QR3-Signature", expected.to_owned())]);
}

#[test]
fn a_body_can_hold_the_signature_of_the_rest_of_it() {
    let profile = built_in("govalid");
    let parts = event("2025-01-29T12:00:00.999Z", r#"{"qr_id":"abc123","scan_count":15}"#);
    let rendered = render(&profile, &parts, "wh-001");
    let signed = sign(&profile, &secrets(HmacSecret::from_text("your_webhook_secret")), &rendered, &parts, ENDS);
    assert_eq!(
        text(&signed.body),
        concat!(
            r#"{"event":"qr.scanned","timestamp":"2025-01-29T12:00:00Z","webhook_id":"wh-001","data":{"qr_id":"abc123","scan_count":15},"#,
            r#""signature":"sha256=4e80b8ce0f3e55254298d4cfd1abcaaf73ec69ca9c66024289a6db0706fa614b"}"#
        )
    );
    let whole = "sha256=5174a04092f4e9e2289de8d29b049c598af23c3ab764e5bb5701cec114da9be7";
    assert_eq!(header(&signed, "X-GoValid-Signature"), whole);
    assert_eq!(header(&signed, "X-GoValid-Event-Id"), "evt_abc123xyz");
}

#[test]
fn a_subject_is_shown_only_if_there_is_one() {
    let profile = built_in("validas");
    let without = event("2026-03-15T10:00:00Z", "null");
    let with = EventParts { subject: Some("val \u{1}"), ..without };
    let start = r#"{"id":"evt_abc123xyz","type":"qr.scanned","timestamp":"2026-03-15T10:00:00.000Z""#;
    assert_eq!(text(&render(&profile, &without, "w").body), format!("{start},\"data\":null}}"));
    assert_eq!(
        text(&render(&profile, &with, "w").body),
        format!("{start},\"subject\":\"val \\u0001\",\"data\":null}}")
    );
}

#[test]
fn a_body_can_be_the_bare_data() {
    let profile = built_in("voveid");
    let parts = event("2026-03-15T10:00:00Z", r#"{"status":"successful"}"#);
    let signed =
        sign(&profile, &secrets(HmacSecret::make_whsec(&[1; 32])), &render(&profile, &parts, "w"), &parts, ENDS);
    assert_eq!(text(&signed.body), r#"{"status":"successful"}"#);
    assert!(header(&signed, "Svix-Signature").starts_with("v1,"));
    assert_eq!(header(&signed, "Svix-Timestamp"), "1800000000");
}

#[test]
fn a_member_or_header_can_have_a_fixed_text_or_a_prefix() {
    let text = r#"
        timeout = "5s"
        success = { from = 200, to = 299 }
        envelope = [
          { name = "v", text = "\"1\"" },
          { name = "of", shows = "tenant", prefix = "https://hooks.example/" },
          { name = "about", shows = "subject", prefix = "x:" },
          { name = "data", shows = "data" },
        ]
        headers = [
          { name = "X-Signature", shows = "signature" },
          { name = "X-Version", text = "2" },
          { name = "X-Event", shows = "event_type", prefix = "com.example." },
        ]
        signature = { scheme = "sha256_hex", holds = "one" }
        secret = { key = "text", origin = "given" }
        retry = { delays = ["0s"] }
    "#;
    let profile = Profile::parse("mine", text).expect("valid");
    let without = some_event();
    let rendered = render(&profile, &without, "w");
    assert_eq!(self::text(&rendered.body), r#"{"v":"\"1\"","of":"https://hooks.example/acme","data":null}"#);
    assert_eq!(canonicalize(&rendered.body), Ok(rendered.body.to_vec()));
    let with = EventParts { subject: Some("s"), ..without };
    assert!(self::text(&render(&profile, &with, "w").body).contains(r#","about":"x:s","#));
    let signed = sign(&profile, &secrets(HmacSecret::from_text("s")), &rendered, &without, ENDS);
    assert_eq!(header(&signed, "X-Version"), "2");
    assert_eq!(header(&signed, "X-Event"), "com.example.qr.scanned");
}

proptest! {
    /// Whatever is published, every profile's body is the text that JavaScript writes for what it reads there.
    #[test]
    fn every_body_is_canonical(id in "[A-Za-z0-9_:-]{1,20}", subject in prop::option::of(".{1,20}"), data in json()) {
        let data = canonicalize(data.as_bytes()).expect("JSON");
        let parts = EventParts { id: &id, subject: subject.as_deref(), data: &data, ..some_event() };
        for name in Profiles::built_in().names() {
            let profile = built_in(name);
            let secret = profile.make_secret(&[1; 32]);
            let signed = sign(&profile, &secrets(secret), &render(&profile, &parts, "wh_1"), &parts, ENDS);
            prop_assert_eq!(canonicalize(&signed.body), Ok(signed.body.to_vec()), "{}", name);
        }
    }
}

/// Texts of JSON values, some of which are not as JavaScript would write them.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(|number| format!("{number:e}")),
        any::<i64>().prop_map(|number| number.to_string()),
        "\\PC{0,8}".prop_map(|text| serde_json::to_string(&text).expect("a string")),
        Just(r#""\ud800\u0041\/""#.to_owned()),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let member = ("[a-c0-9]{0,2}", inner.clone()).prop_map(|(name, value)| format!("{name:?} : {value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::vec(member, 0..4).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}
