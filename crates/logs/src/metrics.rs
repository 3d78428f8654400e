//! What was written down here.

use fanfare_domain::health::DisabledReason;
use fanfare_ports::metrics::{COUNTS, meter};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram};

pub(crate) struct Metrics {
    recorded: Counter<u64>,
    batch: Histogram<u64>,
    set_aside: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let metrics = Self {
            recorded: meter()
                .u64_counter("fanfare.journal.recorded")
                .with_unit("{record}")
                .with_description("Journal records that were written down, and so can be seen by callers.")
                .build(),
            batch: meter()
                .u64_histogram("fanfare.journal.batch")
                .with_unit("{record}")
                .with_description("Journal records that were written down together.")
                .with_boundaries(COUNTS.to_vec())
                .build(),
            set_aside: meter()
                .u64_counter("fanfare.journal.set_aside")
                .with_unit("{record}")
                .with_description(
                    "Journal records that the database would not hold; they lie beside it, with the reason.",
                )
                .build(),
        };
        metrics.recorded.add(0, &[]);
        metrics.set_aside.add(0, &[]);
        metrics
    }

    /// So many records could not be written.
    pub(crate) fn set_aside(&self, records: u64) {
        self.set_aside.add(records, &[]);
    }

    /// So many records were written together.
    pub(crate) fn recorded(&self, records: usize) {
        if records > 0 {
            self.recorded.add(records as u64, &[]);
            self.batch.record(records as u64, &[]);
        }
    }
}

/// Webhooks that a rule switches off.
pub(crate) struct Disablings(Counter<u64>);

impl Disablings {
    pub(crate) fn new() -> Self {
        let disabled = meter()
            .u64_counter("fanfare.webhooks.disabled")
            .with_unit("{webhook}")
            .with_description("Webhooks that were switched off because their disable rule was met, by what it says.")
            .build();
        for reason in DisabledReason::ALL {
            disabled.add(0, &[label(reason)]);
        }
        Self(disabled)
    }

    /// One was switched off.
    pub(crate) fn note(&self, reason: DisabledReason) {
        self.0.add(1, &[label(reason)]);
    }
}

fn label(reason: DisabledReason) -> KeyValue {
    KeyValue::new("reason", reason.as_str())
}
