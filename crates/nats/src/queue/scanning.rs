//! Reading many messages of one topic with one request (the server's batched direct get). Any replica may answer: it tells a
//! beginning of what the leader has, without gaps, and so never skips anything.

use std::collections::VecDeque;

use async_nats::header::{NATS_LAST_SEQUENCE, NATS_SEQUENCE};
use async_nats::{HeaderMap, Message, StatusCode};
use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_ports::queue::{Pack, PackError, QueueError, Topic};
use futures::StreamExt;
use tokio::time::Instant;

use super::moving::is_moved;
use crate::api::ANSWER_LIMIT;
use crate::connection::Link;
use crate::names::{stream_name, subject};

/// What one request may bring.
const MOST_MESSAGES: usize = 1024;
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A message as it is stored.
#[derive(Debug)]
pub(super) struct Scanned {
    pub(super) sequence: u64,
    /// It was stored elsewhere before, and is read there.
    moved: bool,
    message: Bytes,
}

impl Scanned {
    /// Its records that come after `after`.
    pub(super) fn records_after(&self, after: Position) -> Result<Vec<(Position, Bytes)>, QueueError> {
        if self.moved {
            return Ok(Vec::new());
        }
        let pack = match Pack::decode(&self.message) {
            Ok(pack) => pack,
            Err(error @ PackError::UnknownFormat(_)) => return Err(QueueError::Unavailable(error.into())),
            Err(error @ PackError::Damaged(_)) => {
                tracing::error!(%error, sequence = self.sequence, "message cannot be read and is passed over");
                return Ok(Vec::new());
            }
        };
        let positions = (0..).map(|index| Position { sequence: self.sequence, index });
        Ok(positions.zip(pack.records).filter(|(position, _)| *position > after).collect())
    }
}

/// Messages of `topic` from sequence `from` on, as many as one request brings; none at the end.
pub(super) async fn scan(link: &Link, topic: Topic, from: u64) -> Result<VecDeque<Scanned>, QueueError> {
    let stream = stream_name(topic.stream());
    let question = serde_json::json!({
        "seq": from, "next_by_subj": subject(topic), "batch": MOST_MESSAGES, "max_bytes": MOST_BYTES,
    });
    let deadline = Instant::now() + ANSWER_LIMIT;
    let scanning = async {
        let inbox = link.client.new_inbox();
        let mut answers = link.client.subscribe(inbox.clone()).await.map_err(unavailable)?;
        let subject = format!("$JS.API.DIRECT.GET.{stream}");
        link.client.publish_with_reply(subject, inbox, question.to_string().into()).await.map_err(unavailable)?;
        let mut found = VecDeque::new();
        while let Some(answer) = answers.next().await {
            match answer.status {
                None => found.push_back(next_message(&answer, &found)?),
                Some(StatusCode::NOT_FOUND) => return Ok(found),
                Some(StatusCode::NO_RESPONDERS) => return Err(why_nobody_answers(link, stream).await),
                // The end of the batch, which tells what came last.
                Some(_) if last_told(&answer) == found.back().map(|last: &Scanned| last.sequence) => return Ok(found),
                Some(status) => return Err(QueueError::Unavailable(format!("the server ended with {status}").into())),
            }
        }
        Err(QueueError::Unavailable("the subscription has ended".into()))
    };
    match tokio::time::timeout_at(deadline, scanning).await {
        Ok(found) => found,
        Err(late) => Err(unavailable(late)),
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> QueueError {
    QueueError::Unavailable(error.into())
}

/// Reads one message, which must follow the one before: over a connection that breaks, some may be lost in between.
fn next_message(answer: &Message, before: &VecDeque<Scanned>) -> Result<Scanned, QueueError> {
    let number = |name| answer.headers.as_ref().and_then(|headers| number(headers, name));
    let (sequence, told) = (number(NATS_SEQUENCE), number(NATS_LAST_SEQUENCE));
    let last = before.back().map_or(0, |last| last.sequence);
    match sequence {
        Some(sequence) if told.unwrap_or(0) == last => {
            Ok(Scanned { sequence, moved: is_moved(answer.headers.as_ref()), message: answer.payload.clone() })
        }
        _ => Err(QueueError::Unavailable("a message was lost on its way".into())),
    }
}

fn last_told(answer: &Message) -> Option<u64> {
    answer.headers.as_ref().and_then(|headers| number(headers, NATS_LAST_SEQUENCE))
}

fn number(headers: &HeaderMap, name: async_nats::HeaderName) -> Option<u64> {
    headers.get(name)?.as_str().parse().ok()
}

async fn why_nobody_answers(link: &Link, stream: &str) -> QueueError {
    match crate::api::stream_info(&link.context, stream).await {
        Ok(_) => QueueError::Unavailable("no replica answers at the moment".into()),
        Err(error) => error.into(),
    }
}
