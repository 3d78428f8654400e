//! Strings: reading any escape, writing only those that `JSON.stringify` writes.

use super::JsonError;
use super::reader::unexpected;

const HEX: &[u8; 16] = b"0123456789abcdef";
const HIGH_SURROGATES: std::ops::RangeInclusive<u16> = 0xd800..=0xdbff;
const LOW_SURROGATES: std::ops::RangeInclusive<u16> = 0xdc00..=0xdfff;

/// Appends `text` as a JSON string, with its quotes, as `JSON.stringify` writes it. What is not UTF-8 stays as it is.
pub fn write_string(out: &mut Vec<u8>, text: impl AsRef<[u8]>) {
    out.push(b'"');
    write_within_string(out, text);
    out.push(b'"');
}

/// Appends `text` as a part of a JSON string, without quotes.
pub fn write_within_string(out: &mut Vec<u8>, text: impl AsRef<[u8]>) {
    let mut rest = text.as_ref();
    loop {
        let (plain, others) = rest.split_at(plain_length(rest));
        out.extend_from_slice(plain);
        let Some((&byte, others)) = others.split_first() else { return };
        escape(out, byte);
        rest = others;
    }
}

/// Copies the string that begins at `start`, where its quote is, in canonical escapes. Returns where the text goes on.
pub(super) fn copy(text: &str, start: usize, out: &mut Vec<u8>) -> Result<usize, JsonError> {
    let bytes = text.as_bytes();
    // From here on nothing is copied yet.
    let mut from = start;
    let mut at = start + 1;
    loop {
        at += plain_length(bytes.get(at..).unwrap_or_default());
        match bytes.get(at) {
            None => {
                return Err(JsonError::EndsEarly { offset: at, expected: "'\"' at the end of a string" });
            }
            Some(b'"') => {
                out.extend_from_slice(bytes.get(from..=at).unwrap_or_default());
                return Ok(at + 1);
            }
            Some(b'\\') => {
                out.extend_from_slice(bytes.get(from..at).unwrap_or_default());
                at = copy_escape(text, at, out)?;
                from = at;
            }
            Some(_) => return Err(JsonError::ControlCharacter { offset: at }),
        }
    }
}

const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// How many bytes at the beginning need no escape. Eight are looked at together, and the last eight once more where fewer are left.
fn plain_length(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks();
    for (at, word) in words.iter().enumerate() {
        if let Some(place) = first_to_escape(u64::from_le_bytes(*word)) {
            return at * size_of::<u64>() + place;
        }
    }
    match bytes.last_chunk() {
        _ if rest.is_empty() => bytes.len(),
        Some(last) => match first_to_escape(u64::from_le_bytes(*last)) {
            Some(place) => bytes.len() - size_of::<u64>() + place,
            None => bytes.len(),
        },
        None => rest.iter().position(|&byte| needs_escape(byte)).unwrap_or(rest.len()),
    }
}

/// The place of the first of eight bytes, counted from the lowest, that [`needs_escape`]: by the tests for a byte that is zero, or
/// below a bound, of [Bit Twiddling Hacks](https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord), where a byte borrows
/// from its highest bit if it is the one sought. Above a byte that they find they may find others that are not; the lowest is
/// always right.
const fn first_to_escape(word: u64) -> Option<usize> {
    const EACH: u64 = u64::MAX / 0xff;
    const fn each(byte: u8) -> u64 {
        EACH * byte as u64
    }
    let control = word.wrapping_sub(each(0x20));
    let quote = (word ^ each(b'"')).wrapping_sub(EACH);
    let backslash = (word ^ each(b'\\')).wrapping_sub(EACH);
    // What has its highest bit set from the outset is no ASCII, and none of them.
    match (control | quote | backslash) & !word & each(0x80) {
        0 => None,
        found => Some(found.trailing_zeros() as usize / 8),
    }
}

/// Copies the escape whose backslash is at `at`, two if they make one character. Returns where the text goes on.
fn copy_escape(text: &str, at: usize, out: &mut Vec<u8>) -> Result<usize, JsonError> {
    let bytes = text.as_bytes();
    let byte = match bytes.get(at + 1) {
        Some(&byte @ (b'"' | b'\\' | b'/')) => byte,
        Some(b'b') => 0x08,
        Some(b't') => b'\t',
        Some(b'n') => b'\n',
        Some(b'f') => 0x0c,
        Some(b'r') => b'\r',
        Some(b'u') => return copy_unicode_escape(text, at, out),
        _ => {
            return Err(unexpected(text, at + 1, "one of \" \\ / b f n r t u after a backslash"));
        }
    };
    write_ascii(out, byte);
    Ok(at + 2)
}

fn copy_unicode_escape(text: &str, at: usize, out: &mut Vec<u8>) -> Result<usize, JsonError> {
    let unit = code_unit(text, at + 2)?;
    if HIGH_SURROGATES.contains(&unit)
        && text.as_bytes().get(at + 6..at + 8) == Some(b"\\u")
        && let low = code_unit(text, at + 8)?
        && LOW_SURROGATES.contains(&low)
    {
        let character = 0x1_0000 + ((u32::from(unit) - 0xd800) << 10) + (u32::from(low) - 0xdc00);
        write_character(out, character);
        return Ok(at + 12);
    }
    write_character(out, u32::from(unit));
    Ok(at + 6)
}

/// The four hexadecimal digits at `at`.
fn code_unit(text: &str, at: usize) -> Result<u16, JsonError> {
    let mut unit = 0;
    for place in at..at + 4 {
        let digit = text.as_bytes().get(place).and_then(|&byte| char::from(byte).to_digit(16));
        let digit = digit.and_then(|digit| u16::try_from(digit).ok());
        unit = unit << 4 | digit.ok_or_else(|| unexpected(text, place, "a hexadecimal digit"))?;
    }
    Ok(unit)
}

/// Writes a code point as itself, or escaped if `JSON.stringify` escapes it; lone surrogates are.
fn write_character(out: &mut Vec<u8>, code: u32) {
    match (u8::try_from(code), char::from_u32(code)) {
        (Ok(byte), _) if byte.is_ascii() => write_ascii(out, byte),
        (_, Some(character)) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        (_, None) => write_hex_escape(out, code),
    }
}

fn write_ascii(out: &mut Vec<u8>, byte: u8) {
    if needs_escape(byte) { escape(out, byte) } else { out.push(byte) }
}

/// Writes a byte that [`needs_escape`].
fn escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        _ => return write_hex_escape(out, u32::from(byte)),
    };
    out.extend_from_slice(&[b'\\', short]);
}

fn write_hex_escape(out: &mut Vec<u8>, unit: u32) {
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        out.push(HEX[(unit >> shift & 0xf) as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_together_are_judged_as_each_of_them() {
        for (one, other) in (0..=u8::MAX).flat_map(|one| (0..=u8::MAX).map(move |other| (one, other))) {
            for place in 0..7 {
                let mut bytes = [b'a'; 8];
                bytes[place..place + 2].copy_from_slice(&[one, other]);
                let first = bytes.iter().position(|&byte| needs_escape(byte));
                assert_eq!(first_to_escape(u64::from_le_bytes(bytes)), first, "{bytes:x?}");
            }
        }
    }

    #[test]
    fn what_needs_no_escape_ends_at_the_first_byte_that_does() {
        for length in 0..40 {
            let mut bytes = vec![b'a'; length];
            assert_eq!(plain_length(&bytes), length);
            for place in (0..length).rev() {
                bytes[place] = b'"';
                assert_eq!(plain_length(&bytes), place);
            }
        }
    }
}
