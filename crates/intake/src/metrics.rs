//! What becomes of events on their way in.

use fanfare_ports::metrics::{COUNTS, meter};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram};

use crate::accepting::Accepted;
use crate::error::{IntakeError, Unavailability};

pub(crate) struct Metrics {
    accepted: Counter<u64>,
    batch: Histogram<u64>,
    repeated: Counter<u64>,
    refused: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let counter =
            |name, description| meter().u64_counter(name).with_unit("{event}").with_description(description).build();
        let metrics = Self {
            accepted: counter("fanfare.events.accepted", "Events that were stored, synced to the queue's disk."),
            batch: meter()
                .u64_histogram("fanfare.accept.batch")
                .with_unit("{event}")
                .with_description("Events that were stored together.")
                .with_boundaries(COUNTS.to_vec())
                .build(),
            repeated: counter(
                "fanfare.events.repeated",
                "Published events whose id had been accepted before, so that nothing was added.",
            ),
            refused: counter(
                "fanfare.events.refused",
                "Published events that were not answered as accepted, by what the publisher was told. One that the queue \
                 stores after that counts as accepted, too.",
            ),
        };
        metrics.accepted.add(0, &[]);
        metrics.repeated.add(0, &[]);
        for reason in REASONS {
            metrics.refused.add(0, &[KeyValue::new("reason", reason)]);
        }
        metrics
    }

    /// So many events were stored together.
    pub(crate) fn stored(&self, events: usize) {
        if events > 0 {
            self.accepted.add(events as u64, &[]);
            self.batch.record(events as u64, &[]);
        }
    }

    /// Publishers were told this.
    pub(crate) fn answered(&self, answers: &[Result<Accepted, IntakeError>]) {
        let repeated = answers.iter().flatten().filter(|accepted| accepted.duplicate).count();
        if repeated > 0 {
            self.repeated.add(repeated as u64, &[]);
        }
        for error in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            self.refused.add(1, &[KeyValue::new("reason", reason(error))]);
        }
    }
}

const REASONS: [&str; 11] = [
    "invalid",
    "unknown_key",
    "denied",
    "unknown_tenant",
    "too_large",
    "over_quota",
    "directory_behind",
    "stream_full",
    "queue_silent",
    "ids_away",
    "id_under_way",
];

const fn reason(error: &IntakeError) -> &'static str {
    match error {
        IntakeError::Invalid { .. } => "invalid",
        IntakeError::UnknownKey => "unknown_key",
        IntakeError::Denied(_) => "denied",
        IntakeError::UnknownTenant(_) => "unknown_tenant",
        IntakeError::TooLarge { .. } => "too_large",
        IntakeError::OverQuota { .. } => "over_quota",
        IntakeError::Unavailable(Unavailability::Directory) => "directory_behind",
        IntakeError::Unavailable(Unavailability::Full) => "stream_full",
        IntakeError::Unavailable(Unavailability::Queue) => "queue_silent",
        IntakeError::Unavailable(Unavailability::Ids) => "ids_away",
        IntakeError::Unavailable(Unavailability::SameId) => "id_under_way",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_begins_at_zero() {
        use IntakeError::{Denied, Invalid, OverQuota, TooLarge, UnknownKey, UnknownTenant};
        let tenant = fanfare_domain::ids::TenantId::new("acme").expect("valid");
        let unavailable = [
            Unavailability::Directory,
            Unavailability::Full,
            Unavailability::Queue,
            Unavailability::Ids,
            Unavailability::SameId,
        ];
        let invalid = [
            Invalid { field: "type", detail: String::new() },
            UnknownKey,
            Denied(""),
            UnknownTenant(tenant),
            TooLarge { size: 2, limit: 1 },
            OverQuota { events_per_second: 1, retry_after: std::time::Duration::ZERO },
        ];
        let all = invalid.into_iter().chain(unavailable.map(IntakeError::Unavailable));
        assert_eq!(all.map(|error| reason(&error)).collect::<Vec<_>>(), REASONS);
    }
}
