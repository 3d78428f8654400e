//! An entry's score: its time, whether it is claimed, and the attempt that it waits for, in one number which sorts by time
//! and which the doubles of Redis hold exactly until the year 2159.

use std::time::Duration;

use fanfare_domain::time::Timestamp;
use fanfare_ports::schedule::LARGEST_ATTEMPT;

/// 2020-01-01T00:00:00Z.
const EPOCH: Timestamp = Timestamp::from_millis(1_577_836_800_000);
const CLAIMED: u64 = 1 << 10;
const TIME_SHIFT: u32 = 11;
/// What a double counts without gaps, less the bits below the time.
const LATEST: u64 = (1 << 53 >> TIME_SHIFT) - 1;

/// An entry's score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Score(u64);

impl Score {
    /// The score of an entry that waits until `due` for `attempt`.
    pub(crate) fn waiting(due: Timestamp, attempt: u16) -> Self {
        Self(to_redis(due) << TIME_SHIFT | u64::from(attempt.min(LARGEST_ATTEMPT)))
    }

    /// The score of an entry that is claimed until `until`. No entry that waits ever has it.
    pub(crate) fn claimed(until: Timestamp, attempt: u16) -> Self {
        Self(Self::waiting(until, attempt).0 | CLAIMED)
    }

    pub(crate) const fn from_number(number: u64) -> Self {
        Self(number)
    }

    pub(crate) const fn number(self) -> u64 {
        self.0
    }

    pub(crate) fn time(self) -> Timestamp {
        from_redis(self.0 >> TIME_SHIFT)
    }

    pub(crate) fn attempt(self) -> u16 {
        u16::try_from(self.0 & (CLAIMED - 1)).unwrap_or(LARGEST_ATTEMPT)
    }
}

/// The milliseconds that scripts count in.
pub(crate) fn to_redis(time: Timestamp) -> u64 {
    u64::try_from(time.since(EPOCH).as_millis()).unwrap_or(LATEST).min(LATEST)
}

/// The time that scripts mean.
pub(crate) fn from_redis(millis: u64) -> Timestamp {
    EPOCH.plus(Duration::from_millis(millis.min(LATEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_holds_time_and_attempt() {
        let due = Timestamp::parse("2026-03-15T10:00:00.123Z").expect("valid");
        for attempt in [0, 1, 511, LARGEST_ATTEMPT] {
            for score in [Score::waiting(due, attempt), Score::claimed(due, attempt)] {
                assert_eq!((score.time(), score.attempt()), (due, attempt));
            }
            assert_ne!(Score::waiting(due, attempt), Score::claimed(due, attempt));
        }
    }

    #[test]
    fn scores_sort_by_time_first() {
        let due = Timestamp::parse("2026-03-15T10:00:00.123Z").expect("valid");
        let later = due.plus(Duration::from_millis(1));
        assert!(Score::claimed(due, LARGEST_ATTEMPT).number() < Score::waiting(later, 0).number());
    }

    #[test]
    fn every_score_is_exact_as_a_double() {
        let scores = [Timestamp::MAX, Timestamp::MIN, Timestamp::parse("2158-12-31T23:59:59.999Z").expect("valid")]
            .map(|time| Score::claimed(time, LARGEST_ATTEMPT).number());
        assert!(scores.iter().all(|score| *score < 1 << 53));
        assert_eq!(Score::waiting(Timestamp::MIN, 1).time(), EPOCH);
        assert!(Score::waiting(Timestamp::MAX, 1).time() > Timestamp::parse("2159-01-01T00:00:00Z").expect("valid"));
    }
}
