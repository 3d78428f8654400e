use super::*;
use crate::json::canonicalize;
use crate::profile::tests::{GOVALID, QR3, VALIDAS, VOVEID};
use crate::profile::{Profiles, STANDARD};

const ENDS: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn standard() -> Profile {
    Profile::clone(Profiles::built_in().get(STANDARD).expect("built in"))
}

fn event<'a>(created: &str, data: &'a str) -> EventParts<'a> {
    let created = Timestamp::parse(created).expect("valid");
    EventParts { id: "evt_abc123xyz", event_type: "qr.scanned", created, subject: None, data: data.as_bytes() }
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
    let started = Timestamp::from_millis(1_614_265_330_999);
    let signed = sign(&profile, &secrets(secret), &rendered, "msg_p5jXN8AQM9LWM0D4loKWxJek", started);
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
    let at =
        |started: Timestamp| header(&sign(&profile, &secrets, &rendered, "e", started), "webhook-signature").to_owned();
    let before = ENDS.minus(std::time::Duration::from_millis(1));
    let by = |secret: &HmacSecret, at: Timestamp| secret.sign_v1("e", at.as_seconds(), b"{}");
    assert_eq!(at(before), format!("{} {}", by(&new, before), by(&old, before)));
    assert_eq!(at(ENDS), by(&new, ENDS));
}

#[test]
fn during_an_overlap_the_old_secret_signs_where_a_header_holds_one() {
    let (new, old) = (HmacSecret::from_text("the new one"), HmacSecret::from_text("the old one"));
    let secrets = SigningSecrets { previous: Some((old.clone(), ENDS)), ..secrets(new.clone()) };
    let profile = Profile::parse("qr3", QR3).expect("valid");
    let rendered = Rendered { body: Bytes::from_static(b"{}") };
    let at = |started| header(&sign(&profile, &secrets, &rendered, "e", started), "X-QR3-Signature").to_owned();
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
        let signed = sign(&profile, &secrets, &rendered, "e", ENDS);
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
    let profile = Profile::parse("qr3", QR3).expect("valid");
    let parts = event("2026-03-15T10:00:00Z", r#"{"code_id":"qr_abc123","country":"AT"}"#);
    let rendered = render(&profile, &parts, "wh_1");
    let signed =
        sign(&profile, &secrets(HmacSecret::from_text("my-secret-key-min-16-chars")), &rendered, parts.id, ENDS);
    assert_eq!(
        text(&signed.body),
        r#"{"id":"evt_abc123xyz","type":"qr.scanned","created":"2026-03-15T10:00:00.000Z","data":{"code_id":"qr_abc123","country":"AT"}}"#
    );
    let expected = "sha256=0879f6bd20844cf6116294e2ed02a8f98d8b60e14567c3f94e5844a538d04fbb";
    assert_eq!(signed.headers, [("X-QR3-Signature", expected.to_owned())]);
}

#[test]
fn a_body_can_hold_the_signature_of_the_rest_of_it() {
    let profile = Profile::parse("govalid", GOVALID).expect("valid");
    let parts = event("2025-01-29T12:00:00.999Z", r#"{"qr_id":"abc123","scan_count":15}"#);
    let rendered = render(&profile, &parts, "wh-001");
    let signed = sign(&profile, &secrets(HmacSecret::from_text("your_webhook_secret")), &rendered, parts.id, ENDS);
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
    let profile = Profile::parse("validas", VALIDAS).expect("valid");
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
    let profile = Profile::parse("voveid", VOVEID).expect("valid");
    let parts = event("2026-03-15T10:00:00Z", r#"{"status":"successful"}"#);
    let signed =
        sign(&profile, &secrets(HmacSecret::make_whsec(&[1; 32])), &render(&profile, &parts, "w"), parts.id, ENDS);
    assert_eq!(text(&signed.body), r#"{"status":"successful"}"#);
    assert!(header(&signed, "Svix-Signature").starts_with("v1,"));
    assert_eq!(header(&signed, "Svix-Timestamp"), "1800000000");
}
