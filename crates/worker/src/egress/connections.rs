//! Connections to receivers: dialled when one is needed, kept open for a while for the next request.
//!
//! The pool is our own: hyper-util's client prepares a whole dialling for each request, whether it needs one or not, and takes
//! a box, a checkout and several copies of the URL on the way, a tenth of the worker's CPU.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::attempt::AttemptError;
use futures::future::Either;
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

/// The pool.
pub(super) struct Connections {
    connector: Connector,
    /// How many wait for a request at most, for each origin.
    most_idle: usize,
    /// How long they wait; half of it longer at most.
    idle_for: Duration,
    open: Arc<Mutex<Open>>,
}

impl Connections {
    pub(super) fn new(connector: Connector, most_idle: usize, idle_for: Duration) -> Self {
        Self { connector, most_idle, idle_for, open: Arc::default() }
    }

    /// Sends `request`, whose URL and host are filled in here. The answer's body is read before [`Busy`] is dropped.
    pub(super) fn send(
        &self,
        target: &Target,
        request: Request<Body>,
    ) -> impl Future<Output = Result<(Response<Incoming>, Busy), AttemptError>> {
        let waiting = self.lock().take(target.origin());
        let sent = match waiting {
            Some(sender) => Ok(sender.send(target, request)),
            None => Err(request),
        };
        async move {
            let unsent = match sent {
                Ok((answering, sender)) => match answering.await {
                    Ok(response) => return Ok(self.answered(target, response, sender)),
                    // Without the request it had been sent, or a part of it.
                    Err(mut error) => match error.take_message() {
                        Some(unsent) => {
                            self.lock().forget_shared(target.origin());
                            unsent
                        }
                        None => return Err(broken(&error.into_error())),
                    },
                },
                Err(unsent) => unsent,
            };
            // Dialling takes much more room than what usually happens.
            Box::pin(self.send_anew(target, unsent)).await
        }
    }

    async fn send_anew(
        &self,
        target: &Target,
        request: Request<Body>,
    ) -> Result<(Response<Incoming>, Busy), AttemptError> {
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
        (response, Busy { back: sender.map(|sender| (sender, self.place(target))) })
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
    fn share(&self, target: &Target, sender: http2::SendRequest<Body>) -> http2::SendRequest<Body> {
        let mut open = self.lock();
        let origin = open.origins.entry(Arc::clone(target.origin())).or_default();
        match &mut origin.shared {
            Some(kept) if !kept.sender.is_closed() => kept.sender.clone(),
            shared => {
                *shared = Some(Kept { sender: sender.clone(), since: Instant::now() });
                self.place(target).sweep(&mut open);
                sender
            }
        }
    }

    fn place(&self, target: &Target) -> Place {
        Place {
            origin: Arc::clone(target.origin()),
            open: Arc::clone(&self.open),
            most_idle: self.most_idle,
            idle_for: self.idle_for,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        lock(&self.open)
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

fn broken(error: &hyper::Error) -> AttemptError {
    errors::classify(error, false)
}

/// Where a request goes in.
enum Sender {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

type Answered = Result<Response<Incoming>, TrySendError<Request<Body>>>;

impl Sender {
    /// The answer to come, and the sender if it takes one request at a time.
    fn send(
        self,
        target: &Target,
        mut request: Request<Body>,
    ) -> (impl Future<Output = Answered> + use<>, Option<http1::SendRequest<Body>>) {
        match self {
            Self::Http1(mut sender) => {
                *request.uri_mut() = target.path().clone();
                request.headers_mut().insert(HOST, target.host().clone());
                (Either::Left(sender.try_send_request(request)), Some(sender))
            }
            Self::Http2(mut sender) => {
                *request.uri_mut() = target.uri().clone();
                request.headers_mut().remove(HOST);
                (Either::Right(sender.try_send_request(request)), None)
            }
        }
    }
}

/// A connection on which an answer comes. When it is dropped the connection waits for the next request, if it can have one.
pub(super) struct Busy {
    /// `None` for one that is shared: that waits all the time.
    back: Option<(http1::SendRequest<Body>, Place)>,
}

impl Drop for Busy {
    fn drop(&mut self) {
        let Some((sender, place)) = self.back.take().filter(|(sender, _)| !sender.is_closed()) else { return };
        let mut open = lock(&place.open);
        place.put(&mut open, sender);
        place.sweep(&mut open);
    }
}

/// Where a connection belongs.
struct Place {
    origin: Arc<str>,
    open: Arc<Mutex<Open>>,
    most_idle: usize,
    idle_for: Duration,
}

impl Place {
    fn put(&self, open: &mut Open, sender: http1::SendRequest<Body>) {
        let idle = &mut open.origins.entry(Arc::clone(&self.origin)).or_default().idle;
        if idle.len() >= self.most_idle {
            idle.retain(|kept| !kept.sender.is_closed());
        }
        if idle.len() < self.most_idle {
            idle.push(Kept { sender, since: Instant::now() });
        }
    }

    /// Sees to it that what waits too long is closed.
    fn sweep(&self, open: &mut Open) {
        if open.swept {
            return;
        }
        // Without a runtime all ends anyway.
        let Ok(runtime) = Handle::try_current() else { return };
        open.swept = true;
        let (open, idle_for) = (Arc::downgrade(&self.open), self.idle_for);
        runtime.spawn(async move {
            loop {
                sleep(idle_for / 2).await;
                let Some(open) = open.upgrade() else { return };
                let mut open = lock(&open);
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
    shared: Option<Kept<http2::SendRequest<Body>>>,
}

struct Kept<S> {
    sender: S,
    /// When it was last used.
    since: Instant,
}

impl Open {
    fn take(&mut self, origin: &Arc<str>) -> Option<Sender> {
        let origin = self.origins.get_mut(origin)?;
        if let Some(shared) = origin.shared.as_mut().filter(|shared| !shared.sender.is_closed()) {
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
            origin.shared.take_if(|kept| kept.since.elapsed() >= idle_for || kept.sender.is_closed());
            !origin.idle.is_empty() || origin.shared.is_some()
        });
    }
}
