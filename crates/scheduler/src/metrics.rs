//! What becomes of what waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fanfare_domain::delivery::Lane;
use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::metrics::meter;
use fanfare_ports::schedule::Claimed;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Counter;

/// Counts of one process.
pub(crate) struct Metrics {
    applied: Counter<u64>,
    released: Counter<u64>,
    rebuilds: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let counter =
            |name, unit, description| meter().u64_counter(name).with_unit(unit).with_description(description).build();
        let metrics = Self {
            applied: counter(
                "fanfare.schedule.applied",
                "{change}",
                "Changes of what waits that the schedule was told.",
            ),
            released: counter(
                "fanfare.deliveries.released",
                "{delivery}",
                "Deliveries that had waited and went back to the workers, by their lane.",
            ),
            rebuilds: counter(
                "fanfare.schedule.rebuilds",
                "{rebuild}",
                "Times that the schedule had lost what it had, so that the journal is read from its beginning.",
            ),
        };
        metrics.applied.add(0, &[]);
        metrics.rebuilds.add(0, &[]);
        metrics.released(Lane::Retry, 0);
        metrics.released(Lane::Bulk, 0);
        metrics
    }

    pub(crate) fn applied(&self, changes: usize) {
        self.applied.add(changes as u64, &[]);
    }

    pub(crate) fn released(&self, lane: Lane, deliveries: usize) {
        self.released.add(deliveries as u64, &[KeyValue::new("lane", lane.name())]);
    }

    pub(crate) fn rebuild(&self) {
        self.rebuilds.add(1, &[]);
    }
}

/// Since when something has been due that is not released, as far as the dispatcher of this process was told: of what falls
/// due, it learns the time in advance. So this costs no question of its own, and goes on growing while none is answered.
#[derive(Clone)]
pub(crate) struct Due(Arc<AtomicI64>);

/// Nothing will be due.
const NEVER: i64 = i64::MAX;

impl Due {
    /// Tells the age of what is due.
    pub(crate) fn told(clock: SharedClock) -> Self {
        let due = Self(Arc::new(AtomicI64::new(NEVER)));
        let asked = due.clone();
        let _age = meter()
            .f64_observable_gauge("fanfare.schedule.oldest_due_age")
            .with_unit("s")
            .with_description(
                "For how long the oldest entry has been due that is not released yet; 0 if none is. What its webhook's rate \
                 limit holds back is not due. Several schedulers tell of one schedule: take the highest.",
            )
            .with_callback(move |gauge| gauge.observe(asked.age(clock.now()), &[]))
            .build();
        due
    }

    /// Something has been due since `due`, by our clock, or will be; `None` if nothing will.
    pub(crate) fn set(&self, due: Option<Timestamp>) {
        self.0.store(due.map_or(NEVER, Timestamp::as_millis), Ordering::Relaxed);
    }

    /// In seconds.
    fn age(&self, now: Timestamp) -> f64 {
        let since = self.0.load(Ordering::Relaxed);
        if since == NEVER { 0.0 } else { now.since(Timestamp::from_millis(since)).as_secs_f64() }
    }
}

/// What is due once everything in `claimed` is released, by our clock, which showed `now` when it was answered: the next entry;
/// or, where there may have been more than could be claimed at once, one as old as the newest that was.
pub(crate) fn due_after(claimed: &Claimed, limit: usize, now: Timestamp) -> Option<Timestamp> {
    let due = match claimed.claims.last() {
        Some(newest) if claimed.claims.len() >= limit => Some(newest.due),
        _ => claimed.next,
    };
    by_our_clock(due, claimed, now)
}

/// What is due as long as what was claimed is not released.
pub(crate) fn due_before(claimed: &Claimed, now: Timestamp) -> Option<Timestamp> {
    by_our_clock(claimed.claims.first().map(|oldest| oldest.due), claimed, now)
}

/// A time of the schedule's clock.
fn by_our_clock(time: Option<Timestamp>, claimed: &Claimed, now: Timestamp) -> Option<Timestamp> {
    let offset = now.as_millis().saturating_sub(claimed.now.as_millis());
    time.map(|time| Timestamp::from_millis(time.as_millis().saturating_add(offset)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fanfare_domain::delivery::DeliveryRef;
    use fanfare_ports::clock::{Clock as _, ManualClock};
    use fanfare_ports::schedule::Claim;

    use super::*;

    const fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn claim(due: i64) -> Claim {
        let mut bytes = [7; 51];
        bytes[0] = 1;
        let delivery = DeliveryRef::from_bytes(&bytes).expect("a reference as it is stored");
        Claim { delivery, attempt: 2, due: at(due), parked: false, until: at(200) }
    }

    fn claimed(dues: &[i64], next: Option<i64>) -> Claimed {
        // Its clock is ten seconds ahead of ours.
        Claimed {
            claims: dues.iter().copied().map(claim).collect(),
            next: next.map(at),
            now: at(110),
            ..Claimed::default()
        }
    }

    #[test]
    fn what_is_due_next_is_told_by_our_clock() {
        assert_eq!(due_after(&claimed(&[], None), 2, at(100)), None);
        assert_eq!(due_after(&claimed(&[], Some(130)), 2, at(100)), Some(at(120)));
        assert_eq!(due_after(&claimed(&[105], Some(130)), 2, at(100)), Some(at(120)), "that was all that is due");
        assert_eq!(due_after(&claimed(&[105, 107], Some(130)), 2, at(100)), Some(at(97)), "there may be more");
        assert_eq!(due_before(&claimed(&[105, 107], Some(130)), at(100)), Some(at(95)));
    }

    #[test]
    fn the_age_is_zero_until_something_is_due_and_grows_from_then() {
        let clock = ManualClock::at(at(100));
        let due = Due::told(Arc::new(clock.clone()));
        let age = || due.age(clock.now());
        assert_eq!(age(), 0.0);
        due.set(Some(at(103)));
        assert_eq!(age(), 0.0);
        clock.advance(Duration::from_secs(5));
        assert_eq!(age(), 2.0);
        due.set(None);
        assert_eq!(age(), 0.0);
    }
}
