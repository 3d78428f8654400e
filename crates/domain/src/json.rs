//! The canonical form of published JSON: the text that ECMAScript's `JSON.stringify(JSON.parse(text))` gives back.
//!
//! Receivers that check a signature over their parsed and re-written body then see the very bytes that were signed.
//! The work is done on the text, since a parsed value loses what must survive: lone surrogates, `1e400`, long integers.

mod number;
mod object;
mod reader;
mod string;
#[cfg(test)]
mod tests;

pub(crate) use object::is_array_index;
pub use string::{write_string, write_within_string};

/// How many arrays and objects may lie within each other.
pub const MAX_DEPTH: usize = 128;

/// Why a text is not JSON that we take. Offsets count bytes from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The bytes are not UTF-8.
    #[error("not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// The first byte that belongs to no character.
        offset: usize,
    },
    /// Something else stands where the grammar wants `expected`.
    #[error("not JSON at byte {offset}: expected {expected}")]
    Unexpected {
        /// Where it stands.
        offset: usize,
        /// What would have been right.
        expected: &'static str,
    },
    /// The text ends too early.
    #[error("not JSON: the text ends at byte {offset}, expected {expected}")]
    EndsEarly {
        /// The text's length.
        offset: usize,
        /// What would have been right.
        expected: &'static str,
    },
    /// A character below U+0020 stands in a string as itself.
    #[error("not JSON at byte {offset}: control characters in strings must be escaped")]
    ControlCharacter {
        /// Where it stands.
        offset: usize,
    },
    /// There is more after the value.
    #[error("not JSON at byte {offset}: expected the end of the text after one value")]
    Trailing {
        /// The first byte after the value that is not white space.
        offset: usize,
    },
    /// More than [`MAX_DEPTH`] arrays and objects lie within each other.
    #[error("nested too deeply at byte {offset}: at most {MAX_DEPTH} levels are allowed")]
    TooDeep {
        /// Where the level too many begins.
        offset: usize,
    },
}

/// Brings `published`, any one JSON value, into canonical form.
///
/// White space goes; members keep their order, but array indices (0 to 4294967294) come first, ascending; of members
/// with the same name the last value stands at the first one's place; strings hold only the escapes that
/// `JSON.stringify` writes. A number is written as ECMAScript prints it if that is the same decimal value, and stays
/// as published if it is not. Canonical text comes back unchanged.
///
/// # Errors
/// [`JsonError`] if `published` is not one JSON value ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)) in UTF-8
/// without a byte order mark, or is nested more than [`MAX_DEPTH`] levels deep.
pub fn canonicalize(published: &[u8]) -> Result<Vec<u8>, JsonError> {
    match std::str::from_utf8(published) {
        Ok(text) => reader::Reader::new(text).read(),
        Err(error) => Err(JsonError::NotUtf8 { offset: error.valid_up_to() }),
    }
}
