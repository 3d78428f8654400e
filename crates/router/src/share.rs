//! A tenant that takes more than its share goes to the bulk lane, so that others do not wait behind it.

use std::collections::HashMap;
use std::time::Duration;

use fanfare_domain::ids::TenantNumber;
use fanfare_domain::time::Timestamp;

const SPAN: Duration = Duration::from_secs(1);

/// Counts each tenant's deliveries over about the last second.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    began: Timestamp,
    counts: HashMap<TenantNumber, u32>,
    total: u32,
    /// What was counted in the span before this one, so that a span's beginning is not blind.
    before: HashMap<TenantNumber, u32>,
    total_before: u32,
}

impl Shares {
    /// Counts `deliveries` of `tenant` and tells whether it is above its share: more than `limit` a second and more than half
    /// of all, while another tenant has deliveries too.
    pub(crate) fn is_above(&mut self, tenant: TenantNumber, deliveries: u32, now: Timestamp, limit: u32) -> bool {
        if now.since(self.began) >= SPAN {
            let is_next = now.since(self.began) < SPAN * 2;
            self.before = if is_next { std::mem::take(&mut self.counts) } else { HashMap::new() };
            self.total_before = if is_next { self.total } else { 0 };
            self.counts.clear();
            self.total = 0;
            self.began = now;
        }
        let count = self.counts.entry(tenant).or_default();
        *count = count.saturating_add(deliveries);
        self.total = self.total.saturating_add(deliveries);
        above(*count, self.total, limit)
            || above(self.before.get(&tenant).copied().unwrap_or_default(), self.total_before, limit)
    }
}

const fn above(own: u32, total: u32, limit: u32) -> bool {
    own > limit && own < total && own as u64 * 2 > total as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: TenantNumber = TenantNumber::new(1);
    const QUIET: TenantNumber = TenantNumber::new(2);

    #[test]
    fn a_tenant_alone_is_never_above_its_share() {
        let mut shares = Shares::default();
        assert!(!shares.is_above(BUSY, 50_000, Timestamp::from_millis(0), 2_000));
    }

    #[test]
    fn a_tenant_that_crowds_out_another_is_above_its_share_until_it_calms_down() {
        let mut shares = Shares::default();
        let at = Timestamp::from_millis;
        shares.is_above(QUIET, 5, at(0), 2_000);
        assert!(!shares.is_above(BUSY, 1_500, at(1), 2_000), "below the limit");
        assert!(shares.is_above(BUSY, 1_000, at(2), 2_000));
        assert!(!shares.is_above(QUIET, 5, at(3), 2_000));
        assert!(shares.is_above(BUSY, 1, at(1_100), 2_000), "the second before still counts");
        assert!(!shares.is_above(BUSY, 1, at(2_200), 2_000), "two quiet seconds later it does not");
    }
}
