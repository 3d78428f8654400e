//! Removing what nobody needs any more.

use std::sync::Arc;

use fanfare_ports::queue::{QueueError, Stream, Topic};

use super::core::Core;
use super::messages;
use super::taking::unavailable;
use crate::database::DatabaseError;

/// Messages that one job removes, so that other writers get their turn between.
const REMOVED_TOGETHER: u64 = 128;

pub(super) async fn trim(core: &Arc<Core>, stream: Stream, sequence: u64) -> Result<u64, QueueError> {
    let (mut first, end) = {
        let mut state = core.state();
        let first = state.stream(stream).held.first;
        (first, sequence.min(state.needed_from(stream)))
    };
    while first < end {
        first = remove_below(core, stream, end.min(first + REMOVED_TOGETHER)).await.map_err(unavailable)?;
    }
    Ok(first)
}

/// Removes the messages of one topic, as far as nobody needs them.
pub(super) async fn trim_topic(core: &Arc<Core>, topic: Topic, sequence: u64) -> Result<(), QueueError> {
    let stream = topic.stream();
    let (mut first, end) = {
        let mut state = core.state();
        let first = state.stream(stream).held.first;
        (first, sequence.min(state.needed_from(stream)))
    };
    while first < end {
        let next = messages::next(core.database.read(), Some(topic), stream, first).await.map_err(unavailable)?;
        let Some(next) = next.filter(|next| next.sequence < end) else { return Ok(()) };
        first = end.min(next.sequence + REMOVED_TOGETHER);
        let trimmed = Arc::clone(core);
        core.database
            .write_in_order(
                move |connection| Box::pin(messages::remove_of_topic(connection, topic, first)),
                move |left| trimmed.state().removed(stream, left),
            )
            .await
            .map_err(unavailable)?;
    }
    Ok(())
}

async fn remove_below(core: &Arc<Core>, stream: Stream, end: u64) -> Result<u64, DatabaseError> {
    let (looking, trimmed) = (Arc::clone(core), Arc::clone(core));
    let held = core
        .database
        .write_in_order(
            move |connection| {
                Box::pin(async move {
                    let held = looking.state().stream(stream).held;
                    // Another trim was faster.
                    if held.first >= end {
                        return Ok(None);
                    }
                    messages::remove_below(connection, stream, end).await.map(Some)
                })
            },
            move |left| {
                if let Some(left) = left {
                    trimmed.state().removed(stream, left);
                }
            },
        )
        .await?;
    Ok(held.map_or(end, |held| held.first))
}
