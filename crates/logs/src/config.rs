//! The logs service's settings.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde::Deserialize;

/// Settings of the logs service, from `[logs]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Journal records that are written in one transaction, at most; fewer if they are large or tell of many deliveries.
    pub batch: NonZeroUsize,
    /// How long a batch that is not full waits for more, such as `"100ms"`: what happened is seen as much later.
    #[serde(with = "humantime_serde")]
    pub gather: Duration,
}

impl Default for Config {
    fn default() -> Self {
        const BATCH: NonZeroUsize = NonZeroUsize::new(8_000).expect("not zero");
        Self { batch: BATCH, gather: Duration::from_millis(100) }
    }
}
