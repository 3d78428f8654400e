//! API keys: how they are made, sent and recognised.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fanfare_domain::tenant::KeyHash;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const PREFIX: &str = "fk_";

/// The configured operator's key, of which only the SHA-256 is kept.
#[derive(Clone)]
pub struct OperatorKey(KeyHash);

impl OperatorKey {
    /// Takes the key's text.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Self(hash_key(key))
    }

    /// Whether `hash` is this key's, in constant time.
    pub(crate) fn matches(&self, hash: &KeyHash) -> bool {
        self.0.ct_eq(hash).into()
    }
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperatorKey(…)")
    }
}

/// The text of a new API key: `fk_` and 256 bits in base64 for URLs. `random` must come from a cryptographic source.
#[must_use]
pub fn make_key(random: [u8; 32]) -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random))
}

/// The hash by which a key is stored and found.
#[must_use]
pub fn hash_key(key: &str) -> KeyHash {
    Sha256::digest(key).into()
}

/// The key in an `authorization` header ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750), section 2.1).
#[must_use]
pub fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_key_has_all_its_bits() {
        let key = make_key([0xff; 32]);
        assert_eq!(key.len(), 46);
        assert!(key.starts_with("fk_"));
        assert_ne!(make_key([0; 32]), key);
    }

    #[test]
    fn an_operators_key_is_recognised_and_never_shown() {
        let key = OperatorKey::of("very secret");
        assert!(key.matches(&hash_key("very secret")));
        assert!(!key.matches(&hash_key("very secreT")));
        assert_eq!(format!("{key:?}"), "OperatorKey(…)");
    }

    #[test]
    fn a_token_is_found_behind_its_scheme() {
        assert_eq!(bearer_token("Bearer fk_1"), Some("fk_1"));
        assert_eq!(bearer_token("bearer   fk_1 "), Some("fk_1"));
        for other in ["", "fk_1", "Basic fk_1", "Bearer ", "Bearer"] {
            assert_eq!(bearer_token(other), None, "{other}");
        }
    }
}
