//! Shared secrets: HMAC-SHA256.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{SecretError, VerifyError, check_age, decode, signatures};

const PREFIX: &str = "whsec_";
/// Of `v1,` and 32 bytes in base64.
const V1_LENGTH: usize = 47;

/// A secret that signer and receiver share, with its key prepared for signing.
#[derive(Clone)]
pub struct HmacSecret {
    text: Zeroizing<String>,
    key: Hmac<Sha256>,
}

impl HmacSecret {
    /// Reads `whsec_` and 24 to 64 bytes in base64, padded or not; those bytes are the key.
    ///
    /// # Errors
    /// [`SecretError`] says what is wrong with its form.
    pub fn parse_whsec(text: &str) -> Result<Self, SecretError> {
        let key = decode(text, PREFIX)?;
        if !(24..=64).contains(&key.len()) {
            return Err(SecretError::Length { allowed: "24 to 64", length: key.len() });
        }
        Ok(Self::new(text.to_owned(), &key))
    }

    /// Any text, whose UTF-8 bytes are the key.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self::new(text.to_owned(), text.as_bytes())
    }

    /// A new `whsec_` secret from random bytes.
    #[must_use]
    pub fn make_whsec(random: &[u8; 32]) -> Self {
        Self::new(format!("{PREFIX}{}", STANDARD.encode(random)), random)
    }

    /// A new secret whose UTF-8 bytes are the key: the random bytes in hexadecimal.
    #[must_use]
    pub fn make_text(random: &[u8; 32]) -> Self {
        Self::from_text(&Zeroizing::new(hex(random)))
    }

    fn new(text: String, key: &[u8]) -> Self {
        let key = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
        Self { text: Zeroizing::new(text), key }
    }

    /// The secret itself, to be shown once or sealed.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The secret's first four characters and `…`; nothing of it, if four would be more than half.
    #[must_use]
    pub fn hint(&self) -> String {
        let shown = if self.text.chars().count() < 8 { 0 } else { 4 };
        self.text.chars().take(shown).chain(['…']).collect()
    }

    /// Signs a message's id, its time in Unix seconds and its body, as in `v1,` and base64.
    #[must_use]
    pub fn sign_v1(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let mut signature = String::with_capacity(V1_LENGTH);
        signature.push_str("v1,");
        STANDARD.encode_string(self.digest_v1(id, seconds, body), &mut signature);
        signature
    }

    /// Signs a body alone, as in `sha256=` and hexadecimal.
    #[must_use]
    pub fn sign_hex(&self, body: &[u8]) -> String {
        format!("sha256={}", hex(&self.key.clone().chain_update(body).finalize().into_bytes()))
    }

    /// Checks that this secret signed `id`, `signed_at` and `body`. The header may hold several signatures. Both times
    /// are Unix seconds and may differ by [`super::TOLERANCE`].
    ///
    /// # Errors
    /// [`VerifyError::Stale`] if they differ by more, else [`VerifyError::Mismatch`] if none of the `v1` signatures is ours.
    pub fn verify(&self, id: &str, body: &[u8], header: &str, signed_at: i64, now: i64) -> Result<(), VerifyError> {
        check_age(signed_at, now)?;
        let digest = self.digest_v1(id, signed_at, body);
        let matched = signatures(header, "v1").fold(Choice::from(0), |matched, signature| {
            matched | STANDARD.decode(signature).unwrap_or_default().ct_eq(&digest)
        });
        if matched.into() { Ok(()) } else { Err(VerifyError::Mismatch) }
    }

    fn digest_v1(&self, id: &str, seconds: i64, body: &[u8]) -> [u8; 32] {
        let seconds = seconds.to_string();
        let mut mac = self.key.clone();
        for part in [id.as_bytes(), b".", seconds.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;

    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl fmt::Debug for HmacSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacSecret(…)")
    }
}
