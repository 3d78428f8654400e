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
