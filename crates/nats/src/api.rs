//! What is asked of JetStream, each with a deadline, and its answers as decisions. All of these are answered by the leader
//! of the stream or consumer in question.

use std::time::Duration;

use async_nats::StatusCode;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{RequestError, RequestErrorKind};
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::{DirectGetErrorKind, LastRawMessageErrorKind};
use async_nats::jetstream::{self, Context};
use fanfare_ports::Cause;
use fanfare_ports::queue::QueueError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// How long an answer may take.
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// Why JetStream did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// It is not there, in the server's words.
    #[error("{0}")]
    Missing(String),
    #[error("refused")]
    Refused(#[source] jetstream::Error),
    #[error("no answer")]
    Unanswered(#[source] Cause),
}

impl From<ApiError> for QueueError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Missing(what) => Self::NotSetUp(what),
            other => Self::Unavailable(other.into()),
        }
    }
}

impl From<jetstream::Error> for ApiError {
    fn from(error: jetstream::Error) -> Self {
        match error.error_code() {
            ErrorCode::STREAM_NOT_FOUND | ErrorCode::CONSUMER_NOT_FOUND => Self::Missing(error.to_string()),
            _ => Self::Refused(error),
        }
    }
}

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        match error.kind() {
            RequestErrorKind::NoResponders => {
                Self::Unanswered("the server has no JetStream for this account, or not yet".into())
            }
            _ => Self::Unanswered(error.into()),
        }
    }
}

/// What is in a stream.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct StreamState {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    first_seq: u64,
    pub(crate) last_seq: u64,
}

impl StreamState {
    /// The first sequence; one more than the last if the stream is empty.
    pub(crate) fn first(&self) -> u64 {
        // A stream that never had a message says 0.
        if self.messages == 0 { self.last_seq.saturating_add(1) } else { self.first_seq.max(1) }
    }
}

/// How large a stream may become.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct StreamLimits {
    max_bytes: i64,
}

impl StreamLimits {
    pub(crate) fn bytes(self) -> u64 {
        u64::try_from(self.max_bytes).unwrap_or(u64::MAX)
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct StreamInfo {
    pub(crate) state: StreamState,
    pub(crate) config: StreamLimits,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct ConsumerInfo {
    ack_floor: ConsumerSequence,
    /// Messages that nobody has taken yet.
    pub(crate) num_pending: u64,
    /// Messages that are taken and not finished.
    pub(crate) num_ack_pending: u64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct ConsumerSequence {
    stream_seq: u64,
}

impl ConsumerInfo {
    /// All messages up to this sequence that the consumer is given are finished, as far as it has noted.
    pub(crate) fn noted_floor(&self) -> u64 {
        self.ack_floor.stream_seq
    }
}

/// Asks for a JSON answer.
pub(crate) async fn ask<T: DeserializeOwned>(
    context: &Context,
    subject: String,
    question: &(impl Serialize + ?Sized),
) -> Result<T, ApiError> {
    match within(context.request(subject, question)).await? {
        Response::Ok(answer) => Ok(answer),
        Response::Err { error } => Err(error.into()),
    }
}

async fn within<T, E: Into<ApiError>>(answer: impl Future<Output = Result<T, E>>) -> Result<T, ApiError> {
    match tokio::time::timeout(ANSWER_LIMIT, answer).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(late) => Err(ApiError::Unanswered(late.into())),
    }
}

/// Nothing is asked but what the subject says.
#[derive(Serialize)]
struct Nothing {}

pub(crate) async fn stream_info(context: &Context, stream: &str) -> Result<StreamInfo, ApiError> {
    ask(context, format!("STREAM.INFO.{stream}"), &Nothing {}).await
}

pub(crate) async fn consumer_info(context: &Context, stream: &str, consumer: &str) -> Result<ConsumerInfo, ApiError> {
    ask(context, format!("CONSUMER.INFO.{stream}.{consumer}"), &Nothing {}).await
}

/// Removes all messages of `stream` below `sequence`, which is at most one more than its last.
pub(crate) async fn purge_below(context: &Context, stream: &str, sequence: u64) -> Result<(), ApiError> {
    let question = serde_json::json!({ "seq": sequence });
    ask::<serde::de::IgnoredAny>(context, format!("STREAM.PURGE.{stream}"), &question).await.map(drop)
}

/// Removes the messages of `stream` on `subject` below `sequence`.
pub(crate) async fn purge_subject_below(
    context: &Context,
    stream: &str,
    subject: &str,
    sequence: u64,
) -> Result<(), ApiError> {
    let question = serde_json::json!({ "filter": subject, "seq": sequence });
    ask::<serde::de::IgnoredAny>(context, format!("STREAM.PURGE.{stream}"), &question).await.map(drop)
}

/// Which message of a stream.
#[derive(Clone, Debug)]
pub(crate) enum Which<'a> {
    /// The one with this sequence.
    At(u64),
    /// The first one on `subject` with this sequence or a later one.
    NextOn { subject: &'a str, from: u64 },
    /// The last one on this subject.
    LastOn(&'a str),
}

/// A message as it is stored; `None` if there is none such.
pub(crate) async fn message(
    context: &Context,
    stream: &str,
    which: Which<'_>,
) -> Result<Option<StreamMessage>, ApiError> {
    let handle = within(context.get_stream_no_info(stream)).await?;
    let question = handle.raw_message_builder();
    let question = match which {
        Which::At(sequence) => question.sequence(sequence),
        Which::NextOn { subject, from } => question.sequence(from).next_by_subject(subject),
        Which::LastOn(subject) => question.last_by_subject(subject),
    };
    let Ok(answer) = tokio::time::timeout(ANSWER_LIMIT, question.send()).await else {
        return Err(ApiError::Unanswered("the stream's leader did not answer in time".into()));
    };
    match answer {
        Ok(message) => Ok(Some(message)),
        Err(error) => match error.kind() {
            LastRawMessageErrorKind::NoMessageFound => Ok(None),
            LastRawMessageErrorKind::JetStream(refusal) => Err(refusal.into()),
            _ => Err(ApiError::Unanswered(error.into())),
        },
    }
}

/// A message as any replica has it stored, which may not have the newest yet; `None` if there is none such.
pub(crate) async fn message_of_any_replica(
    context: &Context,
    stream: &str,
    sequence: u64,
) -> Result<Option<StreamMessage>, ApiError> {
    let handle = within(context.get_stream_no_info(stream)).await?;
    let Ok(answer) = tokio::time::timeout(ANSWER_LIMIT, handle.direct_get(sequence)).await else {
        return Err(ApiError::Unanswered("no replica of the stream answered in time".into()));
    };
    match answer {
        Ok(message) => Ok(Some(message)),
        Err(error) => match error.kind() {
            DirectGetErrorKind::NotFound | DirectGetErrorKind::ErrorResponse(StatusCode::NO_RESPONDERS, _) => Ok(None),
            _ => Err(ApiError::Unanswered(error.into())),
        },
    }
}

impl From<async_nats::jetstream::context::GetStreamError> for ApiError {
    fn from(error: async_nats::jetstream::context::GetStreamError) -> Self {
        Self::Unanswered(error.into())
    }
}
