//! How many events a tenant may publish: a bucket for each, in each process, that holds what a second allows.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fanfare_domain::ids::TenantNumber;
use fanfare_domain::tenant::Quota;
use fanfare_domain::time::Timestamp;

/// One event, in the thousandths that a bucket counts.
const EVENT: u64 = 1000;
/// Above so many buckets, those that are full again are dropped: they are as good as new ones.
const MANY: usize = 4096;
/// What a tenant is told who may publish nothing.
const NEVER: Duration = Duration::from_secs(3600);

#[derive(Debug, Default)]
pub(crate) struct Quotas {
    buckets: Mutex<HashMap<TenantNumber, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    /// Thousandths of an event.
    level: u64,
    per_second: u32,
    filled: Timestamp,
}

impl Quotas {
    /// Takes one event out of the tenant's bucket.
    ///
    /// # Errors
    /// How long it takes until there is one to take.
    pub(crate) fn spend(&self, tenant: TenantNumber, quota: Quota, now: Timestamp) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MANY && !buckets.contains_key(&tenant) {
            buckets.retain(|_, bucket| !bucket.fill(bucket.per_second, now));
        }
        let per_second = quota.events_per_second;
        let bucket = buckets.entry(tenant).or_insert_with(|| Bucket {
            level: u64::from(per_second) * EVENT,
            per_second,
            filled: now,
        });
        bucket.fill(per_second, now);
        bucket.take()
    }
}

impl Bucket {
    /// Lets in what has come due by `now`; whether the bucket is full then.
    fn fill(&mut self, per_second: u32, now: Timestamp) -> bool {
        let capacity = u64::from(per_second) * EVENT;
        let millis = u64::try_from(now.since(self.filled).as_millis()).unwrap_or(u64::MAX);
        // Events a second are thousandths of an event a millisecond.
        self.level = self.level.saturating_add(millis.saturating_mul(u64::from(per_second))).min(capacity);
        self.per_second = per_second;
        self.filled = self.filled.max(now);
        self.level == capacity
    }

    fn take(&mut self) -> Result<(), Duration> {
        match self.level.checked_sub(EVENT) {
            Some(left) => {
                self.level = left;
                Ok(())
            }
            None if self.per_second == 0 => Err(NEVER),
            None => Err(Duration::from_millis((EVENT - self.level).div_ceil(u64::from(self.per_second)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantNumber = TenantNumber::new(1);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + millis)
    }

    fn spent(quotas: &Quotas, per_second: u32, millis: i64) -> Result<(), Duration> {
        quotas.spend(TENANT, Quota { events_per_second: per_second }, at(millis))
    }

    #[test]
    fn a_second_of_events_may_come_at_once_and_then_one_at_a_time() {
        let quotas = Quotas::default();
        for _ in 0..10 {
            assert_eq!(spent(&quotas, 10, 0), Ok(()));
        }
        assert_eq!(spent(&quotas, 10, 0), Err(Duration::from_millis(100)));
        assert_eq!(spent(&quotas, 10, 40), Err(Duration::from_millis(60)));
        assert_eq!(spent(&quotas, 10, 100), Ok(()));
        assert_eq!(spent(&quotas, 10, 100), Err(Duration::from_millis(100)));
    }

    #[test]
    fn a_long_pause_saves_up_one_second_and_no_more() {
        let quotas = Quotas::default();
        let taken = |millis| (0..100).filter(|_| spent(&quotas, 3, millis).is_ok()).count();
        assert_eq!(taken(0), 3);
        assert_eq!(taken(60_000), 3);
    }

    #[test]
    fn a_changed_quota_holds_at_once() {
        let quotas = Quotas::default();
        assert_eq!(spent(&quotas, 1000, 0), Ok(()));
        assert_eq!(spent(&quotas, 1, 0), Ok(()));
        assert!(spent(&quotas, 1, 0).is_err());
        assert_eq!(spent(&quotas, 0, 5_000), Err(NEVER));
    }

    #[test]
    fn buckets_that_are_full_again_are_dropped() {
        let quotas = Quotas::default();
        let quota = Quota { events_per_second: 1 };
        for number in 0..5_000 {
            quotas.spend(TenantNumber::new(number), quota, at(i64::from(number))).expect("a new bucket is full");
        }
        assert!(quotas.buckets.lock().expect("not poisoned").len() <= MANY);
    }

    #[test]
    fn a_clock_that_is_set_back_gives_nothing_away() {
        let quotas = Quotas::default();
        assert_eq!(spent(&quotas, 1, 0), Ok(()));
        assert!(spent(&quotas, 1, -10_000).is_err());
        assert!(spent(&quotas, 1, 10).is_err());
    }
}
