//! When a delivery is attempted again.

mod retry_after;

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::time::Timestamp;

pub use retry_after::parse_retry_after;

/// The most attempts that a schedule may have.
pub const MAX_ATTEMPTS: usize = 20;
/// The longest delay before an attempt, without jitter.
pub const MAX_DELAY: Duration = Duration::from_secs(24 * 3600);
/// The longest that all delays and their jitter may add up to.
pub const MAX_TOTAL: Duration = Duration::from_secs(96 * 3600);
/// The longest that anything ever waits for an attempt: [`MAX_DELAY`] with the largest jitter there is.
pub const MAX_WAIT: Duration = Duration::from_secs(48 * 3600);

/// The delays before each attempt, the first one included, and how far they may vary.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RetryPolicy {
    #[serde(serialize_with = "spell_delays")]
    delays: Vec<Duration>,
    jitter: f64,
}

/// Why a schedule is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RetryPolicyError {
    /// None at all, or more than [`MAX_ATTEMPTS`].
    #[error("a schedule has 1 to {MAX_ATTEMPTS} delays, not {0}")]
    Count(usize),
    /// A delay above [`MAX_DELAY`].
    #[error("delay {place} is {}, but no delay may be longer than 24h", spell(*delay))]
    TooLong {
        /// Which one, counted from 1.
        place: usize,
        /// How long it is.
        delay: Duration,
    },
    /// Not between 0 and 1.
    #[error("jitter must be between 0 and 1, not {0}")]
    Jitter(f64),
    /// Their sum is above [`MAX_TOTAL`].
    #[error("the delays and their jitter may add up to {}, but to no more than 96h", spell(*.0))]
    Total(Duration),
    /// A delay that cannot be read.
    #[error("delay {place} is {text:?}, not a duration such as \"5s\", \"30m\" or \"2h\"")]
    Spelling {
        /// Which one, counted from 1.
        place: usize,
        /// What was given.
        text: String,
    },
}

impl RetryPolicy {
    /// # Errors
    /// [`RetryPolicyError`] says which limit is broken.
    pub fn new(delays: Vec<Duration>, jitter: f64) -> Result<Self, RetryPolicyError> {
        if delays.is_empty() || delays.len() > MAX_ATTEMPTS {
            return Err(RetryPolicyError::Count(delays.len()));
        }
        if let Some((place, &delay)) = (1..).zip(&delays).find(|(_, delay)| **delay > MAX_DELAY) {
            return Err(RetryPolicyError::TooLong { place, delay });
        }
        if !(0.0..=1.0).contains(&jitter) {
            return Err(RetryPolicyError::Jitter(jitter));
        }
        let total = delays.iter().sum::<Duration>().mul_f64(1.0 + jitter);
        if total > MAX_TOTAL {
            return Err(RetryPolicyError::Total(total));
        }
        Ok(Self { delays, jitter })
    }

    /// The delays before each attempt, without jitter.
    #[must_use]
    pub fn delays(&self) -> &[Duration] {
        &self.delays
    }

    /// By what part of itself a delay may be shorter or longer.
    #[must_use]
    pub const fn jitter(&self) -> f64 {
        self.jitter
    }

    /// The longest delay, without jitter; the most that a receiver can ask for.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.delays.iter().max().copied().unwrap_or_default()
    }

    /// When attempt `attempt` (the first is 1) is to start, or `None` if the schedule has no such attempt.
    ///
    /// The delay counts from `ended`, the end of the attempt before; for the first, from when the delivery was made.
    /// `retry_after` is what the receiver asked for in its answer: it can postpone, up to [`Self::longest`], and never
    /// hurries. `random` lies in 0..1 and places the time within the jitter.
    #[must_use]
    pub fn due(&self, attempt: u16, ended: Timestamp, retry_after: Option<Duration>, random: f64) -> Option<Timestamp> {
        let delay = *self.delays.get(usize::from(attempt).checked_sub(1)?)?;
        let random = if random.is_finite() { random.clamp(0.0, 1.0) } else { 0.5 };
        let varied = delay.mul_f64(1.0 + self.jitter * (2.0 * random - 1.0));
        let asked = retry_after.unwrap_or_default().min(self.longest());
        Some(ended.plus(whole_millis(varied.max(asked))))
    }
}

/// Rounded up, so that nothing is early.
fn whole_millis(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
}

/// As people write it: in hours rather than days.
fn spell(duration: Duration) -> String {
    let hours = duration.as_secs() / 3600;
    let rest = humantime::format_duration(duration - Duration::from_secs(hours * 3600));
    match (hours, rest.get_ref().is_zero()) {
        (0, _) => rest.to_string(),
        (_, true) => format!("{hours}h"),
        (_, false) => format!("{hours}h {rest}"),
    }
}

fn spell_delays<S: serde::Serializer>(delays: &[Duration], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(delays.iter().map(|delay| spell(*delay)))
}

impl<'de> Deserialize<'de> for RetryPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Text {
            delays: Vec<String>,
            #[serde(default)]
            jitter: f64,
        }
        let Text { delays, jitter } = Text::deserialize(deserializer)?;
        let delays = (1..).zip(delays).map(|(place, text)| {
            humantime::parse_duration(&text).map_err(|_| RetryPolicyError::Spelling { place, text })
        });
        let policy = delays.collect::<Result<_, _>>().and_then(|delays| Self::new(delays, jitter));
        policy.map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
