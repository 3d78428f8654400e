//! Outcomes as a series without gaps.

use std::time::Duration;

use fanfare_domain::time::Timestamp;
use fanfare_ports::store::outcomes::{Outcome, Waiting};
use serde::Serialize;
use utoipa::ToSchema;

use super::Time;

/// What happened within a step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = StatsPoint)]
pub(super) struct Point {
    /// When the step begins.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Deliveries of events that were accepted in it.
    deliveries: u64,
    /// Deliveries that succeeded in it.
    delivered: u64,
    /// Deliveries that were given up in it.
    failed: u64,
    /// Attempts that started in it.
    attempts: u64,
    /// Those of them that failed.
    failed_attempts: u64,
    /// How long half of the attempts took at most.
    p50_ms: Option<f64>,
    /// How long 95 of 100 attempts took at most.
    p95_ms: Option<f64>,
    /// How long 99 of 100 attempts took at most.
    p99_ms: Option<f64>,
    /// Deliveries that waited when that was last noted within it.
    waiting: u64,
    /// How old the oldest of them was; `null` if nothing waited.
    oldest_waiting_seconds: Option<u64>,
}

/// A point for each step of `time` that has begun. What waits now belongs to the step that has not ended.
pub(super) fn points(time: &Time, outcomes: Vec<Outcome>, waiting: Waiting, now: Timestamp) -> Vec<Point> {
    let length = Duration::from_secs(time.span.seconds().into());
    let mut outcomes = outcomes.into_iter().peekable();
    let mut points = Vec::new();
    let mut at = time.since;
    while at < time.until && at <= now {
        let end = at.plus(length);
        let outcome = outcomes.next_if(|outcome| outcome.start == at);
        let noted = outcome.as_ref().map(|outcome| outcome.waiting).unwrap_or_default();
        let (waiting, until) = if now < end { (waiting, now) } else { (noted, end) };
        points.push(point(at, outcome, waiting, until));
        at = end;
    }
    points
}

fn point(at: Timestamp, outcome: Option<Outcome>, waiting: Waiting, until: Timestamp) -> Point {
    let counts = outcome.map(|outcome| outcome.counts).unwrap_or_default();
    let percentile = |share| counts.response_times.percentile(share).map(|ms| (ms * 10.0).round() / 10.0);
    Point {
        at,
        deliveries: counts.deliveries,
        delivered: counts.delivered,
        failed: counts.failed,
        attempts: counts.attempts,
        failed_attempts: counts.failed_attempts,
        p50_ms: percentile(0.5),
        p95_ms: percentile(0.95),
        p99_ms: percentile(0.99),
        waiting: waiting.deliveries,
        oldest_waiting_seconds: waiting.oldest.map(|oldest| until.since(oldest).as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use fanfare_ports::store::outcomes::{Counts, Span};

    use super::*;

    #[test]
    fn a_series_has_no_gaps_and_ends_now() {
        let minute = |number: i64| Timestamp::from_millis(number * 60_000);
        let time = Time { span: Span::Minute, since: minute(0), until: minute(10) };
        let counts = Counts { deliveries: 3, ..Counts::default() };
        let oldest = Some(minute(1));
        let happened = Outcome { start: minute(1), counts, waiting: Waiting { deliveries: 2, oldest } };
        let now = minute(3).plus(Duration::from_secs(30));
        let points = points(&time, vec![happened], Waiting { deliveries: 1, oldest }, now);
        let told: Vec<_> =
            points.iter().map(|point| (point.deliveries, point.waiting, point.oldest_waiting_seconds)).collect();
        assert_eq!(told, [(0, 0, None), (3, 2, Some(60)), (0, 0, None), (0, 1, Some(150))]);
        assert_eq!(points[1].at, minute(1));
        assert_eq!(points[1].p50_ms, None);
    }
}
