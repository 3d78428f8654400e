//! What has been half done must be written down, however long that takes.

use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::Position;

use super::{PublishError, Queue, Topic};
use crate::clock::SharedClock;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Publishes the same bytes until the stream has them, pausing longer each time. The caller bounds the wait by dropping
/// this future.
///
/// # Errors
/// [`PublishError::TooLarge`] alone, which no repetition cures.
pub async fn keep_storing(
    queue: &dyn Queue,
    clock: &SharedClock,
    topic: Topic,
    records: Vec<Bytes>,
) -> Result<Vec<Position>, PublishError> {
    let mut pause = FIRST_PAUSE;
    loop {
        match queue.publish(topic, records.clone()).await {
            Err(error @ (PublishError::Full(_) | PublishError::Unavailable(_))) => {
                tracing::warn!(?topic, records = records.len(), %error, "store again");
                clock.sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            done => return done,
        }
    }
}
