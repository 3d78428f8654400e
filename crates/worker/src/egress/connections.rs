//! Connections to receivers: dialled when one is needed, kept open for a while for the next request.
//!
//! The pool is our own: hyper-util's client prepares a whole dialling for each request, whether it needs one or not, and takes
//! a box, a checkout and several copies of the URL on the way, a tenth of the worker's CPU.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::attempt::AttemptError;
use futures::FutureExt;
use futures::future::{BoxFuture, Either, Ready, ready};
use http::header::HOST;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};
use tower::Service;

use super::errors;
use super::resolver::GuardedResolver;
use super::target::Target;

type Body = Full<Bytes>;
pub(super) type Connector = HttpsConnector<HttpConnector<GuardedResolver>>;

/// Connections to all receivers.
pub(super) struct Connections {
    connector: Connector,
    pool: Arc<Pool>,
}

type Outcome = Result<(Response<Incoming>, Busy), AttemptError>;

impl Connections {
    /// At most `most_idle` connections wait for a request, for each origin, and for `idle_for`, or half of it longer at most.
    pub(super) fn new(connector: Connector, most_idle: usize, idle_for: Duration) -> Self {
        Self { connector, pool: Arc::new(Pool { most_idle, idle_for, open: Mutex::default() }) }
    }

    /// Sends `request`, whose URL and host are filled in here. The answer's body is read before [`Busy`] is dropped.
    ///
    /// Where a connection waits, the request is on its way before the future is looked at, which therefore has no room for it.
    pub(super) fn send<'a>(
        &'a self,
        target: &'a Target,
        request: Request<Body>,
    ) -> impl Future<Output = Outcome> + use<'a> {
        let waiting = self.pool.lock().take(target.origin());
        match waiting {
            Some(sender) => {
                let (answering, sender) = sender.send(target, request);
                Either::Left(answering.then(move |answer| self.or_anew(target, answer, sender)))
            }
            None => Either::Right(self.send_anew(target, request).boxed()),
        }
    }

    /// What came on a connection that had waited; if it was closed before anything was sent, another is dialled.
    fn or_anew<'a>(
        &'a self,
        target: &'a Target,
        answer: Answer,
        sender: Option<http1::SendRequest<Body>>,
    ) -> Either<Ready<Outcome>, BoxFuture<'a, Outcome>> {
        match answer {
            Ok(response) => Either::Left(ready(Ok(self.answered(target, response, sender)))),
            // The request comes back if nothing of it was sent.
            Err(mut error) => match error.take_message() {
                Some(unsent) => {
                    self.pool.lock().forget_shared(target.origin());
                    Either::Right(self.send_anew(target, unsent).boxed())
                }
                None => Either::Left(ready(Err(broken(&error.into_error())))),
            },
        }
    }

    /// Boxed by who calls it: dialling takes much more room than what usually happens.
    async fn send_anew(&self, target: &Target, request: Request<Body>) -> Outcome {
        let (answering, sender) = self.dial(target).await?.send(target, request);
        let response = answering.await.map_err(|error| broken(&error.into_error()))?;
        Ok(self.answered(target, response, sender))
    }

    fn answered(
        &self,
        target: &Target,
        response: Response<Incoming>,
        sender: Option<http1::SendRequest<Body>>,
    ) -> (Response<Incoming>, Busy) {
        let origin = Arc::clone(target.origin());
        (response, Busy { back: sender.map(|sender| (sender, origin, Arc::clone(&self.pool))) })
    }

    async fn dial(&self, target: &Target) -> Result<Sender, AttemptError> {
        let mut connector = self.connector.clone();
        let connecting = async {
            poll_fn(|context| connector.poll_ready(context)).await?;
            connector.call(target.uri().clone()).await
        };
        let stream = connecting.await.map_err(|error| errors::classify(&*error, true))?;
        if stream.connected().is_negotiated_h2() {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder.timer(TokioTimer::new());
            let (sender, connection) = builder.handshake(stream).await.map_err(|error| broken(&error))?;
            tokio::spawn(connection);
            return Ok(Sender::Http2(self.share(target, sender)));
        }
        let mut builder = http1::Builder::new();
        builder.title_case_headers(true);
        let (sender, connection) = builder.handshake(stream).await.map_err(|error| broken(&error))?;
        // What goes wrong on it is told to whom it happens to.
        tokio::spawn(connection);
        Ok(Sender::Http1(sender))
    }

    /// Keeps a connection that any number of requests use at once, unless others have dialled one meanwhile.
    fn share(&self, target: &Target, sender: http2::SendRequest<Body>) -> Shared {
        let mut open = self.pool.lock();
        let origin = open.origins.entry(Arc::clone(target.origin())).or_default();
        match &mut origin.shared {
            Some(kept) if kept.sender.is_usable() => kept.sender.clone(),
            shared => {
                let sender = Shared { sender, doubted: Arc::default() };
                *shared = Some(Kept { sender: sender.clone(), since: Instant::now() });
                self.pool.sweep(&mut open);
                sender
            }
        }
    }
}

fn broken(error: &hyper::Error) -> AttemptError {
    errors::classify(error, false)
}

/// Where a request goes in.
enum Sender {
    Http1(http1::SendRequest<Body>),
    Http2(Shared),
}

/// A connection that takes any number of requests at once.
#[derive(Clone)]
struct Shared {
    sender: http2::SendRequest<Body>,
    /// Whether somebody gave up waiting for an answer on it. Nothing else tells for a quarter of an hour that whoever was at its other
    /// end is gone without a word.
    doubted: Arc<AtomicBool>,
}

impl Shared {
    fn is_usable(&self) -> bool {
        !self.sender.is_closed() && !self.doubted.load(Ordering::Relaxed)
    }
}

/// Casts doubt on a connection if it is dropped before an answer came.
struct Waiting {
    doubted: Arc<AtomicBool>,
    is_over: bool,
}

impl Waiting {
    fn end(mut self) {
        self.is_over = true;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.is_over {
            self.doubted.store(true, Ordering::Relaxed);
        }
    }
}

type Answer = Result<Response<Incoming>, TrySendError<Request<Body>>>;

impl Sender {
    /// The answer to come, and the sender if it takes one request at a time.
    fn send(
        self,
        target: &Target,
        mut request: Request<Body>,
    ) -> (impl Future<Output = Answer> + use<>, Option<http1::SendRequest<Body>>) {
        match self {
            Self::Http1(mut sender) => {
                *request.uri_mut() = target.path().clone();
                request.headers_mut().insert(HOST, target.host().clone());
                (Either::Left(sender.try_send_request(request)), Some(sender))
            }
            Self::Http2(Shared { mut sender, doubted }) => {
                *request.uri_mut() = target.uri().clone();
                request.headers_mut().remove(HOST);
                let waiting = Waiting { doubted, is_over: false };
                let answering = sender.try_send_request(request).inspect(move |_| waiting.end());
                (Either::Right(answering), None)
            }
        }
    }
}

/// A connection on which an answer comes. When it is dropped the connection waits for the next request, if it can have one.
pub(super) struct Busy {
    /// The connection, to whom it is, and where it waits; `None` for one that is shared, which waits all the time.
    back: Option<(http1::SendRequest<Body>, Arc<str>, Arc<Pool>)>,
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some((sender, origin, pool)) = self.back.take().filter(|(sender, ..)| !sender.is_closed()) {
            pool.put(origin, sender);
        }
    }
}

/// Connections that are open.
struct Pool {
    most_idle: usize,
    idle_for: Duration,
    open: Mutex<Open>,
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(self: &Arc<Self>, origin: Arc<str>, sender: http1::SendRequest<Body>) {
        let mut open = self.lock();
        let idle = &mut open.origins.entry(origin).or_default().idle;
        if idle.len() >= self.most_idle {
            idle.retain(|kept| !kept.sender.is_closed());
        }
        if idle.len() < self.most_idle {
            idle.push(Kept { sender, since: Instant::now() });
        }
        self.sweep(&mut open);
    }

    /// Sees to it that what waits too long is closed.
    fn sweep(self: &Arc<Self>, open: &mut Open) {
        if open.swept {
            return;
        }
        // Without a runtime all ends anyway.
        let Ok(runtime) = Handle::try_current() else { return };
        open.swept = true;
        let (pool, idle_for) = (Arc::downgrade(self), self.idle_for);
        runtime.spawn(async move {
            loop {
                sleep(idle_for / 2).await;
                let Some(pool) = pool.upgrade() else { return };
                let mut open = pool.lock();
                open.close_old(idle_for);
                if open.origins.is_empty() {
                    open.swept = false;
                    return;
                }
            }
        });
    }
}

/// What is open.
#[derive(Default)]
struct Open {
    origins: HashMap<Arc<str>, Origin>,
    /// Whether somebody looks for what waits too long.
    swept: bool,
}

/// What is open to one scheme, host and port.
#[derive(Default)]
struct Origin {
    /// Those that wait, the one that has waited longest first.
    idle: Vec<Kept<http1::SendRequest<Body>>>,
    /// One that takes any number of requests at once.
    shared: Option<Kept<Shared>>,
}

struct Kept<S> {
    sender: S,
    /// When it was last used.
    since: Instant,
}

impl Open {
    fn take(&mut self, origin: &Arc<str>) -> Option<Sender> {
        let origin = self.origins.get_mut(origin)?;
        if let Some(shared) = origin.shared.as_mut().filter(|shared| shared.sender.is_usable()) {
            shared.since = Instant::now();
            return Some(Sender::Http2(shared.sender.clone()));
        }
        // The one that was used last: those that are not needed grow old and are closed. One whose last answer's rest is still
        // on its way is not ready.
        let place = origin.idle.iter().rposition(|kept| kept.sender.is_ready())?;
        Some(Sender::Http1(origin.idle.remove(place).sender))
    }

    /// No further request goes to the shared connection.
    fn forget_shared(&mut self, origin: &Arc<str>) {
        if let Some(origin) = self.origins.get_mut(origin) {
            origin.shared = None;
        }
    }

    fn close_old(&mut self, idle_for: Duration) {
        self.origins.retain(|_, origin| {
            origin.idle.retain(|kept| kept.since.elapsed() < idle_for && !kept.sender.is_closed());
            origin.shared.take_if(|kept| kept.since.elapsed() >= idle_for || !kept.sender.is_usable());
            !origin.idle.is_empty() || origin.shared.is_some()
        });
    }
}
