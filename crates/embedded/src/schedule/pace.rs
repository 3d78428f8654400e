//! A pace: how many go in a time, and how long so many take. Times are microseconds since the epoch.

use fanfare_domain::journal::PaceKind;
use fanfare_domain::time::Timestamp;
use fanfare_ports::schedule::{MEASURED_GROWTH, MEASURED_LIMIT};

pub(super) const SECOND: f64 = 1_000_000.0;
const FASTEST: f64 = 1_000_000.0;
const SLOWEST: f64 = 1.0 / 86_400.0;

/// How fast deliveries go: evenly, or faster and faster from some time on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    pub(super) per_second: f64,
    /// Since when it has been growing; `None` if it does not.
    pub(super) since: Option<Timestamp>,
}

/// A pace that grows: with every microsecond to e to the power of `rate` times as much, for a while.
struct Growth {
    since: f64,
    first: f64,
    rate: f64,
    lasts: f64,
    last: f64,
}

impl Pace {
    /// A pace that was set just now. One that is no number lets one through in a day.
    pub(super) fn set(per_second: f64, kind: PaceKind, now: Timestamp) -> Self {
        let since = match kind {
            PaceKind::Limit => None,
            PaceKind::Measured => Some(now),
        };
        Self::stored(per_second, since)
    }

    /// A pace as it was when it was set.
    pub(super) fn stored(per_second: f64, since: Option<Timestamp>) -> Self {
        let per_second = if per_second.is_finite() { per_second.clamp(SLOWEST, FASTEST) } else { SLOWEST };
        Self { per_second, since }
    }

    fn growth(&self) -> Option<Growth> {
        let rate = MEASURED_GROWTH.ln() / SECOND;
        let first = self.per_second / SECOND;
        let last = first.max(MEASURED_LIMIT / SECOND);
        self.since.map(|since| Growth { since: micros(since), first, rate, lasts: (last / first).ln() / rate, last })
    }

    /// How many go in a microsecond, at this time.
    pub(super) fn at(&self, time: f64) -> f64 {
        match self.growth() {
            None => self.per_second / SECOND,
            Some(growth) => growth.first * (growth.rate * (time - growth.since).clamp(0.0, growth.lasts)).exp(),
        }
    }

    /// How many go between two times; negative if the second is the earlier one.
    pub(super) fn between(&self, from: f64, to: f64) -> f64 {
        match self.growth() {
            None => (to - from) * self.per_second / SECOND,
            Some(growth) => growth.until(to) - growth.until(from),
        }
    }

    /// When so many have gone since a time; a time before it for a negative number.
    pub(super) fn after(&self, from: f64, count: f64) -> f64 {
        match self.growth() {
            None => from + count * SECOND / self.per_second,
            Some(growth) => growth.time_of(growth.until(from) + count),
        }
    }
}

impl Growth {
    /// How many go from the beginning until a time: the sum over the growth, and evenly before and after it.
    fn until(&self, time: f64) -> f64 {
        let age = time - self.since;
        if age <= 0.0 {
            return age * self.first;
        }
        self.first / self.rate * (self.rate * age.min(self.lasts)).exp_m1() + (age - self.lasts).max(0.0) * self.last
    }

    /// When so many have gone since the beginning.
    fn time_of(&self, count: f64) -> f64 {
        let while_growing = self.first / self.rate * (self.rate * self.lasts).exp_m1();
        let age = if count <= 0.0 {
            count / self.first
        } else if count < while_growing {
            (count * self.rate / self.first).ln_1p() / self.rate
        } else {
            self.lasts + (count - while_growing) / self.last
        };
        self.since + age
    }
}

pub(super) fn micros(time: Timestamp) -> f64 {
    time.as_millis() as f64 * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn after(seconds: f64) -> f64 {
        micros(NOW) + seconds * SECOND
    }

    fn measured(per_second: f64) -> Pace {
        Pace::set(per_second, PaceKind::Measured, NOW)
    }

    #[test]
    fn a_measured_pace_grows_by_a_quarter_each_second_and_then_no_more() {
        let pace = measured(2.0);
        for (seconds, expected) in
            [(-5.0, 2.0), (0.0, 2.0), (1.0, 2.5), (2.0, 3.125), (100.0, 10_000.0), (1e9, 10_000.0)]
        {
            let per_second = pace.at(after(seconds)) * SECOND;
            assert!((per_second - expected).abs() < 1e-6 * expected, "{per_second} after {seconds} s");
        }
        assert!((measured(20_000.0).at(after(60.0)) * SECOND - 20_000.0).abs() < 1e-6, "it never becomes slower");
    }

    #[test]
    fn a_limit_never_grows() {
        let pace = Pace::set(2.0, PaceKind::Limit, NOW);
        assert!((pace.at(after(1000.0)) * SECOND - 2.0).abs() < 1e-9);
        assert!((pace.between(after(0.0), after(1000.0)) - 2000.0).abs() < 1e-6);
    }

    #[test]
    fn what_goes_in_a_time_takes_that_time() {
        for pace in [measured(1.0), measured(0.01), measured(9_999.0), measured(1e6), Pace::stored(3.0, None)] {
            for from in [-10.0, 0.0, 0.5, 20.0, 41.0, 45.0, 1000.0] {
                for lasting in [0.001, 1.0, 15.0, 60.0] {
                    let count = pace.between(after(from), after(from + lasting));
                    let until = pace.after(after(from), count);
                    assert!((until - after(from + lasting)).abs() < 1.0, "{pace:?} from {from} for {lasting}");
                }
            }
        }
    }

    #[test]
    fn what_goes_is_the_sum_of_the_pace() {
        let pace = measured(1.0);
        let sum: f64 = (0..60_000).map(|milli| pace.at(after(f64::from(milli) / 1000.0 + 0.0005)) * 1000.0).sum();
        let count = pace.between(after(0.0), after(60.0));
        assert!((sum - count).abs() < count * 1e-6, "{sum} {count}");
    }
}
