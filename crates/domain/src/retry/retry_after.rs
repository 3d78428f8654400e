//! The `Retry-After` header ([RFC 9110, section 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).

use std::time::Duration;

use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::time::Timestamp;

const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// How long from `now` a receiver asks us to wait: seconds, or a date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
/// A date that has passed asks for nothing; what is neither is ignored.
#[must_use]
pub fn parse_retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = PrimitiveDateTime::parse(value, HTTP_DATE).ok()?.assume_utc();
    Some(Timestamp::from_millis(date.unix_timestamp().saturating_mul(1000)).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(784_111_777_000); // Sun, 06 Nov 1994 08:49:37 GMT

    #[test]
    fn seconds_and_dates_are_understood() {
        for (value, seconds) in [
            ("120", 120),
            (" 0 ", 0),
            ("99999999999999999999999", u64::MAX),
            ("Sun, 06 Nov 1994 08:49:47 GMT", 10),
            ("Sun, 06 Nov 1994 08:49:27 GMT", 0),
        ] {
            assert_eq!(parse_retry_after(value, NOW), Some(Duration::from_secs(seconds)), "{value}");
        }
    }

    #[test]
    fn anything_else_is_ignored() {
        for value in ["", " ", "-1", "+5", "1.5", "soon", "Sun, 06 Nov 1994 08:49:47", "1994-11-06T08:49:47Z", "５"] {
            assert_eq!(parse_retry_after(value, NOW), None, "{value}");
        }
    }
}
