//! What follows from an attempt.

use std::time::Duration;

use fanfare_domain::attempt::AttemptError;
use fanfare_domain::delivery::{FailureReason, Settlement, Turn};
use fanfare_domain::journal::Follows;
use fanfare_domain::retry::RetryPolicy;
use fanfare_domain::time::Timestamp;

const GONE: u16 = 410;

/// What an attempt came to, as far as it decides.
pub(crate) enum Outcome<'a> {
    /// It was taken.
    Taken,
    /// It was not.
    Refused {
        /// Why.
        error: &'a AttemptError,
        /// What the receiver asked for.
        retry_after: Option<Duration>,
    },
}

/// How long a webhook's deliveries are kept up.
pub(crate) struct Persistence {
    /// When attempts are made.
    pub(crate) schedule: RetryPolicy,
    /// Whether 410 Gone ends a delivery. It does where it switches the webhook off; elsewhere it fails like any other.
    pub(crate) gone_ends: bool,
}

/// What decides besides the result.
pub(crate) struct Terms<'a> {
    /// Which attempt it was.
    pub(crate) turn: Turn,
    /// When it ended.
    pub(crate) ended: Timestamp,
    /// The webhook's rules.
    pub(crate) policy: &'a Persistence,
    /// After this, nothing is due any more.
    pub(crate) deadline: Timestamp,
    /// In 0..1.
    pub(crate) random: f64,
}

/// What follows.
pub(crate) fn follows(result: &Outcome<'_>, terms: &Terms<'_>) -> Follows {
    let (error, retry_after) = match result {
        Outcome::Taken => return Follows::Settled(Settlement::Success),
        Outcome::Refused { error, retry_after } => (*error, *retry_after),
    };
    let number = match terms.turn {
        Turn::Manual { .. } => return Follows::Unchanged,
        Turn::Scheduled(number) => number,
    };
    let failed = |reason| Follows::Settled(Settlement::Failed(reason));
    match error {
        AttemptError::Rejected(GONE) if terms.policy.gone_ends => return failed(FailureReason::Gone),
        AttemptError::AddressNotAllowed(_) => return failed(FailureReason::AddressNotAllowed),
        _ => {}
    }
    let attempt = number.saturating_add(1);
    match terms.policy.schedule.due(attempt, terms.ended, retry_after, terms.random) {
        None => failed(FailureReason::AttemptsUsedUp),
        Some(due) if due > terms.deadline => failed(FailureReason::Expired),
        Some(due) => Follows::Waiting { due, attempt },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_domain::ids::AttemptId;

    const ENDED: Timestamp = Timestamp::from_millis(1_000_000);

    fn policy() -> Persistence {
        let delays = [0, 5, 60].map(Duration::from_secs).to_vec();
        Persistence { schedule: RetryPolicy::new(delays, 0.0).expect("valid"), gone_ends: true }
    }

    fn after(error: &AttemptError, turn: Turn, retry_after: Option<u64>, deadline: Timestamp) -> Follows {
        let policy = policy();
        let terms = Terms { turn, ended: ENDED, policy: &policy, deadline, random: 0.5 };
        follows(&Outcome::Refused { error, retry_after: retry_after.map(Duration::from_secs) }, &terms)
    }

    fn waiting(seconds: u64, attempt: u16) -> Follows {
        Follows::Waiting { due: ENDED.plus(Duration::from_secs(seconds)), attempt }
    }

    #[test]
    fn each_attempt_waits_its_own_delay_until_they_are_used_up() {
        let error = AttemptError::Rejected(503);
        let after = |number| after(&error, Turn::Scheduled(number), None, Timestamp::MAX);
        assert_eq!(after(1), waiting(5, 2));
        assert_eq!(after(2), waiting(60, 3));
        assert_eq!(after(3), Follows::Settled(Settlement::Failed(FailureReason::AttemptsUsedUp)));
    }

    #[test]
    fn a_receiver_can_postpone_but_not_hurry() {
        let error = AttemptError::Rejected(429);
        let after = |seconds| after(&error, Turn::Scheduled(1), Some(seconds), Timestamp::MAX);
        assert_eq!(after(30), waiting(30, 2));
        assert_eq!(after(1), waiting(5, 2));
        assert_eq!(after(100_000), waiting(60, 2), "at most the longest delay");
    }

    #[test]
    fn nothing_waits_beyond_its_deadline() {
        let error = AttemptError::TimedOut(Duration::from_secs(15));
        let deadline = ENDED.plus(Duration::from_secs(4));
        let expired = Follows::Settled(Settlement::Failed(FailureReason::Expired));
        assert_eq!(after(&error, Turn::Scheduled(1), None, deadline), expired);
    }

    #[test]
    fn gone_and_forbidden_addresses_are_given_up_at_once() {
        let gone = AttemptError::Rejected(410);
        let private = AttemptError::AddressNotAllowed("10.0.0.1".into());
        for (error, reason) in [(gone, FailureReason::Gone), (private, FailureReason::AddressNotAllowed)] {
            let follows = after(&error, Turn::Scheduled(1), None, Timestamp::MAX);
            assert_eq!(follows, Follows::Settled(Settlement::Failed(reason)));
        }
    }

    #[test]
    fn gone_is_a_failure_like_any_other_where_it_switches_nothing_off() {
        let policy = Persistence { gone_ends: false, ..policy() };
        let error = AttemptError::Rejected(410);
        let terms = |number| Terms {
            turn: Turn::Scheduled(number),
            ended: ENDED,
            policy: &policy,
            deadline: Timestamp::MAX,
            random: 0.5,
        };
        let after = |number| follows(&Outcome::Refused { error: &error, retry_after: None }, &terms(number));
        assert_eq!(after(1), waiting(5, 2));
        assert_eq!(after(3), Follows::Settled(Settlement::Failed(FailureReason::AttemptsUsedUp)));
    }

    #[test]
    fn a_manual_attempt_settles_on_success_and_changes_nothing_otherwise() {
        let turn = Turn::Manual { id: AttemptId::from_bytes([1; 16]), number: 2 };
        assert_eq!(after(&AttemptError::Rejected(410), turn, None, Timestamp::MAX), Follows::Unchanged);
        let policy = policy();
        let terms = Terms { turn, ended: ENDED, policy: &policy, deadline: Timestamp::MAX, random: 0.0 };
        assert_eq!(follows(&Outcome::Taken, &terms), Follows::Settled(Settlement::Success));
    }
}
