//! Waiting for what must come true, and the time that tests measure by.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The time since this process first asked, which goes on evenly.
#[must_use]
pub fn since_start() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// Asks `look` until it finds something, for those who tell nobody when they change.
///
/// # Panics
/// If it finds nothing within `limit`; the message says `what` was waited for.
pub async fn eventually<T, F>(what: &str, limit: Duration, mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
