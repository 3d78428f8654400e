//! What became of deliveries, counted over time: for each tenant by the minute and by the hour.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::delivery::DeliveryStatus;
use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_domain::time::Timestamp;

use super::StoreError;

/// How long minutes are kept; hours are kept as long as attempts.
const MINUTES_KEPT: Duration = Duration::from_secs(24 * 3600);

/// From when on there are minutes, at `now`: from the beginning of an hour, so that hours tell all that was before.
#[must_use]
pub fn minutes_from(now: Timestamp) -> Timestamp {
    Span::Hour.start_of(now.minus(MINUTES_KEPT))
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// What happened within a minute.
    Minute,
    /// What happened within an hour.
    Hour,
}

impl Span {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Minute, Self::Hour];

    /// How long it is, in seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3600,
        }
    }

    /// When the one begins in which `at` lies.
    #[must_use]
    pub const fn start_of(self, at: Timestamp) -> Timestamp {
        let length = self.seconds() as i64 * 1000;
        Timestamp::from_millis(at.as_millis().div_euclid(length) * length)
    }
}

/// How many attempts took how long. The bounds lie a factor of √2 apart, so that a percentile is right to a fifth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseTimes([u64; Self::STEPS]);

impl ResponseTimes {
    /// How many steps there are. The last one has all that took 46 s or longer.
    pub const STEPS: usize = 32;

    /// From the counts of each step; missing ones are zero, and those too many belong to the last.
    #[must_use]
    pub fn of(counts: impl IntoIterator<Item = (usize, u64)>) -> Self {
        let mut times = Self::default();
        for (step, count) in counts {
            if let Some(known) = times.0.get_mut(step.min(Self::STEPS - 1)) {
                *known = known.saturating_add(count);
            }
        }
        times
    }

    /// The counts of all steps, the shortest times first.
    #[must_use]
    pub const fn counts(&self) -> &[u64; Self::STEPS] {
        &self.0
    }

    /// Counts an attempt that took so long.
    pub fn note(&mut self, milliseconds: u32) {
        let step = (0..Self::STEPS - 1).find(|step| f64::from(milliseconds) < Self::bound(*step));
        if let Some(count) = self.0.get_mut(step.unwrap_or(Self::STEPS - 1)) {
            *count += 1;
        }
    }

    /// Times of this step are shorter, in milliseconds.
    fn bound(step: usize) -> f64 {
        2_f64.powf((step as f64 + 1.0) / 2.0)
    }

    /// How many milliseconds `share` of all attempts took at most, such as 0.95; `None` if there was none.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Option<f64> {
        let all: u64 = self.0.iter().sum();
        if all == 0 {
            return None;
        }
        let wanted = share.clamp(0.0, 1.0) * all as f64;
        let mut below = 0.0;
        for (step, count) in self.0.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = *count as f64;
            if below + count >= wanted {
                let from = if step == 0 { 0.0 } else { Self::bound(step - 1) };
                return Some(from + (Self::bound(step) - from) * ((wanted - below) / count).clamp(0.0, 1.0));
            }
            below += count;
        }
        Some(Self::bound(Self::STEPS - 1))
    }
}

impl AddAssign<&Self> for ResponseTimes {
    fn add_assign(&mut self, other: &Self) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum += count;
        }
    }
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Deliveries of events that were accepted in this time.
    pub deliveries: u64,
    /// Those of them that have ended since.
    pub ended: u64,
    /// Deliveries, whenever they began, that succeeded in this time.
    pub delivered: u64,
    /// Deliveries, whenever they began, that were given up in this time, or ended with their webhook.
    pub failed: u64,
    /// Attempts that started in this time.
    pub attempts: u64,
    /// Those of them that failed.
    pub failed_attempts: u64,
    /// How long attempts took.
    pub response_times: ResponseTimes,
}

impl AddAssign<&Self> for Counts {
    fn add_assign(&mut self, other: &Self) {
        self.deliveries += other.deliveries;
        self.ended += other.ended;
        self.delivered += other.delivered;
        self.failed += other.failed;
        self.attempts += other.attempts;
        self.failed_attempts += other.failed_attempts;
        self.response_times += &other.response_times;
    }
}

/// How writing a batch moved deliveries on: `number` of them alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Whose.
    pub tenant: TenantNumber,
    /// When their events were accepted.
    pub accepted: Timestamp,
    /// When they came to stand as they do.
    pub at: Timestamp,
    /// Whether their routed records are written for the first time.
    pub is_begun: bool,
    /// How they stood before; `None` if they were not there.
    pub before: Option<DeliveryStatus>,
    /// How they stand.
    pub now: DeliveryStatus,
    /// How many.
    pub number: u64,
}

impl Moved {
    /// Whether they succeeded now, as what had failed and is retried by hand does, too.
    #[must_use]
    pub fn succeeds(&self) -> bool {
        self.before != Some(DeliveryStatus::Success) && self.now == DeliveryStatus::Success
    }
}

/// Whether nothing follows by itself.
const fn is_final(status: DeliveryStatus) -> bool {
    status.rank() > DeliveryStatus::Retrying.rank()
}

/// What a batch adds to the counts, by tenant, span and its beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Additions(BTreeMap<(TenantNumber, Span, Timestamp), Counts>);

impl Additions {
    /// Counts deliveries that moved on.
    pub fn add_moved(&mut self, moved: &Moved) {
        let before = moved.before.unwrap_or(DeliveryStatus::Pending);
        let ends = !is_final(before) && is_final(moved.now);
        self.add(moved.tenant, moved.accepted, |counts| {
            counts.deliveries += if moved.is_begun { moved.number } else { 0 };
            counts.ended += if ends { moved.number } else { 0 };
        });
        let succeeds = moved.succeeds();
        if succeeds || ends {
            self.add(moved.tenant, moved.at, |counts| {
                counts.delivered += if succeeds { moved.number } else { 0 };
                counts.failed += if succeeds { 0 } else { moved.number };
            });
        }
    }

    /// Counts an attempt that was not written before.
    pub fn add_attempt(&mut self, tenant: TenantNumber, started: Timestamp, succeeded: bool, milliseconds: u32) {
        self.add(tenant, started, |counts| {
            counts.attempts += 1;
            counts.failed_attempts += u64::from(!succeeded);
            counts.response_times.note(milliseconds);
        });
    }

    fn add(&mut self, tenant: TenantNumber, at: Timestamp, count: impl Fn(&mut Counts)) {
        for span in Span::ALL {
            count(self.0.entry((tenant, span, span.start_of(at))).or_default());
        }
    }

    /// Whether there is nothing to add.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of it, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (TenantNumber, Span, Timestamp, &Counts)> {
        self.0.iter().map(|((tenant, span, start), counts)| (*tenant, *span, *start, counts))
    }
}

/// What waits: deliveries that have begun and not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub deliveries: u64,
    /// The beginning of the minute in which the oldest one's event was accepted; of the hour, if that is more than a day ago.
    pub oldest: Option<Timestamp>,
}

/// What happened within a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// When it begins.
    pub start: Timestamp,
    /// What happened.
    pub counts: Counts,
    /// What waited when that was last noted; nothing, if it was not.
    pub waiting: Waiting,
}

/// A webhook whose last attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Whose.
    pub tenant: TenantNumber,
    /// Which.
    pub webhook: WebhookId,
    /// Failed attempts in a row.
    pub consecutive_failures: u32,
    /// When the first of them started.
    pub first_failure_at: Option<Timestamp>,
    /// When the newest of them started.
    pub last_failure_at: Option<Timestamp>,
}

/// Questions about what became of deliveries: of one tenant, or (`None`) of all that there are.
#[async_trait]
pub trait Outcomes: Send + Sync + 'static {
    /// The spans that begin at or after `since` and before `until`, in order; those in which nothing happened are left out.
    async fn outcomes(
        &self,
        tenant: Option<TenantNumber>,
        span: Span,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Outcome>, StoreError>;
    /// A number that changes whenever something is counted in an hour that begins at or after `since`.
    async fn activity(&self, tenant: Option<TenantNumber>, since: Timestamp) -> Result<u64, StoreError>;
    /// What waits at `now`.
    async fn waiting(&self, tenant: Option<TenantNumber>, now: Timestamp) -> Result<Waiting, StoreError>;
    /// Notes what waits at `now`, for each tenant of which something does.
    async fn note_waiting(&self, now: Timestamp) -> Result<(), StoreError>;
    /// Up to `limit` webhooks whose last attempt failed, those with most failures in a row first.
    async fn failing(&self, tenant: Option<TenantNumber>, limit: u32) -> Result<Vec<Failing>, StoreError>;
    /// The up to `limit` tenants with most attempts in spans that begin at or after `since` and before `until`, without
    /// [`Counts::response_times`].
    async fn busiest(
        &self,
        span: Span,
        since: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<(TenantNumber, Counts)>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_right_to_a_fifth() {
        let mut times = ResponseTimes::default();
        assert_eq!(times.percentile(0.5), None);
        for milliseconds in 1..=1000 {
            times.note(milliseconds);
        }
        for (share, exact) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
            let told = times.percentile(share).expect("there are some");
            assert!((told / exact - 1.0).abs() < 0.2, "{share}: {told} for {exact}");
        }
    }

    #[test]
    fn times_of_any_length_are_counted() {
        let mut times = ResponseTimes::default();
        times.note(0);
        times.note(u32::MAX);
        assert_eq!(times.counts().iter().sum::<u64>(), 2);
        assert_eq!((times.counts()[0], times.counts()[ResponseTimes::STEPS - 1]), (1, 1));
        assert_eq!(ResponseTimes::of([(0, 1), (99, 1)]), times);
    }

    #[test]
    fn a_delivery_is_counted_when_it_begins_and_when_it_ends() {
        let tenant = TenantNumber::new(7);
        let (accepted, at) = (Timestamp::from_millis(60_001), Timestamp::from_millis(3_600_000));
        let moved =
            Moved { tenant, accepted, at, is_begun: true, before: None, now: DeliveryStatus::Retrying, number: 2 };
        let mut additions = Additions::default();
        additions.add_moved(&moved);
        let ended = Moved { is_begun: false, before: Some(DeliveryStatus::Retrying), number: 1, ..moved };
        additions.add_moved(&Moved { now: DeliveryStatus::Failed, ..ended });
        // Somebody has retried it by hand: it ended before.
        additions.add_moved(&Moved { before: Some(DeliveryStatus::Failed), now: DeliveryStatus::Success, ..ended });
        let of = |span: Span, at| {
            let found = additions.iter().find(|(_, of, start, _)| (*of, *start) == (span, span.start_of(at)));
            let counts = found.map(|(.., counts)| counts.clone()).unwrap_or_default();
            (counts.deliveries, counts.ended, counts.delivered, counts.failed)
        };
        for span in Span::ALL {
            assert_eq!(of(span, accepted), (2, 1, 0, 0));
            assert_eq!(of(span, at), (0, 0, 1, 1));
        }
    }
}
