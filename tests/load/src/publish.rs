//! The publisher: sends a run's events and notes what is accepted. What is refused for now is sent again.

mod calls;
mod stream;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use fanfare_proto::v1::PublishRequest;
use fanfare_proto::v1::publisher_client::PublisherClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};

use crate::book::{Book, Route};
use crate::payload::{Number, Payload};

/// Callers at once, where each call is one event.
pub(crate) const CALLERS: usize = 64;
/// Connections that the callers share.
const CONNECTIONS: usize = 4;
/// How soon what was refused for now is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(50);
/// Longest time in which nothing is accepted.
const PATIENCE: Duration = Duration::from_secs(60);

/// How events are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// One `PublishStream`, as fast as it takes them.
    Stream,
    /// One `PublishStream`, so many a second.
    Paced(NonZeroU32),
    /// `Publish` from [`CALLERS`] at once.
    Unary,
    /// `POST /v1/events` from [`CALLERS`] at once.
    Rest,
}

/// Where to publish, and as whom.
#[derive(Clone, Debug)]
pub(crate) struct Entrance {
    /// gRPC, as `http://host:port`.
    pub(crate) grpc: String,
    /// REST, likewise.
    pub(crate) rest: String,
    /// An operator's key.
    pub(crate) key: String,
    pub(crate) http: reqwest::Client,
}

/// The events of a run.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    pub(crate) payload: Payload,
    /// Ids, by number.
    pub(crate) tenants: Arc<[String]>,
    pub(crate) book: Arc<Book>,
}

impl Events {
    fn tenant(&self, event: usize) -> &str {
        self.tenants.get(self.book.route.tenant(event)).map(String::as_str).unwrap_or_default()
    }

    fn request(&self, event: usize) -> PublishRequest {
        self.book.sent(event);
        PublishRequest {
            tenant: self.tenant(event).to_owned(),
            r#type: event_type(&self.book.route, event),
            data: self.data(event),
            ..Default::default()
        }
    }

    fn data(&self, event: usize) -> bytes::Bytes {
        self.payload.numbered(Number { run: self.book.run, event })
    }
}

/// The type of an event: where webhooks take turns, each has one of its own.
pub(crate) fn event_type(route: &Route, event: usize) -> String {
    match route {
        Route::InTurn(_) => type_of(route.webhook(event, 0)),
        Route::Everyone(_) | Route::Tenants { .. } => "load.measured".to_owned(),
    }
}

/// The type that the webhook `webhook` subscribes to where webhooks take turns.
pub(crate) fn type_of(webhook: usize) -> String {
    format!("load.turn-{webhook}")
}

/// Publishes all of `events`; returns when each is accepted.
///
/// # Errors
/// What the server refused for good, or that it accepts nothing for a minute.
pub(crate) async fn publish(entrance: &Entrance, way: Way, events: &Events) -> Result<(), String> {
    match way {
        Way::Stream => stream::publish(entrance, events, None).await,
        Way::Paced(per_second) => stream::publish(entrance, events, Some(per_second)).await,
        Way::Unary => calls::unary(entrance, events).await,
        Way::Rest => calls::rest(entrance, events).await,
    }
}

impl Entrance {
    fn channel(&self) -> Result<Channel, String> {
        let endpoint = Endpoint::from_shared(self.grpc.clone()).map_err(|error| error.to_string())?;
        let endpoint =
            endpoint.tcp_nodelay(true).initial_stream_window_size(1 << 20).initial_connection_window_size(1 << 22);
        Ok(endpoint.connect_timeout(Duration::from_secs(5)).connect_lazy())
    }

    fn client(&self) -> Result<PublisherClient<Channel>, String> {
        Ok(PublisherClient::new(self.channel()?))
    }

    fn authorization(&self) -> Result<MetadataValue<Ascii>, String> {
        format!("Bearer {}", self.key).parse().map_err(|_| "the key does not fit a header".to_owned())
    }

    fn request<T>(&self, message: T) -> Result<Request<T>, String> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.authorization()?);
        Ok(request)
    }
}

/// Whether it may or may not have been stored, so that it is sent again.
fn is_open(code: Code) -> bool {
    matches!(code, Code::Unavailable | Code::DeadlineExceeded)
}
