//! Text that others wrote: Postgres' text holds everything but NUL.

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use sqlx::types::Uuid;

/// Writes `\` as `\\` and NUL as `\0`.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if text.contains(['\\', '\0']) {
        Cow::Owned(text.replace('\\', "\\\\").replace('\0', "\\0"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Undoes [`escape`].
pub(crate) fn unescape(text: String) -> String {
    if !text.contains('\\') {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let escaped = if character == '\\' { characters.next() } else { None };
        plain.push(match escaped {
            Some('0') => '\0',
            Some(other) => other,
            None => character,
        });
    }
    plain
}

/// What a subject is found by, whatever its length.
pub(crate) fn subject_key(subject: &str) -> Uuid {
    let digest = Sha256::digest(subject.as_bytes());
    let mut key = [0; 16];
    key.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    Uuid::from_bytes(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_reads_back_and_none_holds_nul() {
        for text in ["", "plain", "\0", "\\", "\\0", "\\\\0", "a\0\\b\\\\", "0\0"] {
            let written = escape(text);
            assert!(!written.contains('\0'));
            assert_eq!(unescape(written.into_owned()), text);
        }
    }
}
