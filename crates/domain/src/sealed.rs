//! Secrets as they lie on disk and travel between services: XChaCha20-Poly1305 under one of the operator's keys.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Base64 with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const VERSION: u8 = 1;
const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 24;

/// An encrypted secret: a version byte, the key's id (4 bytes), the nonce (24 bytes), the ciphertext with its tag.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

/// The operator's keys. The first one seals, all open.
pub struct Keyring {
    first: Key,
    others: Vec<Key>,
}

struct Key {
    id: KeyId,
    bytes: Zeroizing<[u8; KEY_LENGTH]>,
}

/// Tells keys apart without giving them away: the first bytes of the key's SHA-256, shown in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; 4]);

/// Why the operator's keys cannot be used. No message holds any of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// Not base64, or nothing.
    #[error("key {place} is not base64; `openssl rand -base64 32` makes a key")]
    NotBase64 {
        /// Which one, counted from 1.
        place: usize,
    },
    /// Not 32 bytes.
    #[error("key {place} has {length} bytes, but a key has 32; `openssl rand -base64 32` makes one")]
    Length {
        /// Which one, counted from 1.
        place: usize,
        /// How many bytes it has.
        length: usize,
    },
}

/// Why a secret stays closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// None of our keys sealed it; waiting for the key helps.
    #[error("sealed with key {id}, which is not among the configured keys")]
    UnknownKey {
        /// The key that is missing.
        id: KeyId,
    },
    /// It was changed, cut short, or sealed for another context.
    #[error("damaged, or sealed for something else")]
    Damaged,
    /// A newer version of Fanfare sealed it.
    #[error("sealed in version {version} of the format, which this version of Fanfare cannot read")]
    UnknownVersion {
        /// The version found.
        version: u8,
    },
}

impl Keyring {
    /// Reads keys of 32 bytes in base64, separated by commas.
    ///
    /// # Errors
    /// [`KeyringError`] names the key that is wrong by its place.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut keys = (1..).zip(text.split(',')).map(|(place, text)| Key::parse(place, text.trim()));
        let first = keys.next().unwrap_or(Err(KeyringError::NotBase64 { place: 1 }))?;
        Ok(Self { first, others: keys.collect::<Result<_, _>>()? })
    }

    /// Encrypts `plaintext` so that it opens only with the same `context`. A nonce must never be used twice; random
    /// ones are long enough not to be.
    #[must_use]
    pub fn seal(&self, plaintext: &[u8], context: &[u8], nonce: [u8; NONCE_LENGTH]) -> Sealed {
        let ciphertext = self
            .first
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: plaintext, aad: context })
            .expect("a secret is shorter than 256 GiB");
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(&self.first.id.0);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Sealed(sealed)
    }

    /// Decrypts what [`Self::seal`] encrypted under any of the keys.
    ///
    /// # Errors
    /// [`OpenError`] says whether a key, a newer version or the secret itself is missing.
    pub fn open(&self, sealed: &Sealed, context: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (&version, rest) = sealed.0.split_first().ok_or(OpenError::Damaged)?;
        if version != VERSION {
            return Err(OpenError::UnknownVersion { version });
        }
        let (id, rest) = rest.split_first_chunk().ok_or(OpenError::Damaged)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(OpenError::Damaged)?;
        let id = KeyId(*id);
        let key = std::iter::once(&self.first).chain(&self.others).find(|key| key.id == id);
        let opened = key
            .ok_or(OpenError::UnknownKey { id })?
            .cipher()
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: context });
        opened.map(Zeroizing::new).map_err(|_| OpenError::Damaged)
    }

    /// The key that seals.
    #[must_use]
    pub const fn current(&self) -> KeyId {
        self.first.id
    }
}

impl Key {
    fn parse(place: usize, text: &str) -> Result<Self, KeyringError> {
        let bytes = Zeroizing::new(BASE64.decode(text).map_err(|_| KeyringError::NotBase64 { place })?);
        if bytes.is_empty() {
            return Err(KeyringError::NotBase64 { place });
        }
        let key: [u8; KEY_LENGTH] =
            bytes.as_slice().try_into().map_err(|_| KeyringError::Length { place, length: bytes.len() })?;
        let [a, b, c, d, ..] = Sha256::digest(key).0;
        Ok(Self { id: KeyId([a, b, c, d]), bytes: Zeroizing::new(key) })
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.bytes).into())
    }
}

impl Sealed {
    /// From what [`Self::as_bytes`] gave.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The encrypted form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(std::iter::once(&self.first).chain(&self.others).map(|key| key.id)).finish()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: [u8; 24] = [9; 24];

    fn text(byte: u8) -> String {
        STANDARD.encode([byte; 32])
    }

    fn keyring(bytes: &[u8]) -> Keyring {
        let keys: Vec<String> = bytes.iter().map(|byte| text(*byte)).collect();
        Keyring::parse(&keys.join(",")).expect("valid keys")
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let old = keyring(&[1]).seal(b"whsec_x", b"wh_1", NONCE);
        let both = keyring(&[2, 1]);
        assert_eq!(both.open(&old, b"wh_1").expect("known key").as_slice(), b"whsec_x");
        let new = both.seal(b"whsec_y", b"wh_1", NONCE);
        assert_eq!(keyring(&[2]).open(&new, b"wh_1").expect("first key").as_slice(), b"whsec_y");
        assert_eq!(keyring(&[1]).open(&new, b"wh_1"), Err(OpenError::UnknownKey { id: both.current() }));
    }

    #[test]
    fn another_context_or_a_changed_bit_keeps_it_closed() {
        let keys = keyring(&[1]);
        let sealed = keys.seal(b"secret", b"wh_1", NONCE);
        assert_eq!(keys.open(&sealed, b"wh_2"), Err(OpenError::Damaged));
        for place in 0..sealed.as_bytes().len() {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[place] ^= 1;
            assert!(keys.open(&Sealed::from_bytes(bytes), b"wh_1").is_err(), "byte {place}");
            let short = Sealed::from_bytes(sealed.as_bytes()[..place].to_vec());
            assert_eq!(keys.open(&short, b"wh_1"), Err(OpenError::Damaged), "cut at {place}");
        }
    }

    #[test]
    fn a_later_version_is_told_apart() {
        let sealed = Sealed::from_bytes(vec![2, 0, 0]);
        assert_eq!(keyring(&[1]).open(&sealed, b""), Err(OpenError::UnknownVersion { version: 2 }));
    }

    #[test]
    fn wrong_keys_are_named_by_their_place() {
        let parse = |text: &str| Keyring::parse(text).expect_err("refused");
        assert_eq!(parse(""), KeyringError::NotBase64 { place: 1 });
        assert_eq!(parse(&format!("{},", text(1))), KeyringError::NotBase64 { place: 2 });
        assert_eq!(parse("not base64!"), KeyringError::NotBase64 { place: 1 });
        assert_eq!(parse(&format!("{},c2hvcnQ", text(1))), KeyringError::Length { place: 2, length: 5 });
        assert!(Keyring::parse(&format!(" {} , {}", text(1).trim_end_matches('='), text(2))).is_ok());
    }

    #[test]
    fn nothing_secret_is_shown() {
        let keys = keyring(&[1]);
        assert_eq!(format!("{keys:?}"), "[72cd6e84]");
        assert_eq!(format!("{:?}", keys.seal(b"secret", b"", NONCE)), "Sealed(51 bytes)");
    }

    #[test]
    fn sealed_secrets_travel_as_base64() {
        let sealed = keyring(&[1]).seal(b"secret", b"", NONCE);
        let json = serde_json::to_string(&sealed).expect("serialisable");
        assert_eq!(serde_json::from_str::<Sealed>(&json).expect("valid"), sealed);
    }
}
