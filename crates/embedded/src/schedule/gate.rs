//! A gate lets so many through a second, and a few at once after a pause.

use fanfare_domain::time::Timestamp;

const SECOND: f64 = 1_000_000.0;
/// What is lost in arithmetic, in microseconds, must hold nobody back for a millisecond.
const TOLERANCE: f64 = 0.5;
const FASTEST: f64 = 1_000_000.0;
const SLOWEST: f64 = 1.0 / 86_400.0;

/// A webhook's gate. Whatever goes through is paid off one after the other, at the gate's pace; up to `burst` may be unpaid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gate {
    pub(super) per_second: f64,
    pub(super) burst: u32,
    /// When all that went through will have been paid off: microseconds since the epoch.
    pub(super) paid_at: f64,
}

impl Gate {
    /// A gate that nobody went through for long. A pace that is no number lets one through in a day.
    pub(super) fn new(per_second: f64, burst: u32) -> Self {
        let per_second = if per_second.is_finite() { per_second.clamp(SLOWEST, FASTEST) } else { SLOWEST };
        Self { per_second, burst: burst.max(1), paid_at: 0.0 }
    }

    fn interval(&self) -> f64 {
        SECOND / self.per_second
    }

    /// How many have gone through and are not paid off.
    fn unpaid(&self, now: f64) -> f64 {
        (self.paid_at - now).max(0.0) / self.interval()
    }

    /// The same gate at another pace: what is not paid off stays so.
    pub(super) fn at_pace_of(&self, other: &Self, now: Timestamp) -> Self {
        let now = micros(now);
        Self { paid_at: now + self.unpaid(now) * other.interval(), ..*other }
    }

    /// How many may go through now.
    pub(super) fn lets_through(&self, now: Timestamp) -> usize {
        // Twice what `free_at` allows itself, so that whoever comes at that time is let through.
        let free = f64::from(self.burst) - self.unpaid(micros(now)) + 2.0 * TOLERANCE / self.interval();
        free.max(0.0).min(f64::from(self.burst)) as usize
    }

    /// So many go through.
    pub(super) fn pass(&mut self, count: usize, now: Timestamp) {
        self.paid_at = self.paid_at.max(micros(now)) + count as f64 * self.interval();
    }

    /// When the next one may go through; a time that is past if one may now.
    pub(super) fn free_at(&self) -> Timestamp {
        let micros = self.paid_at - f64::from(self.burst - 1) * self.interval() - TOLERANCE;
        Timestamp::from_millis((micros / 1000.0).ceil() as i64)
    }
}

fn micros(time: Timestamp) -> f64 {
    time.as_millis() as f64 * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    #[test]
    fn a_burst_goes_at_once_and_then_one_after_the_other() {
        let mut gate = Gate::new(3.0, 5);
        assert_eq!(gate.lets_through(NOW), 5);
        gate.pass(5, NOW);
        assert_eq!(gate.lets_through(NOW), 0);
        assert_eq!(gate.free_at(), NOW.plus(Duration::from_millis(334)));
        assert_eq!(gate.lets_through(NOW.plus(Duration::from_millis(333))), 0);
        assert_eq!(gate.lets_through(NOW.plus(Duration::from_secs(1))), 3);
        assert_eq!(gate.lets_through(NOW.plus(Duration::from_secs(100))), 5);
    }

    #[test]
    fn a_gate_is_free_when_it_says_so() {
        for (per_second, burst) in
            [(0.3, 1), (1.0, 3), (7.0, 10), (30.0, 1), (999.0, 1), (3333.3, 50), (1e9, 1_000_000)]
        {
            let mut gate = Gate::new(per_second, burst);
            let mut now = NOW;
            for _ in 0..1000 {
                gate.pass(gate.lets_through(now), now);
                now = now.max(gate.free_at());
                assert!(gate.lets_through(now) > 0, "{per_second} {burst}");
            }
        }
    }

    #[test]
    fn a_new_pace_takes_over_what_is_unpaid() {
        let mut gate = Gate::new(1.0, 1);
        gate.pass(1, NOW);
        let faster = gate.at_pace_of(&Gate::new(100.0, 1), NOW);
        assert_eq!(faster.free_at(), NOW.plus(Duration::from_millis(10)));
    }

    #[test]
    fn a_pace_that_is_none_still_is_a_pace() {
        for per_second in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let mut gate = Gate::new(per_second, 0);
            gate.pass(1, NOW);
            assert_eq!((gate.lets_through(NOW), gate.burst), (0, 1), "{per_second}");
        }
    }
}
