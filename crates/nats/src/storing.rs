//! Storing one message until the server says that it has.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use tokio::time::Instant;

use crate::api::{self, ApiError};
use crate::connection::Link;

/// How long one acknowledgement is waited for.
pub(crate) const ACKNOWLEDGEMENT_LIMIT: Duration = Duration::from_secs(2);
/// How long the same message is sent again.
const STORING_LIMIT: Duration = Duration::from_secs(8);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// Bytes that a stored message has beside its payload: subject, headers and the store's own.
const AROUND_A_MESSAGE: u64 = 1024;

/// Why a message is not stored, or may not be. It can be cloned, for it is told to everybody who had a record in it.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NotStored {
    #[error("stream {0} is full")]
    Full(&'static str),
    #[error("stream {0} is missing; run `fanfare migrate`")]
    Missing(&'static str),
    #[error("not acknowledged within {STORING_LIMIT:?}")]
    Unacknowledged(#[source] Arc<dyn Error + Send + Sync>),
}

/// A message on its way to a stream.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) stream: &'static str,
    pub(crate) subject: String,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Bytes,
}

impl Link {
    /// Stores a message and tells its sequence. The same bytes are sent again while no acknowledgement comes, under the id
    /// that the message has, by which the server knows what it has already.
    pub(crate) async fn store(&self, outgoing: &Outgoing) -> Result<u64, NotStored> {
        let deadline = Instant::now() + STORING_LIMIT;
        let mut pause = FIRST_PAUSE;
        loop {
            let mut made = self.made.clone();
            made.mark_unchanged();
            let outcome = tokio::select! {
                outcome = self.send(outgoing) => outcome,
                // The acknowledgement went down with the connection that it would have come by.
                Ok(()) = made.changed() => continue,
            };
            let reason = match outcome {
                Ok(sequence) => return Ok(sequence),
                Err(NotYet::Full) => return Err(NotStored::Full(outgoing.stream)),
                Err(NotYet::Failed(_)) if self.is_full(outgoing).await => return Err(NotStored::Full(outgoing.stream)),
                Err(NotYet::Nobody(_)) if self.is_missing(outgoing).await => {
                    return Err(NotStored::Missing(outgoing.stream));
                }
                Err(NotYet::Failed(reason) | NotYet::Nobody(reason)) => reason,
            };
            if Instant::now() + pause >= deadline {
                return Err(NotStored::Unacknowledged(reason));
            }
            tracing::debug!(stream = outgoing.stream, error = %reason, "send again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn send(&self, outgoing: &Outgoing) -> Result<u64, NotYet> {
        let message = PublishMessage::build().payload(outgoing.payload.clone()).headers(outgoing.headers.clone());
        let sending = async { self.context.send_publish(outgoing.subject.clone(), message).await?.await };
        match tokio::time::timeout(ACKNOWLEDGEMENT_LIMIT, sending).await {
            Ok(stored) => stored.map(|stored| stored.sequence).map_err(judge),
            Err(late) => Err(NotYet::Failed(Arc::new(late))),
        }
    }

    async fn is_missing(&self, outgoing: &Outgoing) -> bool {
        matches!(api::stream_info(&self.context, outgoing.stream).await, Err(ApiError::Missing(_)))
    }

    /// Whether the message does not go into its stream. The server has one code for a store that is full and one that is
    /// broken.
    async fn is_full(&self, outgoing: &Outgoing) -> bool {
        match api::stream_info(&self.context, outgoing.stream).await {
            Ok(info) => {
                let size = outgoing.payload.len() as u64 + AROUND_A_MESSAGE;
                info.state.bytes.saturating_add(size) > info.config.bytes()
            }
            Err(_) => false,
        }
    }
}

enum NotYet {
    /// The server says that there is no room for it.
    Full,
    /// No stream takes it, at the moment.
    Nobody(Arc<dyn Error + Send + Sync>),
    /// It could not be stored, or nothing is known.
    Failed(Arc<dyn Error + Send + Sync>),
}

fn judge(error: PublishError) -> NotYet {
    let refusal = error.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
    match refusal.map(jetstream::Error::error_code) {
        Some(ErrorCode::STORAGE_RESOURCES_EXCEEDED) => NotYet::Full,
        _ if error.kind() == PublishErrorKind::StreamNotFound => NotYet::Nobody(Arc::new(error)),
        _ => NotYet::Failed(Arc::new(error)),
    }
}
