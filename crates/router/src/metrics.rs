//! What becomes of events here.

use fanfare_domain::delivery::Lane;
use fanfare_ports::metrics::{COUNTS, meter};
use fanfare_ports::queue::Topic;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram};

/// Where a delivery goes whose webhook has a rate limit.
const OWN_QUEUE: &str = "own_queue";

pub(crate) struct Metrics {
    routed: Counter<u64>,
    batch: Histogram<u64>,
    fanned_out: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let metrics = Self {
            routed: meter()
                .u64_counter("fanfare.events.routed")
                .with_unit("{event}")
                .with_description("Events whose deliveries are all stored; those that no webhook wants count, too.")
                .build(),
            batch: meter()
                .u64_histogram("fanfare.route.batch")
                .with_unit("{event}")
                .with_description("Events that were routed together.")
                .with_boundaries(COUNTS.to_vec())
                .build(),
            fanned_out: meter()
                .u64_counter("fanfare.deliveries.fanned_out")
                .with_unit("{delivery}")
                .with_description(
                    "Deliveries that were made of events, by where they wait for the first attempt: the workers' lane \
                     (bulk: the tenant is above its share), or their webhook's own queue, for its rate limit.",
                )
                .build(),
        };
        metrics.routed.add(0, &[]);
        for lane in [Lane::Fresh.name(), Lane::Bulk.name(), OWN_QUEUE] {
            metrics.fanned_out.add(0, &[KeyValue::new("lane", lane)]);
        }
        metrics
    }

    /// So many events were routed together.
    pub(crate) fn routed(&self, events: usize) {
        self.routed.add(events as u64, &[]);
        self.batch.record(events as u64, &[]);
    }

    /// So many records are stored in `topic`.
    pub(crate) fn stored(&self, topic: Topic, records: usize) {
        let lane = match topic {
            Topic::Deliveries(lane) => lane.name(),
            Topic::JournalSchedule => OWN_QUEUE,
            Topic::Events | Topic::JournalLog | Topic::DeadLetters => return,
        };
        self.fanned_out.add(records as u64, &[KeyValue::new("lane", lane)]);
    }
}
