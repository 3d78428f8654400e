//! Numbers: written as ECMAScript prints them, unless that would be another decimal value.

use super::JsonError;
use super::reader::unexpected;

/// No double needs more significant digits than this to be told from its neighbours.
const MOST_DIGITS: usize = 17;
/// Decimals of up to this many digits each have a double of their own, so their digits are the ones it prints with.
const SAFE_DIGITS: usize = 15;
/// Powers of ten within which [`SAFE_DIGITS`] holds: no overflow, no denormals.
const SAFE_POINT: std::ops::RangeInclusive<i64> = -290..=290;
/// Powers of ten beyond which no double lies.
const ANY_POINT: std::ops::RangeInclusive<i64> = -330..=310;

/// A decimal that is not zero: `0.digits × 10^point`, with no zeros at either end of `digits`.
struct Decimal {
    negative: bool,
    digits: [u8; MOST_DIGITS],
    length: usize,
    point: i64,
}

/// What a literal is worth.
enum Worth {
    Zero,
    Decimal(Decimal),
    /// More digits than a double prints with.
    Long,
}

/// The parts of a literal.
struct Literal<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: Option<i64>,
    end: usize,
}

/// Copies the number that begins at `start`. Returns where the text goes on.
pub(super) fn copy(text: &str, start: usize, out: &mut Vec<u8>) -> Result<usize, JsonError> {
    let literal = scan(text, start)?;
    if is_plain(&literal) {
        out.extend_from_slice(text.as_bytes().get(start..literal.end).unwrap_or_default());
        return Ok(literal.end);
    }
    match worth(&literal) {
        Worth::Zero => out.push(b'0'),
        Worth::Decimal(decimal) if prints_as_itself(&decimal) => print(&decimal, out),
        Worth::Decimal(_) | Worth::Long => {
            out.extend_from_slice(text.as_bytes().get(start..literal.end).unwrap_or_default());
        }
    }
    Ok(literal.end)
}

fn scan(text: &str, start: usize) -> Result<Literal<'_>, JsonError> {
    let negative = text.as_bytes().get(start) == Some(&b'-');
    let mut at = start + usize::from(negative);
    let whole = digits(text, &mut at)?;
    if whole.len() > 1 && whole.first() == Some(&b'0') {
        return Err(JsonError::Unexpected { offset: at - whole.len() + 1, expected: "no digit after a leading zero" });
    }
    let mut fraction: &[u8] = &[];
    if text.as_bytes().get(at) == Some(&b'.') {
        at += 1;
        fraction = digits(text, &mut at)?;
    }
    let mut exponent = None;
    if let Some(b'e' | b'E') = text.as_bytes().get(at) {
        at += 1;
        let sign = text.as_bytes().get(at).copied();
        at += usize::from(matches!(sign, Some(b'+' | b'-')));
        let size = digits(text, &mut at)?
            .iter()
            .fold(0_i64, |size, digit| size.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
        exponent = Some(if sign == Some(b'-') { -size } else { size });
    }
    Ok(Literal { negative, whole, fraction, exponent, end: at })
}

/// Whether it surely prints as it is written, as most do: it has few digits, no zero at either end that says nothing, no power of ten.
fn is_plain(literal: &Literal<'_>) -> bool {
    let few = literal.whole.len() + literal.fraction.len() <= SAFE_DIGITS;
    let whole = literal.whole.first() != Some(&b'0');
    few && whole && literal.exponent.is_none() && literal.fraction.last() != Some(&b'0')
}

/// At least one digit.
fn digits<'a>(text: &'a str, at: &mut usize) -> Result<&'a [u8], JsonError> {
    let rest = text.as_bytes().get(*at..).unwrap_or_default();
    let length = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    if length == 0 {
        return Err(unexpected(text, *at, "a digit"));
    }
    *at += length;
    Ok(rest.get(..length).unwrap_or_default())
}

fn worth(literal: &Literal<'_>) -> Worth {
    let all = || literal.whole.iter().chain(literal.fraction).copied();
    let Some(leading) = all().position(|digit| digit != b'0') else {
        return Worth::Zero;
    };
    let trailing = all().rev().take_while(|&digit| digit == b'0').count();
    let count = literal.whole.len() + literal.fraction.len();
    let length = count - leading - trailing;
    if length > MOST_DIGITS {
        return Worth::Long;
    }
    let mut digits = [0; MOST_DIGITS];
    for (place, digit) in digits.iter_mut().zip(all().skip(leading).take(length)) {
        *place = digit;
    }
    let point = i64::try_from(literal.whole.len()).unwrap_or(i64::MAX);
    let point = point.saturating_sub(i64::try_from(leading).unwrap_or(i64::MAX));
    Worth::Decimal(Decimal {
        negative: literal.negative,
        digits,
        length,
        point: point.saturating_add(literal.exponent.unwrap_or(0)),
    })
}

impl Decimal {
    fn digits(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }
}

/// Whether the nearest double prints with the very digits and power of ten that were published.
fn prints_as_itself(decimal: &Decimal) -> bool {
    if decimal.length <= SAFE_DIGITS && SAFE_POINT.contains(&decimal.point) {
        return true;
    }
    if !ANY_POINT.contains(&decimal.point) {
        return false;
    }
    let digits = String::from_utf8_lossy(decimal.digits());
    let Ok(double) = format!("0.{digits}e{}", decimal.point).parse::<f64>() else {
        return false;
    };
    let printed = shortest(double);
    let Some((mantissa, power)) = printed.split_once('e') else {
        return false;
    };
    let same_power = power.parse().is_ok_and(|power: i64| power + 1 == decimal.point);
    same_power && mantissa.bytes().filter(|&byte| byte != b'.').eq(decimal.digits().iter().copied())
}

/// The fewest digits that read back as `double`, and of those the nearest to it, as ECMA-262 has it. Rust finds the same
/// but for a tie, where ECMAScript takes the even digit, which rounding to that many digits gives.
fn shortest(double: f64) -> String {
    let shortest = format!("{double:e}");
    let digits = shortest.bytes().take_while(|&byte| byte != b'e').filter(u8::is_ascii_digit).count();
    let rounded = format!("{double:.*e}", digits.saturating_sub(1));
    if rounded.parse() == Ok(double) { rounded } else { shortest }
}

/// Writes the decimal in the notation of ECMA-262, "Number::toString".
fn print(decimal: &Decimal, out: &mut Vec<u8>) {
    if decimal.negative {
        out.push(b'-');
    }
    let digits = decimal.digits();
    let point = decimal.point;
    match usize::try_from(point) {
        Ok(point @ 1..=21) => {
            let (whole, fraction) = digits.split_at(point.min(digits.len()));
            out.extend_from_slice(whole);
            out.resize(out.len() + point - whole.len(), b'0');
            if !fraction.is_empty() {
                out.push(b'.');
                out.extend_from_slice(fraction);
            }
        }
        _ if (-5..=0).contains(&point) => {
            out.extend_from_slice(b"0.");
            out.extend((point..0).map(|_| b'0'));
            out.extend_from_slice(digits);
        }
        _ => print_with_exponent(digits, point - 1, out),
    }
}

fn print_with_exponent(digits: &[u8], exponent: i64, out: &mut Vec<u8>) {
    if let Some((first, others)) = digits.split_first() {
        out.push(*first);
        if !others.is_empty() {
            out.push(b'.');
            out.extend_from_slice(others);
        }
    }
    out.extend_from_slice(format!("e{exponent:+}").as_bytes());
}
