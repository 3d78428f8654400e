//! What a batch of journal records says about webhooks' disable rules.

use std::collections::HashMap;

use fanfare_domain::delivery::{FailureReason, Settlement};
use fanfare_domain::health::Facts;
use fanfare_domain::ids::WebhookId;
use fanfare_domain::journal::{Attempted, Follows, JournalRecord};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::WebhookHealth;

const GONE: u16 = 410;

/// When, in a batch, attempts of one webhook failed, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Failures {
    newest: Option<Timestamp>,
    newest_gone: Option<Timestamp>,
    newest_exhausted: Option<Timestamp>,
}

/// Failed attempts that count for health, by webhook.
#[derive(Debug, Default)]
pub(crate) struct BatchFailures(HashMap<WebhookId, Failures>);

impl BatchFailures {
    /// Gathers what `records` say.
    pub(crate) fn of(records: &[JournalRecord]) -> Self {
        let mut failures = Self::default();
        for record in records {
            if let JournalRecord::Attempted(attempted) = record {
                failures.add(attempted);
            }
        }
        failures
    }

    fn add(&mut self, attempted: &Attempted) {
        let Some(attempt) = attempted.attempt.as_ref().filter(|attempt| !attempt.succeeded()) else { return };
        if !attempted.counts_for_health {
            return;
        }
        let started = Some(attempt.started);
        let failures = self.0.entry(attempted.delivery.webhook).or_default();
        failures.newest = failures.newest.max(started);
        if attempt.status == Some(GONE) {
            failures.newest_gone = failures.newest_gone.max(started);
        }
        let used_up = Follows::Settled(Settlement::Failed(FailureReason::AttemptsUsedUp));
        if attempted.follows == used_up && !attempted.late {
            failures.newest_exhausted = failures.newest_exhausted.max(started);
        }
    }

    /// The facts about a webhook whose health after the batch is `health`; `None` if nothing in the batch speaks against it.
    /// Only what started at or after `since` and after the last success counts.
    pub(crate) fn facts(&self, health: &WebhookHealth, since: Timestamp) -> Option<Facts> {
        let failures = self.0.get(&health.webhook)?;
        let counts = |started: Option<Timestamp>| {
            started.is_some_and(|started| {
                started >= since && health.last_success_at.is_none_or(|success| started > success)
            })
        };
        Some(Facts {
            consecutive_failures: health.consecutive_failures,
            first_failure_at: health.first_failure_at,
            last_success_at: health.last_success_at,
            last_failure_at: failures.newest?,
            gone: counts(failures.newest_gone),
            delivery_exhausted: counts(failures.newest_exhausted),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use fanfare_domain::attempt::Attempt;
    use fanfare_domain::delivery::{DeliveryRef, Position};
    use fanfare_domain::ids::{AttemptId, DeliveryId, Run, TenantNumber};

    use super::*;

    const WEBHOOK: WebhookId = WebhookId::from_bytes([1; 16]);

    fn failed_at(second: i64, status: u16, follows: Follows) -> JournalRecord {
        let delivery = DeliveryRef::from_parts(
            DeliveryId::from_bytes([2; 16]),
            TenantNumber::new(1),
            WEBHOOK,
            Position::default(),
            Timestamp::from_millis(0),
            Run::First,
        );
        JournalRecord::Attempted(Box::new(Attempted {
            delivery,
            event: None,
            event_type: None,
            attempt: Some(Attempt {
                id: AttemptId::from_bytes([3; 16]),
                number: 1,
                manual: false,
                started: Timestamp::from_millis(second * 1000),
                duration: Duration::ZERO,
                status: Some(status),
                error: Some(format!("answered {status}")),
                request_headers: Vec::new(),
                response_headers: Vec::new(),
                response_body: Bytes::new(),
            }),
            follows,
            waited: false,
            late: false,
            counts_for_health: true,
        }))
    }

    fn health(last_success_second: Option<i64>) -> WebhookHealth {
        WebhookHealth {
            tenant: TenantNumber::new(1),
            webhook: WEBHOOK,
            consecutive_failures: 1,
            first_failure_at: None,
            last_success_at: last_success_second.map(|second| Timestamp::from_millis(second * 1000)),
        }
    }

    #[test]
    fn a_410_counts_until_a_success_or_a_fresh_start_after_it() {
        let failures = BatchFailures::of(&[failed_at(10, 410, Follows::Unchanged)]);
        let gone = |success, since: i64| {
            failures.facts(&health(success), Timestamp::from_millis(since * 1000)).is_some_and(|facts| facts.gone)
        };
        assert!(gone(None, 0));
        assert!(gone(Some(9), 0));
        assert!(!gone(Some(11), 0), "it has succeeded since");
        assert!(!gone(None, 11), "it was enabled again since");
    }

    #[test]
    fn a_used_up_delivery_is_told_apart_from_a_failed_attempt() {
        let used_up = Follows::Settled(Settlement::Failed(FailureReason::AttemptsUsedUp));
        for (follows, expected) in [(used_up, true), (Follows::Unchanged, false)] {
            let failures = BatchFailures::of(&[failed_at(10, 500, follows)]);
            let facts = failures.facts(&health(None), Timestamp::from_millis(0)).expect("it failed");
            assert_eq!(facts.delivery_exhausted, expected);
            assert!(!facts.gone);
        }
    }

    #[test]
    fn pings_and_tests_say_nothing() {
        let JournalRecord::Attempted(mut ping) = failed_at(10, 410, Follows::Unchanged) else {
            panic!("it is an attempt")
        };
        ping.counts_for_health = false;
        let failures = BatchFailures::of(&[JournalRecord::Attempted(ping)]);
        assert_eq!(failures.facts(&health(None), Timestamp::from_millis(0)), None);
    }
}
