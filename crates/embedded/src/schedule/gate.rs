//! A gate lets so many through a second, and a few at once after a pause.

use fanfare_domain::time::Timestamp;

use super::pace::{Pace, SECOND, micros};

/// What is lost in arithmetic, in microseconds, must hold nobody back for a millisecond.
const TOLERANCE: f64 = 0.5;

/// A webhook's gate. Whatever goes through is paid off one after the other, at the gate's pace; up to `burst` may be unpaid.
/// At a pace that has grown, what is paid off is saved up beyond that: as many as go in a second may go at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gate {
    pub(super) pace: Pace,
    pub(super) burst: u32,
    /// When all that went through will have been paid off: microseconds since the epoch.
    pub(super) paid_at: f64,
}

impl Gate {
    /// A gate that nobody went through for long.
    pub(super) fn new(pace: Pace, burst: u32) -> Self {
        Self { pace, burst: burst.max(1), paid_at: 0.0 }
    }

    /// How many may go through at once, however long nobody did.
    fn most(&self, now: f64) -> f64 {
        let burst = f64::from(self.burst);
        if self.pace.since.is_none() { burst } else { burst.max((self.pace.at(now) * SECOND).round()) }
    }

    /// How many may go through now, with the part of the next one that has been paid off.
    fn free(&self, now: f64) -> f64 {
        (f64::from(self.burst) - self.pace.between(now, self.paid_at)).min(self.most(now))
    }

    /// The same gate with so many that may go through at a time.
    fn with_free(self, free: f64, now: f64) -> Self {
        Self { paid_at: self.pace.after(now, f64::from(self.burst) - free), ..self }
    }

    /// The same gate at another pace: as many may go through as before, up to the other's burst.
    pub(super) fn at_pace_of(&self, other: &Self, now: Timestamp) -> Self {
        let now = micros(now);
        other.with_free(self.free(now).clamp(0.0, f64::from(other.burst)), now)
    }

    /// How many may go through now.
    pub(super) fn lets_through(&self, now: Timestamp) -> usize {
        let now = micros(now);
        // Twice what `free_at` allows itself, so that whoever comes at that time is let through.
        let free = self.free(now) + 2.0 * TOLERANCE * self.pace.at(now);
        free.clamp(0.0, self.most(now)) as usize
    }

    /// So many go through.
    pub(super) fn pass(&mut self, count: usize, now: Timestamp) {
        let now = micros(now);
        *self = self.with_free(self.free(now) - count as f64, now);
    }

    /// When the next one may go through; a time that is past if one may now.
    pub(super) fn free_at(&self) -> Timestamp {
        let micros = self.pace.after(self.paid_at, 1.0 - f64::from(self.burst)) - TOLERANCE;
        Timestamp::from_millis((micros / 1000.0).ceil() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_domain::journal::PaceKind;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn limited(per_second: f64, burst: u32) -> Gate {
        Gate::new(Pace::set(per_second, PaceKind::Limit, NOW), burst)
    }

    fn measured(per_second: f64, burst: u32) -> Gate {
        Gate::new(Pace::set(per_second, PaceKind::Measured, NOW), burst)
    }

    #[test]
    fn a_burst_goes_at_once_and_then_one_after_the_other() {
        let mut gate = limited(3.0, 5);
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
            for mut gate in [limited(per_second, burst), measured(per_second, burst)] {
                let mut now = NOW;
                for _ in 0..1000 {
                    gate.pass(gate.lets_through(now), now);
                    now = now.max(gate.free_at());
                    assert!(gate.lets_through(now) > 0, "{gate:?}");
                    let before = gate.free_at().minus(Duration::from_millis(2));
                    assert!(before < NOW || gate.lets_through(before) == 0, "{gate:?} was late");
                }
            }
        }
    }

    #[test]
    fn a_new_pace_begins_with_what_was_free() {
        let mut gate = limited(1.0, 1);
        gate.pass(1, NOW);
        let faster = gate.at_pace_of(&limited(100.0, 1), NOW);
        assert_eq!(faster.free_at(), NOW.plus(Duration::from_millis(10)));
        let mut fast = limited(100.0, 100);
        fast.pass(100, NOW);
        let slower = fast.at_pace_of(&limited(1.0, 1), NOW);
        assert_eq!(slower.free_at(), NOW.plus(Duration::from_secs(1)), "not when all of them would have been paid off");
    }

    #[test]
    fn a_measured_gate_saves_up_a_second_of_what_it_has_grown_to() {
        let mut gate = measured(1.0, 3);
        assert_eq!(gate.lets_through(NOW), 3, "what was given, though a second has less");
        gate.pass(3, NOW);
        let later = NOW.plus(Duration::from_secs(20));
        let grown = 1.25_f64.powi(20).round() as usize;
        assert_eq!(gate.lets_through(later), grown);
        gate.pass(grown, later);
        assert_eq!(gate.lets_through(later), 0);
        let much_later = later.plus(Duration::from_secs(1000));
        assert_eq!(gate.lets_through(much_later), 10_000);
        assert_eq!(gate.at_pace_of(&limited(2.0, 5), much_later).lets_through(much_later), 5);
    }

    #[test]
    fn a_pace_that_is_none_still_is_a_pace() {
        for per_second in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let mut gate = limited(per_second, 0);
            gate.pass(1, NOW);
            assert_eq!((gate.lets_through(NOW), gate.burst), (0, 1), "{per_second}");
        }
    }
}
