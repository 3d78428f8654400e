//! Checks a signature as Standard Webhooks says ("Verifying webhook authenticity"), without any code of Fanfare.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Whether one of the signatures in `header` is that of `secret` for this id, time and body.
pub(super) fn is_good(secret: &[u8], id: &[u8], time: &[u8], body: &[u8], header: &[u8]) -> bool {
    let signatures = header.split(|byte| *byte == b' ').filter_map(|one| one.strip_prefix(b"v1,"));
    !id.is_empty() && !time.is_empty() && signatures.into_iter().any(|given| matches(secret, id, time, body, given))
}

fn matches(secret: &[u8], id: &[u8], time: &[u8], body: &[u8], given: &[u8]) -> bool {
    let (Ok(mut mac), Ok(given)) = (Hmac::<Sha256>::new_from_slice(secret), STANDARD.decode(given)) else {
        return false;
    };
    for part in [id, b".", time, b".", body] {
        mac.update(part);
    }
    mac.verify_slice(&given).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const GOOD: &[u8] = b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn check(body: &[u8], header: &[u8]) -> bool {
        let secret = STANDARD.decode(SECRET).expect("base64");
        is_good(&secret, b"msg_p5jXN8AQM9LWM0D4loKWxJek", b"1614265330", body, header)
    }

    #[test]
    fn the_signature_of_the_reference_libraries_is_good_and_another_is_not() {
        assert!(check(BODY, GOOD));
        assert!(check(BODY, &[b"v1,AAAA ", GOOD].concat()));
        assert!(!check(b"{}", GOOD));
        assert!(!check(BODY, b""));
    }
}
