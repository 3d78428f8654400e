//! Signatures by which receivers know that a delivery is ours ([Standard Webhooks](https://www.standardwebhooks.com)).

mod ed25519;
mod hmac;
#[cfg(test)]
mod tests;

use std::time::Duration;

use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

pub use ed25519::{Ed25519PublicKey, Ed25519Secret};
pub use hmac::HmacSecret;

/// How far the signed time and the verifier's clock may lie apart.
pub const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// The standard alphabet, read with padding or without; bits that make no whole byte are dropped, as JavaScript drops them
/// (the secret in VOVE ID's guide has some). Others are refused: receivers' libraries would read another key.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Why a secret or key is refused. No message holds any of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It does not begin as it has to.
    #[error("it must begin with {prefix:?}, followed by base64")]
    Prefix {
        /// How it has to begin.
        prefix: &'static str,
    },
    /// What follows the prefix is not base64.
    #[error("what follows {prefix:?} must be base64 in the standard alphabet")]
    NotBase64 {
        /// How it begins.
        prefix: &'static str,
    },
    /// Too few or too many bytes.
    #[error("it must have {allowed} bytes, not {length}")]
    Length {
        /// How many it may have.
        allowed: &'static str,
        /// How many it has.
        length: usize,
    },
    /// Too few characters.
    #[error("it must have at least {least} characters")]
    TooShort {
        /// How many it needs.
        least: usize,
    },
    /// The two halves of a key pair do not belong together.
    #[error("it is not an ed25519 key")]
    NotAKey,
}

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Signed too long ago, or too far in the future.
    #[error("the signed time is more than {} s off", TOLERANCE.as_secs())]
    Stale,
    /// None of the signatures was made with this key over this content.
    #[error("no signature matches")]
    Mismatch,
}

/// The bytes after `prefix` in base64.
fn decode(text: &str, prefix: &'static str) -> Result<zeroize::Zeroizing<Vec<u8>>, SecretError> {
    use base64::Engine as _;

    let encoded = text.strip_prefix(prefix).ok_or(SecretError::Prefix { prefix })?;
    BASE64.decode(encoded).map(zeroize::Zeroizing::new).map_err(|_| SecretError::NotBase64 { prefix })
}

/// Both times are Unix seconds.
fn check_age(signed_at: i64, now: i64) -> Result<(), VerifyError> {
    if now.abs_diff(signed_at) > TOLERANCE.as_secs() { Err(VerifyError::Stale) } else { Ok(()) }
}

/// The signatures of `version` in a header that may hold several, separated by spaces.
fn signatures<'a>(header: &'a str, version: &'static str) -> impl Iterator<Item = &'a str> {
    header.split(' ').filter_map(move |entry| entry.strip_prefix(version)?.strip_prefix(','))
}
