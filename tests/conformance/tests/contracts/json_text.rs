//! Any JSON text whose numbers a double holds, in any of the ways in which it can be written.

use proptest::prelude::*;

const WHITE_SPACE: [&str; 6] = ["", "", "", " ", "\n\t", "\r "];
const FEW_KEYS: [&str; 8] = ["a", "b", "\\u0061", "0", "1", "10", "01", "4294967295"];

/// Such a text.
pub(crate) fn json_text() -> impl Strategy<Value = String> {
    let leaf =
        prop_oneof![Just("null".to_owned()), Just("true".to_owned()), Just("false".to_owned()), number(), string()];
    leaf.prop_recursive(8, 64, 8, |inner| {
        let items = prop::collection::vec(inner.clone(), 0..6);
        let members = prop::collection::vec((key(), inner), 0..8);
        prop_oneof![
            (items, white_space()).prop_map(|(items, space)| format!("[{space}{}]", items.join(&format!("{space},")))),
            (members, white_space()).prop_map(|(members, space)| {
                let members: Vec<_> =
                    members.into_iter().map(|(key, value)| format!("{space}{key}{space}:{value}")).collect();
                format!("{{{}{space}}}", members.join(","))
            }),
        ]
    })
}

fn white_space() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&WHITE_SPACE[..])
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        string(),
        prop::sample::select(&FEW_KEYS[..]).prop_map(|key| format!("\"{key}\"")),
        (0u64..5_000_000_000).prop_map(|index| format!("\"{index}\"")),
    ]
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(as_it_is),
        any::<u16>().prop_map(|unit| format!("\\u{unit:04x}")),
        (0xd800u16..0xe000).prop_map(|unit| format!("\\u{unit:04X}")),
        prop::sample::select(&["\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"][..]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

/// A character, escaped only if it has to be.
fn as_it_is(character: char) -> String {
    match character {
        '"' | '\\' => format!("\\{character}"),
        '\0'..='\u{1f}' => format!("\\u{:04x}", u32::from(character)),
        _ => character.to_string(),
    }
}

fn number() -> impl Strategy<Value = String> {
    const MOST: i64 = 1 << 53;
    let double =
        any::<u64>().prop_map(f64::from_bits).prop_filter("JSON has no such number", |double| double.is_finite());
    prop_oneof![
        (-MOST..=MOST).prop_map(|integer| integer.to_string()),
        (double, 0..4u8).prop_map(|(double, form)| written(double, form)),
        (any::<i32>(), 0..6u8).prop_map(|(digits, scale)| written(f64::from(digits) / 10f64.powi(scale.into()), 1)),
    ]
}

/// The decimal that ECMAScript prints for the double, in one of the forms that JSON has for it.
fn written(double: f64, form: u8) -> String {
    let scientific = shortest(double);
    let (mantissa, exponent) = scientific.split_once('e').expect("written with an exponent");
    match form {
        0 => scientific,
        1 => plain(mantissa, exponent),
        2 => {
            let plain = plain(mantissa, exponent);
            format!("{plain}{}", if plain.contains('.') { "00" } else { ".0" })
        }
        _ => {
            let point = if mantissa.contains('.') { "" } else { "." };
            let sign = if exponent.starts_with('-') { "" } else { "+" };
            format!("{mantissa}{point}00E{sign}{exponent}")
        }
    }
}

/// The fewest digits that the double is read back from. Rust and ECMAScript differ where two such decimals are as near to it:
/// ECMAScript takes the even one, as does rounding to that many digits.
fn shortest(double: f64) -> String {
    let shortest = format!("{double:e}");
    let digits = shortest.split('e').next().unwrap_or_default().bytes().filter(u8::is_ascii_digit).count();
    let rounded = format!("{double:.*e}", digits - 1);
    if rounded.parse() == Ok(double) { rounded } else { shortest }
}

/// The same without an exponent.
fn plain(mantissa: &str, exponent: &str) -> String {
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |mantissa| ("-", mantissa));
    let digits = mantissa.replace('.', "");
    let exponent: i32 = exponent.parse().expect("a number");
    let Ok(whole) = usize::try_from(exponent + 1) else {
        return format!("{sign}0.{}{digits}", "0".repeat(exponent.unsigned_abs() as usize - 1));
    };
    match digits.split_at_checked(whole) {
        Some(("", digits)) => format!("{sign}0.{digits}"),
        Some((digits, "")) => format!("{sign}{digits}"),
        Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{digits}{}", "0".repeat(whole - digits.len())),
    }
}
