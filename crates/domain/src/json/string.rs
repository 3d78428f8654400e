//! Strings: reading any escape, writing only those that `JSON.stringify` writes.

use super::JsonError;
use super::reader::unexpected;

const HEX: &[u8; 16] = b"0123456789abcdef";
const HIGH_SURROGATES: std::ops::RangeInclusive<u16> = 0xd800..=0xdbff;
const LOW_SURROGATES: std::ops::RangeInclusive<u16> = 0xdc00..=0xdfff;

/// Appends `text` as a JSON string, with its quotes, as `JSON.stringify` writes it.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|&byte| needs_escape(byte)) {
        let (plain, others) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((&byte, others)) = others.split_first() else {
            break;
        };
        escape(out, byte);
        rest = others;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Copies the string that begins at `start`, where its quote is, in canonical escapes. Returns where the text goes on.
pub(super) fn copy(text: &str, start: usize, out: &mut Vec<u8>) -> Result<usize, JsonError> {
    let bytes = text.as_bytes();
    out.push(b'"');
    let mut at = start + 1;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let plain = rest.iter().position(|&byte| needs_escape(byte)).unwrap_or(rest.len());
        out.extend_from_slice(rest.get(..plain).unwrap_or_default());
        at += plain;
        match bytes.get(at) {
            None => {
                return Err(JsonError::EndsEarly { offset: at, expected: "'\"' at the end of a string" });
            }
            Some(b'"') => {
                out.push(b'"');
                return Ok(at + 1);
            }
            Some(b'\\') => at = copy_escape(text, at, out)?,
            Some(_) => return Err(JsonError::ControlCharacter { offset: at }),
        }
    }
}

const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
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
