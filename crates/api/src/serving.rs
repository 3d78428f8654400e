//! Connections: accepted, perhaps with TLS, and served over HTTP/1.1 or HTTP/2.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::context::Shared;

/// After a connection that could not be accepted: most likely there are too many, and trying at once would only spin.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(100);
/// So many in a row are no passing trouble.
const FAILED_ACCEPTS: u32 = 100;
/// The least that hyper takes as a limit for the head of a request.
const LEAST_HEAD: usize = 8 * 1024;

/// Serves `router` until `stop`; then takes no more connections and ends those that there are, each after its answers.
pub(crate) async fn serve(
    context: &Shared,
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    router: Router,
    stop: &CancellationToken,
) -> io::Result<()> {
    let tls = tls.map(TlsAcceptor::from);
    let connections = TaskTracker::new();
    // If this future is dropped, connections must not go on.
    let closing = stop.child_token();
    let _close = closing.clone().drop_guard();
    let room = Arc::new(Semaphore::new(context.config.max_connections.get()));
    let accepting = async {
        loop {
            // Never closed, so a permit comes.
            let permit = Arc::clone(&room).acquire_owned().await;
            let stream = accept(context, &listener).await?;
            let connection = Connection {
                context: Arc::clone(context),
                tls: tls.clone(),
                router: router.clone(),
                closing: closing.clone(),
            };
            connections.spawn(async move {
                connection.serve(stream).await;
                drop(permit);
            });
        }
    };
    let outcome = stop.run_until_cancelled(accepting).await;
    closing.cancel();
    connections.close();
    connections.wait().await;
    outcome.unwrap_or(Ok(()))
}

async fn accept(context: &Shared, listener: &TcpListener) -> io::Result<TcpStream> {
    let mut failures = 0;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are small and whole; waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) if failures >= FAILED_ACCEPTS => return Err(error),
            Err(error) => {
                failures += 1;
                tracing::warn!(%error, "connection was not accepted");
                context.clock.sleep(AFTER_FAILED_ACCEPT).await;
            }
        }
    }
}

struct Connection {
    context: Shared,
    tls: Option<TlsAcceptor>,
    router: Router,
    closing: CancellationToken,
}

impl Connection {
    async fn serve(self, stream: TcpStream) {
        let Some(tls) = &self.tls else { return self.serve_http(stream).await };
        let limit = self.context.config.header_timeout;
        tokio::select! {
            handshake = tls.accept(stream) => match handshake {
                Ok(stream) => self.serve_http(stream).await,
                Err(error) => tracing::debug!(%error, "tls handshake failed"),
            },
            () = self.context.clock.sleep(limit) => tracing::debug!("tls handshake took too long"),
            () = self.closing.cancelled() => {}
        }
    }

    async fn serve_http(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let config = &self.context.config;
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(config.header_timeout)
            .max_buf_size(config.max_head.get().max(LEAST_HEAD))
            // A client that says no more may still want its answer.
            .half_close(true);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(config.max_head.get()).unwrap_or(u32::MAX))
            .keep_alive_interval(config.header_timeout)
            .keep_alive_timeout(config.header_timeout);
        let asked = Arc::new(AtomicBool::new(false));
        let note = Arc::clone(&asked);
        let service = TowerToHyperService::new(self.router.clone().map_request(move |request: Request<Incoming>| {
            note.store(true, Ordering::Relaxed);
            request
        }));
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let served = tokio::select! {
            served = connection.as_mut() => served,
            // Which protocol is spoken is told by the first bytes, which nothing else sets a limit to.
            () = self.silence(&asked) => return tracing::debug!("no request came in time"),
            () = self.closing.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "connection ended early");
        }
    }

    /// Ends if nothing is `asked` for as long as a client may take for that.
    async fn silence(&self, asked: &AtomicBool) {
        self.context.clock.sleep(self.context.config.header_timeout).await;
        if asked.load(Ordering::Relaxed) {
            pending::<()>().await;
        }
    }
}
