//! The connection that a process has to NATS.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::ContextBuilder;
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::{Consumer, QueueError, Stream};
use tokio::sync::watch;

use crate::api;
use crate::directory::NatsDirectory;
use crate::names::{BUCKET_STREAM, consumer_name, stream_name};
use crate::queue::NatsQueue;
use crate::settings::NatsSettings;

const CONNECTION_LIMIT: Duration = Duration::from_secs(5);
/// Two pings that are not answered end a connection.
const PING_EVERY: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Why no connection could be made, or none will ever be.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL cannot be read. It is not shown, for it may hold a password.
    #[error("nats.url is not a list of addresses such as nats://host:4222")]
    Url(#[source] std::io::Error),
    /// The credentials file cannot be read.
    #[error("nats.credentials {path:?} cannot be read")]
    Credentials {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// No server let us in.
    #[error("no connection to nats")]
    Refused(#[source] async_nats::ConnectError),
}

/// A connection that makes itself anew whenever it is lost.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) client: Client,
    pub(crate) context: Context,
    pub(crate) clock: LinkClock,
    /// How often it has been made. What was sent under an earlier number may be lost.
    pub(crate) made: watch::Receiver<u64>,
}

/// The clock, which has nothing to show.
#[derive(Clone)]
pub(crate) struct LinkClock(pub(crate) SharedClock);

impl std::fmt::Debug for LinkClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// A process's share of what NATS keeps. Dropping all of it ends the connection, and leases lapse.
#[derive(Clone, Debug)]
pub struct Nats {
    link: Link,
    queue: Arc<NatsQueue>,
    directory: Arc<NatsDirectory>,
}

/// Connects. A server that is away is no error: the connection is made as soon as it comes back, and until then every call
/// answers that it is unavailable.
///
/// # Errors
/// [`ConnectError`] if the settings can never lead to a connection.
pub async fn connect(settings: &NatsSettings, clock: SharedClock) -> Result<Nats, ConnectError> {
    let (addresses, options) = options(settings).await?;
    let link = open(addresses, options.retry_on_initial_connect(), clock).await?;
    Ok(Nats {
        queue: Arc::new(NatsQueue::over(link.clone())),
        directory: Arc::new(NatsDirectory::over(link.clone())),
        link,
    })
}

/// Connects now or not at all.
pub(crate) async fn connect_now(settings: &NatsSettings, clock: SharedClock) -> Result<Link, ConnectError> {
    let (addresses, options) = options(settings).await?;
    open(addresses, options, clock).await
}

async fn options(settings: &NatsSettings) -> Result<(Vec<ServerAddr>, ConnectOptions), ConnectError> {
    let addresses: Vec<ServerAddr> = settings
        .url
        .split(',')
        .map(|address| address.trim().parse())
        .collect::<Result<_, _>>()
        .map_err(ConnectError::Url)?;
    let mut options = ConnectOptions::new()
        .name("fanfare")
        .connection_timeout(CONNECTION_LIMIT)
        .request_timeout(Some(api::ANSWER_LIMIT))
        .ping_interval(PING_EVERY)
        .reconnect_delay_callback(|attempts| {
            let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
            Duration::from_millis(20).saturating_mul(attempts).min(LONGEST_PAUSE)
        });
    if let Some(path) = &settings.credentials {
        let failed = |source| ConnectError::Credentials { path: path.clone(), source };
        options = options.credentials_file(path).await.map_err(failed)?;
    }
    if let Some(path) = &settings.ca {
        options = options.add_root_certificates(path.clone());
    }
    // The client does not take credentials out of its addresses.
    if let Some(address) = addresses.iter().find(|address| address.has_user_pass()) {
        let (user, password) = (address.username().unwrap_or_default(), address.password());
        options = match password {
            Some(password) => options.user_and_password(user.to_owned(), password.to_owned()),
            None => options.token(user.to_owned()),
        };
    }
    Ok((addresses, options))
}

async fn open(addresses: Vec<ServerAddr>, options: ConnectOptions, clock: SharedClock) -> Result<Link, ConnectError> {
    let (made, receiver) = watch::channel(0);
    let client = options
        .event_callback(move |event| {
            note(&event, &made);
            std::future::ready(())
        })
        .connect(addresses)
        .await
        .map_err(ConnectError::Refused)?;
    let context = ContextBuilder::new().timeout(crate::storing::ACKNOWLEDGEMENT_LIMIT).build(client.clone());
    Ok(Link { client, context, clock: LinkClock(clock), made: receiver })
}

fn note(event: &Event, made: &watch::Sender<u64>) {
    match event {
        Event::Connected => {
            made.send_modify(|times| *times += 1);
            tracing::info!("connected to nats");
        }
        Event::Disconnected => tracing::warn!("connection to nats is lost"),
        other => tracing::warn!(event = %other, "nats"),
    }
}

impl Link {
    /// Which connection this is, counted from 1. What is sent before the first one is sent over it.
    pub(crate) fn number(&self) -> u64 {
        (*self.made.borrow()).max(1)
    }

    /// Whether there is a connection, as far as is known.
    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.client.connection_state(), async_nats::connection::State::Connected)
    }
}

impl Nats {
    /// The queue.
    #[must_use]
    pub fn queue(&self) -> Arc<NatsQueue> {
        Arc::clone(&self.queue)
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> Arc<NatsDirectory> {
        Arc::clone(&self.directory)
    }

    /// Checks that the server answers and has every stream, consumer and the bucket.
    ///
    /// # Errors
    /// [`QueueError::NotSetUp`] names what is missing; [`QueueError::Unavailable`] if the server does not answer.
    pub async fn check(&self) -> Result<(), QueueError> {
        for stream in Stream::ALL.map(stream_name).into_iter().chain([BUCKET_STREAM]) {
            api::stream_info(&self.link.context, stream).await.map_err(|error| named(error, stream))?;
        }
        for consumer in Consumer::ALL {
            let (stream, name) = (stream_name(consumer.stream()), consumer_name(consumer));
            api::consumer_info(&self.link.context, stream, name).await.map_err(|error| named(error, name))?;
        }
        Ok(())
    }
}

fn named(error: api::ApiError, what: &str) -> QueueError {
    match error {
        api::ApiError::Missing(_) => QueueError::NotSetUp(format!("{what} is missing")),
        other => other.into(),
    }
}
