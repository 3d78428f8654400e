//! The service's life.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use fanfare_intake::Intake;
use fanfare_proto::v1::publisher_server::PublisherServer;
use futures::{Stream, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding;
use tonic::transport::server::{Router, ServerTlsConfig, TcpIncoming};
use tonic::transport::{Certificate, Error as TransportError, Identity, Server};
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};
use tower::layer::util::{Identity as NoLayer, Stack};
use tower::util::MapResponseLayer;

use crate::answer;
use crate::config::{Config, Tls};
use crate::gathered::Gathered;
use crate::health;
use crate::publisher::{Calls, MESSAGE_BYTES, PublisherCalls};

const HEADER_BYTES: u32 = 16 * 1024;
const STREAM_WINDOW: u32 = 1024 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;
/// How long connections without calls are given to take the news that we stop.
const FAREWELL: Duration = Duration::from_secs(1);
/// After a connection that could not be accepted: most likely there are too many, and trying at once would only spin.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(100);

/// The gRPC service for publishers.
pub struct Ingest {
    config: Config,
    tls: Option<Tls>,
    intake: Arc<Intake>,
}

/// Why the service could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// Certificate, key or the clients' authority cannot be used.
    #[error("tls of grpc cannot be set up")]
    Tls(#[source] TransportError),
    /// The interface cannot be described.
    #[error("grpc reflection cannot be set up")]
    Reflection(#[source] tonic_reflection::server::Error),
    /// Serving ended.
    #[error("grpc cannot be served")]
    Serve(#[source] TransportError),
}

type Layers = Stack<MapResponseLayer<fn(Answered) -> Answered>, NoLayer>;
type Answered = http::Response<tonic::body::Body>;

impl Ingest {
    /// A service that publishes through `intake`, without TLS unless `tls` is given.
    #[must_use]
    pub fn new(config: Config, tls: Option<Tls>, intake: Arc<Intake>) -> Arc<Self> {
        Arc::new(Self { config, tls, intake })
    }

    /// What events cannot be accepted without, and is missing now.
    #[must_use]
    pub fn waits_for(&self) -> Vec<String> {
        self.intake.waits_for()
    }

    /// Serves on `listener` until `stop` fires. Then the service tells that it does not serve, takes no more connections
    /// and events, answers what it has, and returns within [`Config::drain`].
    ///
    /// # Errors
    /// [`IngestError`] if it cannot start or go on.
    pub async fn run(self: Arc<Self>, listener: TcpListener, stop: CancellationToken) -> Result<(), IngestError> {
        let closing = CancellationToken::new();
        // If this future is dropped, streams must not go on.
        let _close = closing.clone().drop_guard();
        let calls = Arc::new(Calls::new(
            Arc::clone(&self.intake),
            self.config.in_flight_bytes.get(),
            self.config.stream_bytes.get(),
            closing.clone(),
        ));
        let mut reporter = HealthReporter::new();
        health::set(&reporter, ServingStatus::NotServing).await;
        let router = self.router(Arc::clone(&calls), &reporter)?;
        let incoming = self.incoming(listener);
        let serving = router.serve_with_incoming_shutdown(incoming, closing.clone().cancelled_owned());
        tokio::pin!(serving);

        let follower = reporter.clone();
        let background = async {
            tokio::join!(self.intake.watch(&stop), health::follow(&follower, &self.intake, &stop));
        };
        tokio::pin!(background);
        tokio::select! {
            served = &mut serving => return served.map_err(IngestError::Serve),
            // It ends when `stop` fires.
            () = &mut background => {}
        }

        health::set(&reporter, ServingStatus::NotServing).await;
        health::end_watches(&mut reporter).await;
        closing.cancel();
        let answered = async {
            calls.tasks.close();
            calls.tasks.wait().await;
            self.intake.drain().await;
            // Answers are on their way; connections that nobody closes are not waited for.
            self.intake.clock().sleep(FAREWELL).await;
        };
        let ended = async {
            let served = tokio::select! {
                served = &mut serving => served,
                () = answered => Ok(()),
            };
            self.intake.drain().await;
            served.map_err(IngestError::Serve)
        };
        tokio::select! {
            ended = ended => ended,
            () = self.intake.clock().sleep(self.config.drain) => {
                tracing::warn!("calls were cut off at the end of the drain time");
                Ok(())
            }
        }
    }

    fn router(&self, calls: Arc<Calls>, reporter: &HealthReporter) -> Result<Router<Layers>, IngestError> {
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(fanfare_proto::DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let publisher = PublisherServer::new(PublisherCalls(calls))
            .accept_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(MESSAGE_BYTES);
        Ok(self
            .server()?
            .add_service(publisher)
            .add_service(HealthServer::new(HealthService::from_health_reporter(reporter.clone())))
            .add_service(reflection().build_v1().map_err(IngestError::Reflection)?)
            .add_service(reflection().build_v1alpha().map_err(IngestError::Reflection)?))
    }

    fn server(&self) -> Result<Server<Layers>, IngestError> {
        let mut server = Server::builder()
            .timeout(self.config.call_timeout)
            .max_concurrent_streams(self.config.calls_per_connection.get())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_max_header_list_size(HEADER_BYTES)
            .http2_keepalive_interval(Some(self.config.keepalive))
            .http2_keepalive_timeout(Some(self.config.keepalive_timeout));
        if let Some(tls) = &self.tls {
            server = server.tls_config(self.tls_config(tls)).map_err(IngestError::Tls)?;
        }
        let over_limit: fn(Answered) -> Answered = answer::over_limit_in_headers;
        Ok(server.layer(MapResponseLayer::new(over_limit)))
    }

    fn tls_config(&self, tls: &Tls) -> ServerTlsConfig {
        let config = ServerTlsConfig::new()
            .identity(Identity::from_pem(&tls.certificate, &tls.key))
            .timeout(self.config.keepalive_timeout);
        match &tls.client_ca {
            Some(authority) => config.client_ca_root(Certificate::from_pem(authority)),
            None => config,
        }
    }

    fn incoming(&self, listener: TcpListener) -> impl Stream<Item = io::Result<Gathered<TcpStream>>> + use<> {
        let clock = Arc::clone(self.intake.clock());
        TcpIncoming::from(listener).with_nodelay(Some(true)).then(move |accepted| {
            let clock = Arc::clone(&clock);
            async move {
                if let Err(error) = &accepted {
                    tracing::warn!(%error, "connection was not accepted");
                    clock.sleep(AFTER_FAILED_ACCEPT).await;
                }
                accepted.map(Gathered::new)
            }
        })
    }
}
