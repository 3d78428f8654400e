//! Key pairs: the receiver needs no secret.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::{SecretError, VerifyError, check_age, decode, signatures};

const SECRET_PREFIX: &str = "whsk_";
const PUBLIC_PREFIX: &str = "whpk_";

/// A private key, which signs.
#[derive(Clone)]
pub struct Ed25519Secret(SigningKey);

/// A public key, which verifies.
#[derive(Clone, PartialEq, Eq)]
pub struct Ed25519PublicKey(VerifyingKey);

impl Ed25519Secret {
    /// A new key from random bytes.
    #[must_use]
    pub fn make(random: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(random))
    }

    /// Reads `whsk_` and base64: 64 bytes (private and public half), or the private half's 32 alone.
    ///
    /// # Errors
    /// [`SecretError`] says what is wrong with its form.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let bytes = decode(text, SECRET_PREFIX)?;
        if let Ok(seed) = <&[u8; 32]>::try_from(bytes.as_slice()) {
            return Ok(Self::make(seed));
        }
        let pair = <&[u8; 64]>::try_from(bytes.as_slice())
            .map_err(|_| SecretError::Length { allowed: "64 or 32", length: bytes.len() })?;
        SigningKey::from_keypair_bytes(pair).map(Self).map_err(|_| SecretError::NotAKey)
    }

    /// The key's text, `whsk_…`, to be sealed.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let pair = Zeroizing::new(self.0.to_keypair_bytes());
        Zeroizing::new(format!("{SECRET_PREFIX}{}", STANDARD.encode(pair.as_slice())))
    }

    /// The half that receivers get.
    #[must_use]
    pub fn public_key(&self) -> Ed25519PublicKey {
        Ed25519PublicKey(self.0.verifying_key())
    }

    /// Signs a message's id, its time in Unix seconds and its body, as in `v1a,` and base64.
    #[must_use]
    pub fn sign_v1a(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let signature = self.0.sign(&signed_bytes(id, seconds, body));
        format!("v1a,{}", STANDARD.encode(signature.to_bytes()))
    }
}

impl Ed25519PublicKey {
    /// Reads `whpk_` and 32 bytes in base64.
    ///
    /// # Errors
    /// [`SecretError`] says what is wrong with its form.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let bytes = decode(text, PUBLIC_PREFIX)?;
        let key = <&[u8; 32]>::try_from(bytes.as_slice())
            .map_err(|_| SecretError::Length { allowed: "32", length: bytes.len() })?;
        VerifyingKey::from_bytes(key).map(Self).map_err(|_| SecretError::NotAKey)
    }

    /// Checks that the key's other half signed `id`, `signed_at` and `body`, as [`super::HmacSecret::verify`] does.
    ///
    /// # Errors
    /// [`VerifyError::Stale`] if the times differ too much, else [`VerifyError::Mismatch`] if none of the `v1a`
    /// signatures was made with the key.
    pub fn verify(&self, id: &str, body: &[u8], header: &str, signed_at: i64, now: i64) -> Result<(), VerifyError> {
        check_age(signed_at, now)?;
        let message = signed_bytes(id, signed_at, body);
        let ours = |encoded: &str| {
            let bytes = STANDARD.decode(encoded).unwrap_or_default();
            Signature::from_slice(&bytes).is_ok_and(|signature| self.0.verify_strict(&message, &signature).is_ok())
        };
        if signatures(header, "v1a").any(ours) { Ok(()) } else { Err(VerifyError::Mismatch) }
    }
}

fn signed_bytes(id: &str, seconds: i64, body: &[u8]) -> Vec<u8> {
    [format!("{id}.{seconds}.").as_bytes(), body].concat()
}

impl fmt::Display for Ed25519PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC_PREFIX}{}", STANDARD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for Ed25519PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Ed25519Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed25519Secret(…)")
    }
}
