//! What has been half done must be written down, however long that takes.

use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::Position;

use super::{PublishError, Queue, Topic};
use crate::clock::SharedClock;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Publishes what is not stored yet until the stream has all of it, pausing longer each time. The caller bounds the wait by dropping
/// this future.
///
/// # Errors
/// [`PublishError::TooLarge`] alone, which no repetition cures.
pub async fn keep_storing(
    queue: &dyn Queue,
    clock: &SharedClock,
    topic: Topic,
    mut records: Vec<Bytes>,
) -> Result<Vec<Position>, PublishError> {
    let mut pause = FIRST_PAUSE;
    let mut positions = Vec::new();
    loop {
        match queue.publish(topic, records.clone()).await {
            Ok(rest) if positions.is_empty() => return Ok(rest),
            Ok(rest) => {
                positions.extend(rest);
                return Ok(positions);
            }
            Err(error @ (PublishError::Full { .. } | PublishError::Unavailable { .. })) => {
                records.drain(..error.stored().len().min(records.len()));
                positions.extend_from_slice(error.stored());
                tracing::warn!(?topic, records = records.len(), %error, "store again");
                clock.sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(error @ PublishError::TooLarge { .. }) => return Err(error),
        }
    }
}
