//! Instants and days, as numbers that travel well.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const MILLIS_PER_DAY: i64 = 86_400_000;
/// The length of `2026-03-15T10:00:00`.
const SECONDS_LENGTH: usize = 19;

/// An instant: milliseconds since the Unix epoch, UTC. Shown as RFC 3339 with three decimals and `Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is not an RFC 3339 time between the years 0 and 9999.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time such as 2026-03-15T10:00:00.000Z: {0:?}")]
pub struct TimestampError(pub String);

impl Timestamp {
    /// The latest instant that RFC 3339 can write (9999-12-31T23:59:59.999Z).
    pub const MAX: Self = Self(253_402_300_799_999);
    /// The earliest instant accepted (0000-01-01T00:00:00Z).
    pub const MIN: Self = Self(-62_167_219_200_000);

    /// From milliseconds since the Unix epoch, clamped to [`Self::MIN`]..=[`Self::MAX`].
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        if millis < Self::MIN.0 {
            Self::MIN
        } else if millis > Self::MAX.0 {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Reads an RFC 3339 time with any offset; what is finer than a millisecond is cut off.
    ///
    /// # Errors
    /// [`TimestampError`] if `text` is anything else.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimestampError(text.to_owned()))?;
        let millis = i64::try_from(parsed.unix_timestamp_nanos().div_euclid(1_000_000))
            .map_err(|_| TimestampError(text.to_owned()))?;
        Ok(Self::from_millis(millis))
    }

    /// RFC 3339 in whole seconds: `2026-03-15T10:00:00Z`.
    #[must_use]
    pub fn in_seconds(self) -> String {
        let mut text = self.to_string();
        text.truncate(SECONDS_LENGTH);
        text.push('Z');
        text
    }

    /// RFC 3339 with three decimals, on the stack: [`fmt::Display`] shows the same, with more ado.
    #[must_use]
    pub fn to_text(self) -> TimestampText {
        let mut text = *b"0000-00-00T00:00:00.000Z";
        // From MIN to MAX, all have a date.
        let instant = OffsetDateTime::from_unix_timestamp(self.as_seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (year, month, day) = instant.to_calendar_date();
        let (hour, minute, second) = instant.to_hms();
        write_digits(&mut text[..4], year.unsigned_abs());
        write_digits(&mut text[5..7], u32::from(u8::from(month)));
        write_digits(&mut text[8..10], u32::from(day));
        write_digits(&mut text[11..13], u32::from(hour));
        write_digits(&mut text[14..16], u32::from(minute));
        write_digits(&mut text[17..19], u32::from(second));
        write_digits(&mut text[20..23], u32::try_from(self.0.rem_euclid(1000)).unwrap_or(0));
        TimestampText(text)
    }

    /// The UTC day that this instant lies in.
    #[must_use]
    pub const fn day(self) -> Day {
        // MIN and MAX keep the quotient far inside i32.
        Day(self.0.div_euclid(MILLIS_PER_DAY) as i32)
    }

    /// How long after `earlier` this is; zero if it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This instant and `duration` more, at most [`Self::MAX`].
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// This instant less `duration`, at least [`Self::MIN`].
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_sub(millis))
    }
}

/// Writes `number` over all of `text`, with leading zeros. The library's formatting takes eight times as many instructions for a
/// time, and each delivery tells some.
fn write_digits(text: &mut [u8], mut number: u32) {
    for place in text.iter_mut().rev() {
        *place = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

/// An instant as text: what [`Timestamp::to_text`] gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampText([u8; 24]);

impl TimestampText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // It is all ASCII.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_text().as_str())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A UTC day: days since 1970-01-01. Deliveries and attempts are kept by the day on which their event was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// From days since 1970-01-01.
    #[must_use]
    pub const fn from_number(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0
    }

    /// The day's first instant.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp::from_millis(self.0 as i64 * MILLIS_PER_DAY)
    }

    /// The day that is `days` later (earlier, if negative).
    #[must_use]
    pub const fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_with_three_decimals_and_z() {
        let time = Timestamp::parse("2026-03-15T12:00:00.5+02:00").expect("valid");
        assert_eq!(time.to_string(), "2026-03-15T10:00:00.500Z");
        assert_eq!(time.in_seconds(), "2026-03-15T10:00:00Z");
        assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
    }

    #[test]
    fn every_instant_reads_back_as_it_was_written() {
        for text in [
            "0000-01-01T00:00:00.000Z",
            "0004-02-29T23:59:59.001Z",
            "1969-12-31T23:59:59.999Z",
            "2000-02-29T12:34:56.789Z",
            "2100-02-28T23:59:59.999Z",
            "9999-12-31T23:59:59.999Z",
        ] {
            assert_eq!(Timestamp::parse(text).expect("valid").to_string(), text);
        }
        let step = usize::try_from(MILLIS_PER_DAY * 41 + 12_345_678).expect("it is small");
        for millis in (Timestamp::MIN.0..=Timestamp::MAX.0).step_by(step) {
            let time = Timestamp::from_millis(millis);
            assert_eq!(Timestamp::parse(time.to_text().as_str()), Ok(time), "{millis}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", "2026-03-15", "2026-03-15T10:00:00"] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_before_and_after_the_epoch() {
        for (text, number) in
            [("1969-12-31T23:59:59.999Z", -1), ("1970-01-01T00:00:00Z", 0), ("2026-03-15T23:59:59.999Z", 20_527)]
        {
            let day = Timestamp::parse(text).expect("valid").day();
            assert_eq!(day.number(), number);
            assert_eq!(day.start().day(), day);
        }
    }

    #[test]
    fn arithmetic_stops_at_the_ends_of_the_calendar() {
        assert_eq!(Timestamp::MAX.plus(Duration::from_secs(1)), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.minus(Duration::MAX), Timestamp::MIN);
        assert_eq!(Timestamp::MIN.since(Timestamp::MAX), Duration::ZERO);
    }
}
