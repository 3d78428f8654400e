use proptest::prelude::*;

use super::*;

const VECTOR_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const VECTOR_ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const VECTOR_TIME: i64 = 1_614_265_330;
const VECTOR_BODY: &[u8] = br#"{"test": 2432232314}"#;
const VECTOR_SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn vector_secret() -> HmacSecret {
    HmacSecret::parse_whsec(VECTOR_SECRET).expect("valid")
}

#[test]
fn the_published_vector_is_met() {
    assert_eq!(vector_secret().sign_v1(VECTOR_ID, VECTOR_TIME, VECTOR_BODY), VECTOR_SIGNATURE);
}

#[test]
fn bodies_are_signed_in_hexadecimal_with_a_plain_secret() {
    let body = br#"{"id":"evt_abc123xyz","type":"qr.scanned","created":"2026-03-15T10:00:00.000Z","data":{"code_id":"qr_abc123","country":"AT"}}"#;
    let signature = HmacSecret::from_text("my-secret-key-min-16-chars").sign_hex(body);
    assert_eq!(signature, "sha256=0879f6bd20844cf6116294e2ed02a8f98d8b60e14567c3f94e5844a538d04fbb");

    let body = br#"{"event":"qr.scanned","timestamp":"2025-01-29T12:00:00Z","webhook_id":"wh-001","data":{"qr_id":"abc123","scan_count":15}}"#;
    let signature = HmacSecret::from_text("your_webhook_secret").sign_hex(body);
    assert_eq!(signature, "sha256=4e80b8ce0f3e55254298d4cfd1abcaaf73ec69ca9c66024289a6db0706fa614b");
}

#[test]
fn one_of_several_signatures_is_enough() {
    let secret = vector_secret();
    let other = HmacSecret::make_whsec(&[1; 32]).sign_v1(VECTOR_ID, VECTOR_TIME, VECTOR_BODY);
    let check = |header: &str| secret.verify(VECTOR_ID, VECTOR_BODY, header, VECTOR_TIME, VECTOR_TIME);
    assert_eq!(check(VECTOR_SIGNATURE), Ok(()));
    assert_eq!(check(&format!("{other} v1a,AAAA {VECTOR_SIGNATURE} v2,x")), Ok(()));
    assert_eq!(check(&other), Err(VerifyError::Mismatch));
    for header in ["", " ", "v1", "v1,", "v1,???", &VECTOR_SIGNATURE[3..], &VECTOR_SIGNATURE.replace("v1,", "v1a,")] {
        assert_eq!(check(header), Err(VerifyError::Mismatch), "{header}");
    }
}

#[test]
fn a_signature_counts_for_five_minutes_both_ways() {
    let check = |now| vector_secret().verify(VECTOR_ID, VECTOR_BODY, VECTOR_SIGNATURE, VECTOR_TIME, now);
    assert_eq!(check(VECTOR_TIME + 300), Ok(()));
    assert_eq!(check(VECTOR_TIME - 300), Ok(()));
    assert_eq!(check(VECTOR_TIME + 301), Err(VerifyError::Stale));
    assert_eq!(check(VECTOR_TIME - 301), Err(VerifyError::Stale));
    assert_eq!(check(i64::MIN), Err(VerifyError::Stale));
}

#[test]
fn given_secrets_are_checked() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

    for length in [24, 25, 32, 63, 64] {
        for text in [STANDARD.encode(vec![0xfb; length]), STANDARD_NO_PAD.encode(vec![0xfb; length])] {
            assert!(HmacSecret::parse_whsec(&format!("whsec_{text}")).is_ok(), "{length}");
        }
    }
    for length in [0, 23, 65] {
        let error = HmacSecret::parse_whsec(&format!("whsec_{}", STANDARD.encode(vec![1; length])));
        assert_eq!(error.err(), Some(SecretError::Length { allowed: "24 to 64", length }));
    }
    let url_safe = format!("whsec_{}", URL_SAFE.encode([0xfb; 32]));
    assert!(matches!(HmacSecret::parse_whsec(&url_safe), Err(SecretError::NotBase64 { .. })));
    assert!(matches!(HmacSecret::parse_whsec("WHSEC_abc"), Err(SecretError::Prefix { .. })));
}

#[test]
fn padding_makes_no_other_key() {
    let secrets = ["whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ==", "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"];
    let [padded, plain] = secrets.map(|text| HmacSecret::parse_whsec(text).expect("valid").sign_v1("a", 1, b"b"));
    assert_eq!(padded, plain);
}

/// Its last character holds bits of a byte that is not there; CryptoJS and Node read 25 bytes all the same.
#[test]
fn the_secret_in_the_guide_of_vove_id_is_one() {
    let guide = HmacSecret::parse_whsec("whsec_5WbX5kEWLlfzsGNjH64Ide8lOOqUB6e8FH").expect("valid");
    let tidy = HmacSecret::parse_whsec("whsec_5WbX5kEWLlfzsGNjH64Ide8lOOqUB6e8FA==").expect("valid");
    assert_eq!(guide.sign_v1("a", 1, b"b"), tidy.sign_v1("a", 1, b"b"));
}

#[test]
fn a_made_secret_is_one_that_can_be_given() {
    let made = HmacSecret::make_whsec(&[0xff; 32]);
    assert_eq!(made.hint(), "whse…");
    let given = HmacSecret::parse_whsec(made.expose()).expect("valid");
    assert_eq!(made.sign_v1("a", 1, b"b"), given.sign_v1("a", 1, b"b"));
    assert_eq!(HmacSecret::make_text(&[0xab; 32]).expose(), "ab".repeat(32));
}

#[test]
fn nothing_secret_is_shown() {
    assert_eq!(format!("{:?}", vector_secret()), "HmacSecret(…)");
    assert_eq!(format!("{:?}", Ed25519Secret::make(&[1; 32])), "Ed25519Secret(…)");
    assert_eq!(HmacSecret::from_text("seven77").hint(), "…");
    assert_eq!(HmacSecret::from_text("ünïcödé-key").hint(), "ünïc…");
    let error = HmacSecret::parse_whsec("whsec_p@ssword").expect_err("refused");
    assert!(!format!("{error} {error:?}").contains("p@ss"));
}

#[test]
fn key_pairs_sign_so_that_the_public_half_verifies() {
    let secret = Ed25519Secret::make(&[7; 32]);
    let public = Ed25519PublicKey::parse(&secret.public_key().to_string()).expect("valid");
    let header = secret.sign_v1a("msg", 1000, b"body");
    assert!(header.starts_with("v1a,"));
    assert_eq!(public.verify("msg", b"body", &format!("v1,x {header}"), 1000, 1300), Ok(()));
    assert_eq!(public.verify("msg", b"body", &header, 1000, 1301), Err(VerifyError::Stale));
    assert_eq!(public.verify("msg", b"bodY", &header, 1000, 1000), Err(VerifyError::Mismatch));
    assert_eq!(public.verify("msg", b"body", &header.replace("v1a", "v1"), 1000, 1000), Err(VerifyError::Mismatch));
    let again = Ed25519Secret::parse(&secret.expose()).expect("valid");
    assert_eq!(again.sign_v1a("msg", 1000, b"body"), header);
}

/// RFC 8032, section 7.1, test 1.
#[test]
fn the_key_of_the_specification_has_its_public_half() {
    let seed = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    let public = Ed25519Secret::parse(seed).expect("valid").public_key();
    assert_eq!(public.to_string(), "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
}

#[test]
fn wrong_keys_are_refused() {
    let pair = Ed25519Secret::make(&[7; 32]).expose();
    assert!(matches!(Ed25519Secret::parse(&pair.replace("whsk_", "whsec_")), Err(SecretError::Prefix { .. })));
    assert!(matches!(Ed25519Secret::parse("whsk_AAAA"), Err(SecretError::Length { length: 3, .. })));
    assert!(matches!(Ed25519PublicKey::parse("whpk_AAAA"), Err(SecretError::Length { length: 3, .. })));
    let mut halves = pair.clone();
    halves.replace_range(6..7, if pair.get(6..7) == Some("A") { "B" } else { "A" });
    assert_eq!(Ed25519Secret::parse(&halves).err(), Some(SecretError::NotAKey));
}

proptest! {
    #[test]
    fn what_was_signed_verifies_and_nothing_else(key in prop::array::uniform32(any::<u8>()), id in "[a-z_0-9]{1,20}", time in 0..4_000_000_000_i64, body: Vec<u8>) {
        let secret = HmacSecret::make_whsec(&key);
        let header = secret.sign_v1(&id, time, &body);
        prop_assert_eq!(secret.verify(&id, &body, &header, time, time), Ok(()));
        let mut other = body.clone();
        other.push(b' ');
        prop_assert_eq!(secret.verify(&id, &other, &header, time, time), Err(VerifyError::Mismatch));
        prop_assert_eq!(secret.verify(&id, &body, &header, time + 1, time), Err(VerifyError::Mismatch));
    }
}
