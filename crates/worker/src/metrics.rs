//! What becomes of deliveries here.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::attempt::AttemptError;
use fanfare_domain::delivery::{FailureReason, Lane, Settlement};
use fanfare_domain::journal::Follows;
use fanfare_ports::metrics::meter;
use fanfare_ports::queue::Consumer;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundCounter, BoundHistogram, Counter, Histogram};
use tokio::sync::Semaphore;

/// Bounds for what takes part of a second, and at most as long as a receiver may take.
const ATTEMPT_SECONDS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0];
/// Bounds from a millisecond to the days over which a delivery may be retried.
const DELIVERY_SECONDS: [f64; 20] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 300.0, 1_800.0, 7_200.0,
    28_800.0, 86_400.0, 345_600.0,
];

/// Why a delivery is put off without having been attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PutOff {
    /// Its webhook has as much in flight as it can take, or as its rate limit allows: it waits in the webhook's own queue.
    WebhookBusy,
    /// The process has as much in flight as it can take.
    ProcessBusy,
    /// Its webhook, payload or secret cannot be had at the moment.
    Undecided,
    /// It is in the air for so long that an entry in the schedule answers for it meanwhile.
    InTheAir,
}

impl PutOff {
    const ALL: [Self; 4] = [Self::WebhookBusy, Self::ProcessBusy, Self::Undecided, Self::InTheAir];

    const fn name(self) -> &'static str {
        match self {
            Self::WebhookBusy => "webhook_busy",
            Self::ProcessBusy => "process_busy",
            Self::Undecided => "undecided",
            Self::InTheAir => "in_the_air",
        }
    }
}

pub(crate) struct Metrics {
    attempts: Counter<u64>,
    /// Those that delivered, as nearly all do.
    delivering: BoundCounter<u64>,
    delivering_duration: BoundHistogram<f64>,
    failing_duration: BoundHistogram<f64>,
    delivered: Counter<u64>,
    retried: Counter<u64>,
    exhausted: Counter<u64>,
    cancelled: Counter<u64>,
    parked: Counter<u64>,
    to_first_attempt: [(Lane, BoundHistogram<f64>); Lane::ALL.len()],
    to_delivered: Histogram<f64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let attempts = counter("fanfare.attempts", "{attempt}", "Attempts that were made, by what came of them.");
        let duration = seconds(
            "fanfare.attempt.duration",
            "How long attempts took, from making the request to the end of the answer.",
            &ATTEMPT_SECONDS,
        );
        let to_first_attempt = seconds(
            "fanfare.accept_to_first_attempt",
            "From accepting an event to the start of a delivery's first attempt, by the lane that it came in: fresh; \
             bulk where its tenant is above its share; retry where it had been parked. Replays do not count.",
            &DELIVERY_SECONDS,
        );
        let metrics = Self {
            delivering: attempts.bind(&[outcome(DELIVERED)]),
            delivering_duration: duration.bind(&[outcome(DELIVERED)]),
            failing_duration: duration.bind(&[outcome("failed")]),
            to_first_attempt: Lane::ALL
                .map(|lane| (lane, to_first_attempt.bind(&[KeyValue::new("lane", lane.name())]))),
            attempts,
            delivered: deliveries("delivered", "Deliveries that a receiver took."),
            retried: deliveries("retried", "Failed attempts after which the delivery waits for another."),
            exhausted: deliveries("exhausted", "Deliveries that were given up, by why; no attempt follows."),
            cancelled: deliveries("cancelled", "Deliveries that ended because their webhook was deleted."),
            parked: deliveries(
                "parked",
                "Times that a delivery was put off without using up an attempt, by why. Only webhook_busy waits in the \
                 webhook's own queue.",
            ),
            to_delivered: seconds(
                "fanfare.accept_to_delivered",
                "From accepting an event to the end of the attempt that delivered it. Replays and attempts by hand do not count.",
                &DELIVERY_SECONDS,
            ),
        };
        metrics.begin();
        metrics
    }

    /// Shows what has not happened yet as zero, so that the first time is seen as a rise.
    fn begin(&self) {
        for name in OUTCOMES {
            self.attempts.add(0, &[outcome(name)]);
        }
        for reason in REASONS {
            self.exhausted.add(0, &[reason_label(reason)]);
        }
        for why in PutOff::ALL {
            self.parked.add(0, &[KeyValue::new("reason", why.name())]);
        }
        for counter in [&self.delivered, &self.retried, &self.cancelled] {
            counter.add(0, &[]);
        }
    }

    /// A delivery's first attempt began so long after its event was accepted.
    pub(crate) fn first_attempt(&self, after: Duration, by: Consumer) {
        let of_lane = self.to_first_attempt.iter().find(|(lane, _)| by == Consumer::Worker(*lane));
        if let Some((_, histogram)) = of_lane {
            histogram.record(after.as_secs_f64());
        }
    }

    /// An attempt was made.
    pub(crate) fn attempted(&self, took: Duration, error: Option<&AttemptError>) {
        match error {
            None => {
                self.delivering.add(1);
                self.delivering_duration.record(took.as_secs_f64());
            }
            Some(error) => {
                self.attempts.add(1, &[outcome(error.kind())]);
                self.failing_duration.record(took.as_secs_f64());
            }
        }
    }

    /// An event was delivered so long after it was accepted.
    pub(crate) fn delivered(&self, after: Duration) {
        self.to_delivered.record(after.as_secs_f64(), &[]);
    }

    /// This follows for a delivery.
    pub(crate) fn follows(&self, follows: Follows) {
        match follows {
            Follows::Settled(Settlement::Success) => self.delivered.add(1, &[]),
            Follows::Settled(Settlement::Failed(reason)) => self.exhausted.add(1, &[reason_label(reason)]),
            Follows::Settled(Settlement::Cancelled) => self.cancelled.add(1, &[]),
            Follows::Waiting { .. } => self.retried.add(1, &[]),
            Follows::Unchanged => {}
        }
    }

    /// A delivery was put off.
    pub(crate) fn put_off(&self, why: PutOff) {
        self.parked.add(1, &[KeyValue::new("reason", why.name())]);
    }
}

/// Tells how many of `places` for attempts are taken.
pub(crate) fn tell_in_flight(places: &Arc<Semaphore>, all: usize) {
    let places = Arc::clone(places);
    let _taken = meter()
        .i64_observable_up_down_counter("fanfare.attempts.in_flight")
        .with_unit("{attempt}")
        .with_description(
            "Attempts that are in the air or not on record yet. Those that somebody asked for do not count.",
        )
        .with_callback(move |told| {
            let taken = all.saturating_sub(places.available_permits());
            told.observe(i64::try_from(taken).unwrap_or(i64::MAX), &[]);
        })
        .build();
    let _most = meter()
        .i64_observable_up_down_counter("fanfare.attempts.limit")
        .with_unit("{attempt}")
        .with_description("Most attempts that may be in the air or not on record yet.")
        .with_callback(move |told| told.observe(i64::try_from(all).unwrap_or(i64::MAX), &[]))
        .build();
}

fn counter(name: &'static str, unit: &'static str, description: &'static str) -> Counter<u64> {
    meter().u64_counter(name).with_unit(unit).with_description(description).build()
}

fn deliveries(what: &str, description: &'static str) -> Counter<u64> {
    let name = format!("fanfare.deliveries.{what}");
    meter().u64_counter(name).with_unit("{delivery}").with_description(description).build()
}

fn seconds(name: &'static str, description: &'static str, bounds: &[f64]) -> Histogram<f64> {
    let bounds = bounds.to_vec();
    meter().f64_histogram(name).with_unit("s").with_description(description).with_boundaries(bounds).build()
}

const DELIVERED: &str = "delivered";

fn outcome(name: &'static str) -> KeyValue {
    KeyValue::new("outcome", name)
}

/// All outcomes of attempts.
const OUTCOMES: [&str; 12] = [
    DELIVERED,
    "dns",
    "connect",
    "tls",
    "timed_out",
    "address_not_allowed",
    "http",
    "rejected_3xx",
    "rejected_4xx",
    "rejected_5xx",
    "rejected_other",
    "credentials",
];

const REASONS: [FailureReason; 6] = [
    FailureReason::AttemptsUsedUp,
    FailureReason::Gone,
    FailureReason::AddressNotAllowed,
    FailureReason::WebhookInactive,
    FailureReason::Expired,
    FailureReason::PayloadGone,
];

const fn reason(reason: FailureReason) -> &'static str {
    match reason {
        FailureReason::AttemptsUsedUp => "attempts_used_up",
        FailureReason::Gone => "gone",
        FailureReason::AddressNotAllowed => "address_not_allowed",
        FailureReason::WebhookInactive => "webhook_inactive",
        FailureReason::Expired => "expired",
        FailureReason::PayloadGone => "payload_gone",
    }
}

fn reason_label(why: FailureReason) -> KeyValue {
    KeyValue::new("reason", reason(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_begins_at_zero() {
        let text = String::new;
        let errors = [
            AttemptError::Dns(text()),
            AttemptError::Connect(text()),
            AttemptError::Tls(text()),
            AttemptError::TimedOut(Duration::ZERO),
            AttemptError::AddressNotAllowed(text()),
            AttemptError::Http(text()),
            AttemptError::Rejected(302),
            AttemptError::Rejected(404),
            AttemptError::Rejected(503),
            AttemptError::Rejected(204),
            AttemptError::Credentials(text()),
        ];
        assert_eq!(errors.each_ref().map(AttemptError::kind), OUTCOMES[1..]);
    }
}
