//! Figures that several crates tell in the same words. All go to the global meter, so whoever starts telemetry decides what
//! becomes of them; where nobody does, they cost next to nothing. `deploy/metrics.md` lists all figures that there are.

use std::time::Duration;

use opentelemetry::metrics::{BoundCounter, BoundHistogram, Meter};
use opentelemetry::{KeyValue, global};

use crate::queue::Topic;

/// What everything is told to.
#[must_use]
pub fn meter() -> Meter {
    global::meter("fanfare")
}

/// Bounds for how many records went together, up to a full pack and the batches of several.
pub const COUNTS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// How often a cache had what was looked up there.
#[derive(Clone, Debug)]
pub struct Lookups {
    hit: BoundCounter<u64>,
    miss: BoundCounter<u64>,
}

impl Lookups {
    /// In the cache that is called so.
    #[must_use]
    pub fn of(cache: &'static str) -> Self {
        let counter = meter()
            .u64_counter("fanfare.lookups")
            .with_unit("{lookup}")
            .with_description("What was looked up in a cache: a hit was there, a miss had to be read or made.")
            .build();
        let of = |result| counter.bind(&[KeyValue::new("cache", cache), KeyValue::new("result", result)]);
        let lookups = Self { hit: of("hit"), miss: of("miss") };
        lookups.hit.add(0);
        lookups.miss.add(0);
        lookups
    }

    /// Something was looked up, and was there or was not.
    pub fn note(&self, was_there: bool) {
        if was_there { &self.hit } else { &self.miss }.add(1);
    }
}

/// How a queue stores what is published to a topic.
#[derive(Clone, Debug)]
pub struct Publishing {
    pack: BoundHistogram<u64>,
    duration: BoundHistogram<f64>,
}

impl Publishing {
    /// To `topic`.
    #[must_use]
    pub fn to(topic: Topic) -> Self {
        const SECONDS: [f64; 12] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
        let pack = meter()
            .u64_histogram("fanfare.queue.pack")
            .with_unit("{record}")
            .with_description("Records that travelled in one message of the queue.")
            .with_boundaries(COUNTS.to_vec())
            .build();
        let duration = meter()
            .f64_histogram("fanfare.queue.publish.duration")
            .with_unit("s")
            .with_description("How long the queue took to store what was sent to it at once, synced, or to refuse it.")
            .with_boundaries(SECONDS.to_vec())
            .build();
        let topic = [KeyValue::new("topic", topic.name())];
        Self { pack: pack.bind(&topic), duration: duration.bind(&topic) }
    }

    /// A message of so many records was stored.
    pub fn packed(&self, records: usize) {
        self.pack.record(records as u64);
    }

    /// The queue answered after so long.
    pub fn answered(&self, after: Duration) {
        self.duration.record(after.as_secs_f64());
    }
}
