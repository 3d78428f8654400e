//! What an operator may set.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde::Deserialize;

/// Settings of what is accepted, from `[intake]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Largest `data` of an event as published, in bytes.
    pub max_payload: NonZeroUsize,
    /// How long a publisher waits for the queue at most, such as `"9s"`. What is under way then goes on.
    #[serde(with = "humantime_serde")]
    pub answer_within: Duration,
}

impl Default for Config {
    fn default() -> Self {
        const MAX_PAYLOAD: NonZeroUsize = NonZeroUsize::new(256 * 1024).expect("not zero");
        Self { max_payload: MAX_PAYLOAD, answer_within: Duration::from_secs(9) }
    }
}
