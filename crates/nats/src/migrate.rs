//! Making the streams, the bucket and the consumers; the only place that does.

use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, ReplayPolicy, pull};
use async_nats::jetstream::context::{CreateKeyValueError, CreateStreamError, CreateStreamErrorKind};
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{Context, kv};
use fanfare_ports::Cause;
use fanfare_ports::clock::SystemClock;
use fanfare_ports::queue::{Consumer, LEASE, Stream};

use crate::api::{self, ApiError};
use crate::connection::{ConnectError, connect_now};
use crate::names::{BUCKET, consumer_filter, consumer_name, stream_name, stream_subjects};
use crate::settings::{NatsSettings, StreamBytes};

/// For how long the server knows a message that is sent again.
const KNOWN_AGAIN: Duration = Duration::from_secs(120);
/// How many packs the processes of a service may have open together. A pack is open for about a second at most; this is far
/// above what they need, so that it bounds only what has gone wrong.
const OPEN_PACKS: i64 = 4096;
/// Logs takes packs only to write them, many at once.
const OPEN_PACKS_OF_LOGS: i64 = 1024;

/// Why the server is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server did not answer, or not as expected.
    #[error("nats did not answer")]
    Unavailable(#[source] Cause),
    /// The limits add up to more than the server has room for.
    #[error("nats has no room for streams of {wanted} bytes together{}: lower nats.bytes or give it more", spell(*allowed))]
    NoRoom {
        /// The sum of all limits, times replicas.
        wanted: u64,
        /// What the account may have, if that is what stands in the way.
        allowed: Option<u64>,
    },
    /// A consumer is gone, and with it how far it was. Made anew, it would begin with the first message again, and what was
    /// done long ago would be done once more.
    #[error(
        "consumer {consumer} of {stream} is missing while {messages} messages are stored: restore it, or purge the stream if \
         they may be lost"
    )]
    ConsumerLost {
        /// The consumer.
        consumer: &'static str,
        /// Its stream.
        stream: &'static str,
        /// What lies in the stream.
        messages: u64,
    },
    /// The server refused to make or change something.
    #[error("nats refused {what}")]
    Refused {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        source: Cause,
    },
}

fn spell(allowed: Option<u64>) -> String {
    allowed.map(|allowed| format!(", but for {allowed}")).unwrap_or_default()
}

/// Makes what is missing and changes what is different. It may be repeated, and run beside the version before.
///
/// # Errors
/// [`MigrateError`]; what was made before stays.
pub async fn migrate(settings: &NatsSettings) -> Result<(), MigrateError> {
    let link = connect_now(settings, std::sync::Arc::new(SystemClock)).await?;
    let context = &link.context;
    check_room(context, settings).await?;
    for stream in Stream::ALL {
        make_stream(context, settings, stream).await?;
    }
    make_bucket(context, settings).await?;
    for consumer in Consumer::ALL {
        make_consumer(context, consumer).await?;
    }
    tracing::info!(
        replicas = settings.replicas,
        bytes = settings.bytes.sum(),
        "streams, bucket and consumers are there"
    );
    Ok(())
}

fn wanted(settings: &NatsSettings) -> u64 {
    settings.bytes.sum().saturating_mul(u64::from(settings.replicas.get()))
}

async fn check_room(context: &Context, settings: &NatsSettings) -> Result<(), MigrateError> {
    let account = context.query_account().await.map_err(|error| MigrateError::Unavailable(error.into()))?;
    let allowed = account.limits.max_storage.and_then(|bytes| u64::try_from(bytes).ok()).filter(|bytes| *bytes > 0);
    match allowed {
        Some(allowed) if allowed < wanted(settings) => {
            Err(MigrateError::NoRoom { wanted: wanted(settings), allowed: Some(allowed) })
        }
        _ => Ok(()),
    }
}

const fn limit(stream: Stream, bytes: &StreamBytes) -> u64 {
    match stream {
        Stream::Events => bytes.events,
        Stream::Deliveries => bytes.deliveries,
        Stream::Journal => bytes.journal,
        Stream::DeadLetters => bytes.dead_letters,
    }
}

fn in_server_terms(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

async fn make_stream(context: &Context, settings: &NatsSettings, stream: Stream) -> Result<(), MigrateError> {
    let config = stream::Config {
        name: stream_name(stream).to_owned(),
        subjects: stream_subjects(stream),
        max_bytes: in_server_terms(limit(stream, &settings.bytes)),
        // Nothing is forgotten but by trimming: a full stream refuses, and there is no limit of age or number.
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_messages: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        storage: StorageType::File,
        num_replicas: usize::from(settings.replicas.get()),
        duplicate_window: KNOWN_AGAIN,
        // For reading on in batches; what must come from the leader is asked of it.
        allow_direct: true,
        ..Default::default()
    };
    let made = context.create_or_update_stream(config).await;
    made.map(drop).map_err(|error| stream_refused(settings, stream_name(stream), error))
}

fn stream_refused(settings: &NatsSettings, what: &'static str, error: CreateStreamError) -> MigrateError {
    match error.kind() {
        CreateStreamErrorKind::JetStream(refusal) if is_about_room(refusal.error_code()) => {
            MigrateError::NoRoom { wanted: wanted(settings), allowed: None }
        }
        CreateStreamErrorKind::TimedOut | CreateStreamErrorKind::JetStreamUnavailable => {
            MigrateError::Unavailable(error.into())
        }
        _ => MigrateError::Refused { what, source: error.into() },
    }
}

fn is_about_room(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::INSUFFICIENT_RESOURCES | ErrorCode::STORAGE_RESOURCES_EXCEEDED)
}

async fn make_bucket(context: &Context, settings: &NatsSettings) -> Result<(), MigrateError> {
    let config = kv::Config {
        bucket: BUCKET.to_owned(),
        history: 1,
        max_bytes: in_server_terms(settings.bytes.directory),
        storage: StorageType::File,
        num_replicas: usize::from(settings.replicas.get()),
        ..Default::default()
    };
    let made = context.create_or_update_key_value(config).await;
    made.map(drop).map_err(|error| bucket_refused(settings, error))
}

fn bucket_refused(settings: &NatsSettings, error: CreateKeyValueError) -> MigrateError {
    let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<CreateStreamError>());
    match source.map(CreateStreamError::kind) {
        Some(CreateStreamErrorKind::JetStream(refusal)) if is_about_room(refusal.error_code()) => {
            MigrateError::NoRoom { wanted: wanted(settings), allowed: None }
        }
        _ => MigrateError::Refused { what: BUCKET, source: error.into() },
    }
}

async fn make_consumer(context: &Context, consumer: Consumer) -> Result<(), MigrateError> {
    let (stream, name) = (stream_name(consumer.stream()), consumer_name(consumer));
    let config = pull::Config {
        durable_name: Some(name.to_owned()),
        name: Some(name.to_owned()),
        filter_subject: consumer_filter(consumer),
        deliver_policy: DeliverPolicy::All,
        replay_policy: ReplayPolicy::Instant,
        ack_policy: AckPolicy::Explicit,
        ack_wait: LEASE,
        // Who takes decides what is a dead letter; the server never gives up by itself.
        max_deliver: -1,
        max_ack_pending: if consumer == Consumer::Logs { OPEN_PACKS_OF_LOGS } else { OPEN_PACKS },
        ..Default::default()
    };
    let refused = |source: Cause| MigrateError::Refused { what: name, source };
    match api::consumer_info(context, stream, name).await {
        Ok(_) => {
            context.update_consumer_on_stream(config, stream).await.map(drop).map_err(|error| refused(error.into()))
        }
        Err(ApiError::Missing(_)) => {
            let state = api::stream_info(context, stream).await.map_err(|error| refused(error.into()))?.state;
            if state.messages > 0 {
                return Err(MigrateError::ConsumerLost { consumer: name, stream, messages: state.messages });
            }
            context
                .create_consumer_strict_on_stream(config, stream)
                .await
                .map(drop)
                .map_err(|error| refused(error.into()))
        }
        Err(error) => Err(MigrateError::Unavailable(error.into())),
    }
}
