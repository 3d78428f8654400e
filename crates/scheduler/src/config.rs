//! The scheduler's settings.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use serde::Deserialize;

/// Settings of the scheduler, from `[scheduler]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Journal records that are applied, and entries that are claimed, at once.
    pub batch: NonZeroUsize,
    /// How long claimed entries are hidden from other schedulers, such as `"10s"`.
    #[serde(with = "humantime_serde")]
    pub claim_lease: Duration,
    /// Messages of released deliveries that may be unfinished at once, per lane; a rebuild never floods workers.
    pub released: NonZeroU64,
    /// How often streams are trimmed, such as `"10s"`; more often while one fills up.
    #[serde(with = "humantime_serde")]
    pub trim_every: Duration,
}

impl Default for Config {
    fn default() -> Self {
        const BATCH: NonZeroUsize = NonZeroUsize::new(1_000).expect("not zero");
        const RELEASED: NonZeroU64 = NonZeroU64::new(64).expect("not zero");
        Self {
            batch: BATCH,
            claim_lease: Duration::from_secs(10),
            released: RELEASED,
            trim_every: Duration::from_secs(10),
        }
    }
}
