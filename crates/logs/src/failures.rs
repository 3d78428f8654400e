//! What a batch of journal records says against webhooks, beside what the store counts.

use std::collections::HashMap;

use fanfare_domain::attempt::Attempt;
use fanfare_domain::delivery::{FailureReason, Settlement};
use fanfare_domain::health::Facts;
use fanfare_domain::ids::WebhookId;
use fanfare_domain::journal::{Attempted, Follows, JournalRecord};
use fanfare_domain::time::Timestamp;
use fanfare_ports::store::WebhookHealth;

const GONE: u16 = 410;

/// Failed attempts of one webhook in a batch.
#[derive(Clone, Copy, Debug, Default)]
struct Failures<'a> {
    newest: Option<&'a Attempt>,
    newest_gone: Option<Timestamp>,
    newest_exhausted: Option<Timestamp>,
}

/// Failed attempts that count for health, by webhook.
#[derive(Debug, Default)]
pub(crate) struct BatchFailures<'a>(HashMap<WebhookId, Failures<'a>>);

impl<'a> BatchFailures<'a> {
    /// Gathers what `records` say.
    pub(crate) fn of(records: &'a [JournalRecord]) -> Self {
        let mut failures = Self::default();
        for record in records {
            if let JournalRecord::Attempted(attempted) = record {
                failures.add(attempted);
            }
        }
        failures
    }

    fn add(&mut self, attempted: &'a Attempted) {
        let Some(attempt) = attempted.attempt.as_ref().filter(|attempt| !attempt.succeeded()) else { return };
        if !attempted.counts_for_health || attempted.late {
            return;
        }
        let started = Some(attempt.started);
        let failures = self.0.entry(attempted.delivery.webhook).or_default();
        if started > failures.newest.map(|newest| newest.started) {
            failures.newest = Some(attempt);
        }
        if attempt.status == Some(GONE) {
            failures.newest_gone = failures.newest_gone.max(started);
        }
        if attempted.follows == Follows::Settled(Settlement::Failed(FailureReason::AttemptsUsedUp)) {
            failures.newest_exhausted = failures.newest_exhausted.max(started);
        }
    }

    /// The webhook's newest failed attempt in the batch.
    pub(crate) fn newest(&self, webhook: WebhookId) -> Option<&'a Attempt> {
        self.0.get(&webhook)?.newest
    }

    /// The facts about a webhook whose health after the batch is `health`. Only what started at or after `since` counts; what the
    /// store counted from an earlier time is out of date.
    pub(crate) fn facts(&self, health: &WebhookHealth, since: Timestamp) -> Facts {
        let failures = self.0.get(&health.webhook).copied().unwrap_or_default();
        let counts = |started: Option<Timestamp>| started.is_some_and(|started| started >= since);
        let counted = if counts(health.first_failure_at) { Facts::from(health) } else { Facts::default() };
        Facts { gone: counts(failures.newest_gone), delivery_exhausted: counts(failures.newest_exhausted), ..counted }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use fanfare_domain::delivery::{DeliveryRef, Position};
    use fanfare_domain::header_list::HeaderList;
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
                request_headers: HeaderList::default(),
                response_headers: HeaderList::default(),
                response_body: Bytes::new(),
            }),
            follows,
            waited: false,
            late: false,
            counts_for_health: true,
        }))
    }

    /// Three failures in a row, the first of them at `first_second`.
    fn health(first_second: i64) -> WebhookHealth {
        WebhookHealth {
            tenant: TenantNumber::new(1),
            webhook: WEBHOOK,
            consecutive_failures: 3,
            first_failure_at: Some(second(first_second)),
            last_failure_at: Some(second(10)),
            last_success_at: None,
        }
    }

    const fn second(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    #[test]
    fn a_410_counts_unless_the_webhook_began_afresh_after_it() {
        let records = [failed_at(10, 410, Follows::Unchanged), failed_at(11, 500, Follows::Unchanged)];
        let failures = BatchFailures::of(&records);
        assert!(failures.facts(&health(9), second(0)).gone);
        assert!(!failures.facts(&health(9), second(11)).gone, "it was enabled again since");
        assert_eq!(failures.newest(WEBHOOK).map(|attempt| attempt.status), Some(Some(500)));
    }

    #[test]
    fn a_used_up_delivery_is_told_apart_from_a_failed_attempt() {
        let used_up = Follows::Settled(Settlement::Failed(FailureReason::AttemptsUsedUp));
        for (follows, expected) in [(used_up, true), (Follows::Unchanged, false)] {
            let records = [failed_at(10, 500, follows)];
            let facts = BatchFailures::of(&records).facts(&health(9), second(0));
            assert_eq!((facts.delivery_exhausted, facts.gone), (expected, false));
        }
    }

    #[test]
    fn what_was_counted_before_the_webhook_began_afresh_is_out_of_date() {
        let records = [failed_at(10, 500, Follows::Unchanged)];
        let failures = BatchFailures::of(&records);
        assert_eq!(failures.facts(&health(9), second(9)).consecutive_failures, 3);
        assert_eq!(failures.facts(&health(8), second(9)).consecutive_failures, 0);
    }

    #[test]
    fn pings_tests_and_late_attempts_say_nothing() {
        let said = |change: fn(&mut Attempted)| {
            let JournalRecord::Attempted(mut attempted) = failed_at(10, 410, Follows::Unchanged) else {
                panic!("it is an attempt")
            };
            change(&mut attempted);
            let records = [JournalRecord::Attempted(attempted)];
            BatchFailures::of(&records).facts(&health(9), second(0)).gone
        };
        assert!(said(|_| {}));
        assert!(!said(|ping| ping.counts_for_health = false));
        assert!(!said(|late| late.late = true));
    }
}
