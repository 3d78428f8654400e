//! What is known of each event and delivery of a run: tables of fixed size, which publisher and receiver fill as they go.

use std::ops::Range;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An attempt that comes so much before its time is a repeat.
const TOLERANCE_US: u64 = 2_000;

/// Which webhooks an event goes to. Webhooks are numbered over all tenants.
#[derive(Clone, Debug)]
pub(crate) enum Route {
    /// To all of the one tenant.
    Everyone(usize),
    /// To one after the other of the one tenant.
    InTurn(usize),
    /// To all of its tenant, of which each has `webhooks`; `of` tells whose each event is.
    Tenants { webhooks: usize, of: Arc<[u16]> },
}

impl Route {
    /// Deliveries of an event.
    pub(crate) const fn slots(&self) -> usize {
        match self {
            Self::Everyone(webhooks) | Self::Tenants { webhooks, .. } => *webhooks,
            Self::InTurn(_) => 1,
        }
    }

    pub(crate) fn tenant(&self, event: usize) -> usize {
        match self {
            Self::Tenants { of, .. } => of.get(event).copied().unwrap_or_default().into(),
            Self::Everyone(_) | Self::InTurn(_) => 0,
        }
    }

    /// The webhook that delivery `slot` of an event goes to.
    pub(crate) fn webhook(&self, event: usize, slot: usize) -> usize {
        match self {
            Self::Everyone(_) => slot,
            Self::InTurn(webhooks) => event % webhooks,
            Self::Tenants { webhooks, .. } => self.tenant(event) * webhooks + slot,
        }
    }
}

/// How a receiver answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Manner {
    /// 200.
    Takes,
    /// Not at all.
    Hangs,
    /// 500; the delays before each further attempt are these.
    Fails(Vec<Duration>),
    /// 503 and a time to come again, once; then 200.
    Postpones(Spread),
}

/// Events are to come again at `per_second`, the first `after` the run's beginning, in another order than that in which they
/// were published: as jitter and different delays do it, those that come together again lie far apart in the stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) after: Duration,
    pub(crate) per_second: f64,
    /// How many events there are.
    pub(crate) events: usize,
}

/// What an attempt is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Taken,
    Failed,
    /// Again in so many seconds.
    Postponed(u64),
    Nothing,
}

#[derive(Debug, Default)]
struct EventTimes {
    sent: AtomicU64,
    accepted: AtomicU64,
}

#[derive(Debug, Default)]
struct DeliveryTimes {
    first: AtomicU64,
    taken: AtomicU64,
    /// When the next attempt is to come.
    due: AtomicU64,
    attempts: AtomicU8,
}

/// Counted as it happens.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) accepted: AtomicU64,
    /// Deliveries that were taken.
    pub(crate) taken: AtomicU64,
    /// Attempts that were not answered with 200.
    pub(crate) refused: AtomicU64,
    /// Attempts of what was taken already, or before their time.
    pub(crate) repeats: AtomicU64,
    /// Events that were sent again because they were refused for now.
    pub(crate) sent_again: AtomicU64,
    /// Posts to the wrong webhook, and what is no event of the benchmark.
    pub(crate) strays: AtomicU64,
    pub(crate) signatures: AtomicU64,
    pub(crate) bad_signatures: AtomicU64,
    first_taken: AtomicU64,
    last_taken: AtomicU64,
    last_accepted: AtomicU64,
}

/// A run's record. Times are microseconds since it began; 0 is "not yet".
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) run: u64,
    began: Instant,
    pub(crate) route: Route,
    /// By webhook.
    manners: Arc<[Manner]>,
    events: Box<[EventTimes]>,
    deliveries: Box<[DeliveryTimes]>,
    pub(crate) counts: Counts,
    /// How late further attempts were.
    late: Mutex<Vec<u64>>,
}

impl Book {
    pub(crate) fn new(run: u64, events: usize, route: Route, manners: Arc<[Manner]>) -> Arc<Self> {
        let deliveries = events * route.slots();
        Arc::new(Self {
            run,
            began: Instant::now(),
            route,
            manners,
            events: (0..events).map(|_| EventTimes::default()).collect(),
            deliveries: (0..deliveries).map(|_| DeliveryTimes::default()).collect(),
            counts: Counts::default(),
            late: Mutex::default(),
        })
    }

    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
    }

    pub(crate) const fn events(&self) -> usize {
        self.events.len()
    }

    /// Notes that an event is being sent.
    pub(crate) fn sent(&self, event: usize) {
        if let Some(times) = self.events.get(event) {
            let _ = times.sent.compare_exchange(0, self.now(), Relaxed, Relaxed);
        }
    }

    /// Notes that an event was accepted.
    pub(crate) fn accepted(&self, event: usize) {
        if let Some(times) = self.events.get(event) {
            let now = self.now();
            times.accepted.store(now, Relaxed);
            self.counts.accepted.fetch_add(1, Relaxed);
            self.counts.last_accepted.fetch_max(now, Relaxed);
        }
    }

    /// Notes an attempt, and says how it is answered.
    pub(crate) fn arrived(&self, event: usize, slot: usize, webhook: usize) -> Reply {
        let now = self.now();
        let place = event * self.route.slots() + slot;
        let known = slot < self.route.slots() && self.route.webhook(event, slot) == webhook;
        let (Some(delivery), Some(manner), true) = (self.deliveries.get(place), self.manners.get(webhook), known)
        else {
            self.counts.strays.fetch_add(1, Relaxed);
            return Reply::Taken;
        };
        let _ = delivery.first.compare_exchange(0, now, Relaxed, Relaxed);
        let before = usize::from(delivery.attempts.fetch_add(1, Relaxed));
        let due = delivery.due.swap(0, Relaxed);
        match due {
            0 => {}
            due if now + TOLERANCE_US < due => {
                self.counts.repeats.fetch_add(1, Relaxed);
            }
            due => self.late.lock().unwrap_or_else(PoisonError::into_inner).push(now.saturating_sub(due)),
        }
        let reply = match manner {
            Manner::Takes => self.take(delivery, now),
            Manner::Hangs => Reply::Nothing,
            Manner::Fails(delays) => {
                match delays.get(before) {
                    Some(delay) => delivery.due.store(now + micros(*delay), Relaxed),
                    None if before > delays.len() => {
                        self.counts.repeats.fetch_add(1, Relaxed);
                    }
                    None => {}
                }
                Reply::Failed
            }
            Manner::Postpones(spread) if before == 0 => {
                let seconds = spread.seconds_until(event, now);
                delivery.due.store(now + seconds * 1_000_000, Relaxed);
                Reply::Postponed(seconds)
            }
            Manner::Postpones(_) => self.take(delivery, now),
        };
        if reply != Reply::Taken {
            self.counts.refused.fetch_add(1, Relaxed);
        }
        reply
    }

    fn take(&self, delivery: &DeliveryTimes, now: u64) -> Reply {
        match delivery.taken.compare_exchange(0, now, Relaxed, Relaxed) {
            Ok(_) => {
                self.counts.taken.fetch_add(1, Relaxed);
                let _ = self.counts.first_taken.compare_exchange(0, now, Relaxed, Relaxed);
                self.counts.last_taken.fetch_max(now, Relaxed);
            }
            Err(_) => {
                self.counts.repeats.fetch_add(1, Relaxed);
            }
        }
        Reply::Taken
    }

    /// The accepted events, and where their deliveries are.
    fn accepted_events(&self) -> impl Iterator<Item = (usize, &EventTimes, Range<usize>)> {
        let slots = self.route.slots();
        let accepted = self.events.iter().enumerate().filter(|(_, times)| times.accepted.load(Relaxed) > 0);
        accepted.map(move |(event, times)| (event, times, event * slots..(event + 1) * slots))
    }

    /// Deliveries of accepted events to receivers which the manner fits.
    fn deliveries(&self, fits: fn(&Manner) -> bool) -> impl Iterator<Item = (&EventTimes, &DeliveryTimes)> {
        self.accepted_events().flat_map(move |(event, times, places)| {
            let start = places.start;
            places
                .filter(move |place| self.manners.get(self.route.webhook(event, place - start)).is_some_and(fits))
                .filter_map(move |place| Some((times, self.deliveries.get(place)?)))
        })
    }

    /// How many deliveries are to be taken.
    pub(crate) fn expected(&self) -> u64 {
        self.deliveries(is_healthy).count() as u64
    }

    /// How many of them were not.
    pub(crate) fn lost(&self) -> u64 {
        self.deliveries(is_healthy).filter(|(_, delivery)| delivery.taken.load(Relaxed) == 0).count() as u64
    }

    /// How many further attempts were due before `time` and have not come.
    pub(crate) fn overdue(&self, time: u64) -> u64 {
        let overdue = |delivery: &DeliveryTimes| (1..time).contains(&delivery.due.load(Relaxed));
        self.deliveries.iter().filter(|delivery| overdue(delivery)).count() as u64
    }

    /// How many further attempts are still to come.
    pub(crate) fn waiting(&self) -> u64 {
        self.deliveries.iter().filter(|delivery| delivery.due.load(Relaxed) > 0).count() as u64
    }

    /// From acceptance to arrival of what was taken, in microseconds; one that arrives before its answer does counts 0.
    pub(crate) fn latencies(&self) -> Vec<u64> {
        self.latencies_from(|times| times.accepted.load(Relaxed))
    }

    /// From sending to arrival of what was taken, in microseconds.
    pub(crate) fn latencies_from_sending(&self) -> Vec<u64> {
        self.latencies_from(|times| times.sent.load(Relaxed))
    }

    fn latencies_from(&self, start: impl Fn(&EventTimes) -> u64) -> Vec<u64> {
        self.deliveries(is_healthy)
            .filter(|(_, delivery)| delivery.first.load(Relaxed) > 0)
            .map(|(times, delivery)| delivery.first.load(Relaxed).saturating_sub(start(times)))
            .collect()
    }

    /// How late the further attempts were that have come since this was last asked, in microseconds.
    pub(crate) fn take_late(&self) -> Vec<u64> {
        std::mem::take(&mut self.late.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From the first sending to the last acceptance, in seconds.
    pub(crate) fn accepting_took(&self) -> f64 {
        self.since_first_sending(self.counts.last_accepted.load(Relaxed))
    }

    /// From the first sending to the last delivery, in seconds.
    pub(crate) fn delivering_took(&self) -> f64 {
        self.since_first_sending(self.counts.last_taken.load(Relaxed))
    }

    /// From the first delivery to the last, in seconds.
    pub(crate) fn draining_took(&self) -> f64 {
        seconds(self.counts.last_taken.load(Relaxed).saturating_sub(self.counts.first_taken.load(Relaxed)))
    }

    fn since_first_sending(&self, end: u64) -> f64 {
        let sent = self.events.iter().map(|times| times.sent.load(Relaxed)).filter(|sent| *sent > 0);
        seconds(end.saturating_sub(sent.min().unwrap_or_default()))
    }
}

impl Spread {
    /// In how many seconds, a whole number, an event is to come again.
    fn seconds_until(&self, event: usize, now: u64) -> u64 {
        let time = self.after.as_secs_f64() + self.turn(event) as f64 / self.per_second;
        (time - seconds(now)).round().max(1.0) as u64
    }

    /// Its place in the order in which events come again: each has one of its own, since the factor is a prime.
    fn turn(&self, event: usize) -> u64 {
        event as u64 * 2_654_435_761 % self.events.max(1) as u64
    }
}

const fn is_healthy(manner: &Manner) -> bool {
    matches!(manner, Manner::Takes | Manner::Postpones(_))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

pub(crate) fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(manners: Vec<Manner>, route: Route) -> Arc<Book> {
        Book::new(0, 4, route, manners.into())
    }

    #[test]
    fn what_is_accepted_and_does_not_arrive_is_lost_and_what_comes_twice_is_a_repeat() {
        let book = book(vec![Manner::Takes; 2], Route::Everyone(2));
        for event in 0..3 {
            book.sent(event);
            book.accepted(event);
        }
        for (event, slot) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (1, 1)] {
            assert_eq!(book.arrived(event, slot, slot), Reply::Taken);
        }
        assert_eq!((book.expected(), book.lost()), (6, 1));
        assert_eq!(book.counts.repeats.load(Relaxed), 1);
        assert_eq!(book.latencies().len(), 5);
        book.arrived(0, 0, 1);
        book.arrived(9, 0, 0);
        assert_eq!(book.counts.strays.load(Relaxed), 2);
    }

    #[test]
    fn only_the_healthy_are_expected() {
        let book = book(vec![Manner::Takes, Manner::Hangs], Route::InTurn(2));
        (0..4).for_each(|event| book.accepted(event));
        assert_eq!(book.arrived(1, 0, 1), Reply::Nothing);
        assert_eq!(book.arrived(0, 0, 0), Reply::Taken);
        assert_eq!((book.expected(), book.lost(), book.latencies().len()), (2, 1, 1));
    }

    #[test]
    fn an_attempt_before_its_time_is_a_repeat_and_one_that_does_not_come_is_overdue() {
        let book = book(vec![Manner::Fails(vec![Duration::from_secs(1000)])], Route::Everyone(1));
        assert_eq!(book.arrived(0, 0, 0), Reply::Failed);
        assert_eq!((book.waiting(), book.overdue(u64::MAX), book.overdue(10)), (1, 1, 0));
        assert_eq!(book.arrived(0, 0, 0), Reply::Failed);
        assert_eq!((book.counts.repeats.load(Relaxed), book.waiting()), (1, 0));
        book.arrived(0, 0, 0);
        assert_eq!(book.counts.repeats.load(Relaxed), 2, "the schedule has no third attempt");
    }

    #[test]
    fn what_is_postponed_comes_again_spread_evenly() {
        let spread = Spread { after: Duration::from_secs(60), per_second: 2.0, events: 1000 };
        let mut seconds: Vec<_> = (0..1000).map(|event| spread.seconds_until(event, 10_000_000)).collect();
        assert!(seconds.windows(2).all(|pair| pair[0].abs_diff(pair[1]) > 10), "neighbours are far apart");
        seconds.sort_unstable();
        let evenly: Vec<_> = (0..1000).map(|turn| (50.0 + f64::from(turn) / 2.0).round() as u64).collect();
        assert_eq!(seconds, evenly);
        assert_eq!(spread.seconds_until(0, 100_000_000), 1, "it is never in the past");
        let book = book(vec![Manner::Postpones(spread)], Route::Everyone(1));
        book.accepted(0);
        assert_eq!(book.arrived(0, 0, 0), Reply::Postponed(60));
        assert_eq!((book.lost(), book.waiting()), (1, 1));
    }

    #[test]
    fn an_event_of_a_tenant_goes_to_the_tenants_webhooks() {
        let route = Route::Tenants { webhooks: 3, of: vec![0, 2].into() };
        assert_eq!((route.slots(), route.tenant(1), route.webhook(1, 2)), (3, 2, 8));
    }
}
