//! The scheduler's settings.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use serde::Deserialize;

/// Settings of the scheduler, from `[scheduler]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Journal records that are applied to the schedule at once.
    pub apply_batch: NonZeroUsize,
    /// Due deliveries that are taken at once.
    pub dispatch_batch: NonZeroUsize,
    /// Messages of a lane that may be unfinished before nothing more is released to it, so that workers are never flooded
    /// and few deliveries are repeated if the schedule is lost.
    pub released_messages: NonZeroU64,
    /// How long the journal keeps what nobody needs any more, while it has room: a schedule that is put back to a copy no
    /// older than this repeats no delivery that has ended.
    #[serde(with = "humantime_serde")]
    pub journal_kept: Duration,
}

impl Default for Config {
    fn default() -> Self {
        const APPLY: NonZeroUsize = NonZeroUsize::new(1000).expect("not zero");
        const DISPATCH: NonZeroUsize = NonZeroUsize::new(256).expect("not zero");
        const RELEASED: NonZeroU64 = NonZeroU64::new(256).expect("not zero");
        Self {
            apply_batch: APPLY,
            dispatch_batch: DISPATCH,
            released_messages: RELEASED,
            journal_kept: Duration::from_secs(5 * 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_has_its_default_and_what_is_unknown_is_refused() {
        let config: Config = toml::from_str("journal_kept = \"1h\"").expect("valid");
        assert_eq!(config.journal_kept, Duration::from_secs(3600));
        assert_eq!(config.apply_batch, Config::default().apply_batch);
        toml::from_str::<Config>("dispatch_batch = 0").expect_err("nothing could be dispatched");
        toml::from_str::<Config>("batch = 1").expect_err("unknown");
    }
}
