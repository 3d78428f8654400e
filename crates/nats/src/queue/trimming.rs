//! How full streams are, how far consumers are, and forgetting what nobody needs.

use fanfare_domain::time::Timestamp;
use fanfare_ports::queue::{Backlog, Consumer, QueueError, Stream, Topic, Usage};

use crate::api::{self, ConsumerInfo, StreamState, Which};
use crate::connection::Link;
use crate::names::{consumer_filter, consumer_name, stream_name, subject};

/// Asks the stream's leader each time: whoever compares positions with the end must not be told of an earlier one.
pub(super) async fn usage(link: &Link, stream: Stream) -> Result<Usage, QueueError> {
    let info = api::stream_info(&link.context, stream_name(stream)).await?;
    let (first, last) = (info.state.first(), info.state.last_seq);
    Ok(Usage { bytes: info.state.bytes, limit: info.config.bytes(), messages: info.state.messages, first, last })
}

/// Removes messages below `sequence` that every consumer has finished; returns the first sequence that is left.
pub(super) async fn trim(link: &Link, stream: Stream, sequence: u64) -> Result<u64, QueueError> {
    let name = stream_name(stream);
    let state = api::stream_info(&link.context, name).await?.state;
    let below = finished_below(link, stream, sequence, &state).await?;
    if below > state.first() {
        api::purge_below(&link.context, name, below).await?;
    }
    Ok(api::stream_info(&link.context, name).await?.state.first())
}

/// Removes messages of `topic` below `sequence` that every consumer of its stream has finished.
pub(super) async fn trim_topic(link: &Link, topic: Topic, sequence: u64) -> Result<(), QueueError> {
    let name = stream_name(topic.stream());
    let state = api::stream_info(&link.context, name).await?.state;
    let below = finished_below(link, topic.stream(), sequence, &state).await?;
    if below > state.first() {
        api::purge_subject_below(&link.context, name, &subject(topic), below).await?;
    }
    Ok(())
}

/// `sequence`, or the first one that some consumer of the stream has not finished, if that is lower; `state` is the
/// stream's.
async fn finished_below(link: &Link, stream: Stream, sequence: u64, state: &StreamState) -> Result<u64, QueueError> {
    let name = stream_name(stream);
    let mut below = sequence.min(state.last_seq + 1);
    for consumer in Consumer::ALL.into_iter().filter(|consumer| consumer.stream() == stream) {
        if below <= state.first() {
            break;
        }
        let info = api::consumer_info(&link.context, name, consumer_name(consumer)).await?;
        if info.noted_floor() + 1 < below {
            below = below.min(floor(link, consumer, &info, state).await? + 1);
        }
    }
    Ok(below)
}

/// How far a consumer is.
pub(super) async fn backlog(link: &Link, consumer: Consumer) -> Result<Backlog, QueueError> {
    let name = stream_name(consumer.stream());
    // The stream first: what comes between the two questions is then still waiting, or above.
    let state = api::stream_info(&link.context, name).await?.state;
    let info = api::consumer_info(&link.context, name, consumer_name(consumer)).await?;
    let floor = floor(link, consumer, &info, &state).await?;
    Ok(Backlog { waiting: info.num_pending, taken: info.num_ack_pending, floor })
}

/// When the oldest message that a consumer has not finished was stored.
pub(super) async fn oldest_unfinished(link: &Link, consumer: Consumer) -> Result<Option<Timestamp>, QueueError> {
    let name = stream_name(consumer.stream());
    let info = api::consumer_info(&link.context, name, consumer_name(consumer)).await?;
    if info.num_pending == 0 && info.num_ack_pending == 0 {
        return Ok(None);
    }
    let filter = consumer_filter(consumer);
    let next = Which::NextOn { subject: &filter, from: info.noted_floor() + 1 };
    let message = api::message(&link.context, name, next).await?;
    Ok(message.map(|message| {
        let millis = message.time.unix_timestamp_nanos() / 1_000_000;
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }))
}

/// The sequence up to which a consumer has finished all that it is given. What the server has noted lags where messages
/// of others lie in between; `state` is the stream as it was before `info` was asked for.
///
/// What comes next is asked of the stream's leader. That nothing is pending is no proof: the consumer's leader may be
/// another server, which counts what has come to its own replica.
async fn floor(link: &Link, consumer: Consumer, info: &ConsumerInfo, state: &StreamState) -> Result<u64, QueueError> {
    let noted = info.noted_floor();
    if info.num_ack_pending > 0 || noted >= state.last_seq {
        return Ok(noted);
    }
    let filter = consumer_filter(consumer);
    let next = Which::NextOn { subject: &filter, from: noted + 1 };
    let next = api::message(&link.context, stream_name(consumer.stream()), next).await?;
    Ok(noted.max(next.map_or(state.last_seq, |message| message.sequence - 1)))
}
