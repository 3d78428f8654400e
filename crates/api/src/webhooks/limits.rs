//! How long, how often, how fast, and when to give up.

use std::num::NonZeroU32;
use std::time::Duration;

use fanfare_domain::health::DisableRule;
use fanfare_domain::profile::TIMEOUTS;
use fanfare_domain::retry::{RetryPolicy, RetryPolicyError};
use fanfare_domain::webhook::RateLimit as DomainRateLimit;

use super::settings::{Disable, RateLimit, Retry};
use crate::problem::FieldProblems;

const RATES: std::ops::RangeInclusive<f64> = 0.001..=1_000_000.0;
const LARGEST_BURST: u32 = 1_000_000;
const FAILING_FOR: std::ops::RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(365 * 86_400);
/// A delivery's deadline lies so long before its payload goes.
const BEFORE_PAYLOAD_GOES: Duration = Duration::from_secs(3600);

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| format!("{text:?} is not a duration such as \"15s\", \"5m\" or \"2h\""))
}

pub(super) fn timeout(text: &str, problems: &mut FieldProblems) -> Option<Duration> {
    let timeout = problems.take("/timeout", duration(text))?;
    if TIMEOUTS.contains(&timeout) {
        return Some(timeout);
    }
    problems.add("/timeout", "must be 1s to 30s");
    None
}

/// A schedule, which must end before payloads go after `retention`.
pub(super) fn retry(given: Retry, retention: Duration, problems: &mut FieldProblems) -> Option<RetryPolicy> {
    let texts = problems.take("/retry/delays", given.delays.ok_or("is required"))?;
    let read = |(place, text): (usize, &String)| problems.take(format!("/retry/delays/{place}"), duration(text));
    let delays: Vec<_> = texts.iter().enumerate().filter_map(read).collect();
    if delays.len() != texts.len() {
        return None;
    }
    match RetryPolicy::new(delays, given.jitter.unwrap_or_default()) {
        Ok(policy) => {
            let longest = policy.delays().iter().sum::<Duration>().mul_f64(1.0 + policy.jitter());
            if longest < retention.saturating_sub(BEFORE_PAYLOAD_GOES) {
                return Some(policy);
            }
            let kept = humantime::format_duration(retention);
            problems.add("/retry", format!("the schedule takes too long: the operator keeps payloads for {kept}"));
        }
        Err(error) => {
            let pointer = match &error {
                RetryPolicyError::Count(_) => "/retry/delays".to_owned(),
                RetryPolicyError::TooLong { place, .. } | RetryPolicyError::Spelling { place, .. } => {
                    format!("/retry/delays/{}", place.saturating_sub(1))
                }
                RetryPolicyError::Jitter(_) => "/retry/jitter".to_owned(),
                RetryPolicyError::Total(_) => "/retry".to_owned(),
            };
            problems.add(pointer, error.to_string());
        }
    }
    None
}

pub(super) fn rate_limit(given: &RateLimit, problems: &mut FieldProblems) -> Option<DomainRateLimit> {
    let per_second = problems.take("/rate_limit/per_second", given.per_second.ok_or("is required"));
    if per_second.is_some_and(|rate| !RATES.contains(&rate)) {
        problems.add("/rate_limit/per_second", format!("must be {} to {}", RATES.start(), RATES.end()));
    }
    let burst = given.burst.map(|burst| NonZeroU32::new(burst).filter(|burst| burst.get() <= LARGEST_BURST));
    if burst == Some(None) {
        problems.add("/rate_limit/burst", format!("must be 1 to {LARGEST_BURST}"));
    }
    Some(DomainRateLimit { per_second: per_second?, burst: burst.flatten() })
}

pub(super) fn disable(given: &Disable, problems: &mut FieldProblems) -> Option<DisableRule> {
    let failing_for = given.failing_for.as_ref().map(|text| problems.take("/disable/failing_for", duration(text)));
    if failing_for.flatten().is_some_and(|time| !FAILING_FOR.contains(&time)) {
        problems.add("/disable/failing_for", "must be 1m to 365d");
    }
    let failures_in_a_row = given.failures_in_a_row.map(NonZeroU32::new);
    if failures_in_a_row == Some(None) {
        problems.add("/disable/failures_in_a_row", "must be at least 1");
    }
    Some(DisableRule {
        gone: given.gone.unwrap_or(false),
        failing_for: failing_for.flatten(),
        failures_in_a_row: failures_in_a_row.flatten(),
        delivery_exhausted: given.delivery_exhausted.unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn schedule(delays: &[&str]) -> Retry {
        Retry { delays: Some(delays.iter().map(|text| (*text).to_owned()).collect()), jitter: Some(0.5) }
    }

    #[test]
    fn a_schedule_ends_before_payloads_go() {
        let mut problems = FieldProblems::default();
        assert!(retry(schedule(&["0s", "15h"]), DAY, &mut problems).is_some());
        assert!(problems.check().is_ok());

        let mut problems = FieldProblems::default();
        assert!(retry(schedule(&["0s", "16h"]), DAY, &mut problems).is_none());
        let problem = problems.check().expect_err("24 h with jitter");
        assert_eq!(problem.pointers(), ["#/retry"]);
        assert!(problem.text().contains("payloads for 1day"), "{problem:?}");
    }

    #[test]
    fn a_rule_without_conditions_switches_nothing_off() {
        let mut problems = FieldProblems::default();
        assert_eq!(disable(&Disable::default(), &mut problems), Some(DisableRule::NEVER));
        assert!(problems.check().is_ok());
    }
}
