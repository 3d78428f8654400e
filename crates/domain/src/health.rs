//! When a failing webhook is switched off.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What switches a webhook off; any one of its conditions does. Without conditions, nothing does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DisableRule {
    /// An answer of 410 Gone.
    pub gone: bool,
    /// Nothing but failures, the first of them this old, such as `"5d"`.
    #[serde(with = "humantime_serde")]
    pub failing_for: Option<Duration>,
    /// So many failed attempts in a row, over all deliveries.
    pub failures_in_a_row: Option<NonZeroU32>,
    /// One delivery whose scheduled attempts have all failed.
    pub delivery_exhausted: bool,
}

/// What is known about a webhook after an attempt that failed. Only what happened after its `health_since` counts, and
/// neither pings nor tests do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Failed attempts since the last success.
    pub consecutive_failures: u32,
    /// When the first failed attempt since the last success started.
    pub first_failure_at: Option<Timestamp>,
    /// When the newest failed attempt since the last success started. Silence since then proves nothing, so this is the time to
    /// judge by.
    pub last_failure_at: Option<Timestamp>,
    /// Whether an attempt was answered with 410, whatever succeeded since: the receiver has asked for no more.
    pub gone: bool,
    /// Whether a delivery has used up its attempts, whatever became of others meanwhile.
    pub delivery_exhausted: bool,
}

/// Why a webhook was switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// The receiver answered 410 Gone.
    Gone,
    /// It failed for too long.
    FailingFor,
    /// It failed too often in a row.
    FailuresInARow,
    /// All attempts of one delivery failed.
    DeliveryExhausted,
}

impl DisableRule {
    /// Switches nothing off.
    pub const NEVER: Self = Self { gone: false, failing_for: None, failures_in_a_row: None, delivery_exhausted: false };

    /// Whether the webhook is to be switched off, and why.
    #[must_use]
    pub fn judge(&self, facts: &Facts) -> Option<DisabledReason> {
        if self.gone && facts.gone {
            return Some(DisabledReason::Gone);
        }
        if self.delivery_exhausted && facts.delivery_exhausted {
            return Some(DisabledReason::DeliveryExhausted);
        }
        if self.failures_in_a_row.is_some_and(|limit| facts.consecutive_failures >= limit.get()) {
            return Some(DisabledReason::FailuresInARow);
        }
        if self.failing_for.is_some_and(|limit| facts.failing_for().is_some_and(|age| age >= limit)) {
            return Some(DisabledReason::FailingFor);
        }
        None
    }
}

impl Facts {
    /// How long there have been nothing but failures, from the first to the newest.
    fn failing_for(&self) -> Option<Duration> {
        Some(self.last_failure_at?.since(self.first_failure_at?))
    }
}

impl DisabledReason {
    /// All reasons.
    pub const ALL: [Self; 4] = [Self::Gone, Self::FailingFor, Self::FailuresInARow, Self::DeliveryExhausted];

    /// The reason's name in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::FailingFor => "failing_for",
            Self::FailuresInARow => "failures_in_a_row",
            Self::DeliveryExhausted => "delivery_exhausted",
        }
    }
}

/// A sentence for people.
impl fmt::Display for DisabledReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gone => "the receiver answered 410 Gone",
            Self::FailingFor => "every attempt has failed for longer than the webhook's rule allows",
            Self::FailuresInARow => "too many attempts in a row have failed",
            Self::DeliveryExhausted => "all attempts of a delivery have failed",
        })
    }
}

/// A name that no reason has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no reason to disable a webhook is called {0:?}")]
pub struct UnknownReason(pub String);

impl FromStr for DisabledReason {
    type Err = UnknownReason;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name).ok_or_else(|| UnknownReason(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);
    const STANDARD: DisableRule =
        DisableRule { gone: true, failing_for: Some(Duration::from_secs(5 * 86_400)), ..DisableRule::NEVER };

    fn failing_for(age: Duration) -> Facts {
        let first = Timestamp::from_millis(1_000_000_000_000);
        Facts {
            consecutive_failures: 7,
            first_failure_at: Some(first),
            last_failure_at: Some(first.plus(age)),
            gone: false,
            delivery_exhausted: false,
        }
    }

    #[test]
    fn five_days_of_failures_disable() {
        assert_eq!(STANDARD.judge(&failing_for(5 * DAY)), Some(DisabledReason::FailingFor));
        assert_eq!(STANDARD.judge(&failing_for(5 * DAY - Duration::from_millis(1))), None);
    }

    #[test]
    fn gone_disables_at_once_where_the_rule_says_so() {
        let facts = Facts { gone: true, consecutive_failures: 1, ..failing_for(Duration::ZERO) };
        assert_eq!(STANDARD.judge(&facts), Some(DisabledReason::Gone));
        assert_eq!(DisableRule { gone: false, ..STANDARD }.judge(&facts), None);
    }

    #[test]
    fn a_number_of_failures_disables_when_it_is_reached() {
        let rule = DisableRule { failures_in_a_row: NonZeroU32::new(10), ..DisableRule::NEVER };
        let failures = |count| Facts { consecutive_failures: count, ..failing_for(9 * DAY) };
        assert_eq!(rule.judge(&failures(9)), None);
        assert_eq!(rule.judge(&failures(10)), Some(DisabledReason::FailuresInARow));
    }

    #[test]
    fn an_exhausted_delivery_disables_where_the_rule_says_so() {
        let facts = Facts { delivery_exhausted: true, ..failing_for(DAY) };
        let rule = DisableRule { delivery_exhausted: true, ..DisableRule::NEVER };
        assert_eq!(rule.judge(&facts), Some(DisabledReason::DeliveryExhausted));
        assert_eq!(STANDARD.judge(&facts), None);
    }

    #[test]
    fn a_success_clears_what_was_counted_and_nothing_else() {
        let cleared = Facts { gone: true, delivery_exhausted: true, ..Facts::default() };
        let counting = DisableRule { gone: false, failures_in_a_row: NonZeroU32::new(1), ..STANDARD };
        assert_eq!(counting.judge(&cleared), None);
        assert_eq!(STANDARD.judge(&cleared), Some(DisabledReason::Gone));
        let rule = DisableRule { delivery_exhausted: true, ..DisableRule::NEVER };
        assert_eq!(rule.judge(&cleared), Some(DisabledReason::DeliveryExhausted));
    }

    #[test]
    fn without_conditions_nothing_is_disabled() {
        let worst = Facts { gone: true, delivery_exhausted: true, ..failing_for(99 * DAY) };
        assert_eq!(DisableRule::NEVER.judge(&worst), None);
    }

    #[test]
    fn rules_and_reasons_are_readable_data() {
        let rule: DisableRule = serde_json::from_str(r#"{"gone":true,"failing_for":"5d"}"#).expect("valid");
        assert_eq!(rule, STANDARD);
        let text = serde_json::to_string(&rule).expect("serialisable");
        assert_eq!(serde_json::from_str::<DisableRule>(&text).expect("valid"), rule);
        assert!(serde_json::from_str::<DisableRule>(r#"{"failures":3}"#).is_err());
        for reason in DisabledReason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
            assert_eq!(serde_json::to_string(&reason).expect("serialisable"), format!("\"{}\"", reason.as_str()));
        }
    }
}
