//! The way out: HTTP clients whose connections go only where they may.

mod connections;
mod direct;
mod errors;
mod proxied;
mod resolver;
mod target;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fanfare_domain::attempt::{AttemptError, KEPT_RESPONSE_BODY};
use fanfare_domain::target::TargetRules;
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::time::sleep;

use self::direct::Direct;
use self::proxied::Proxied;
pub(crate) use self::target::Target;
use crate::config::{Config, Egress};

/// Why the client cannot be made from the settings.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The proxy's URL is not one.
    #[error("egress proxy is not a URL such as http://proxy:3128 (FANFARE_EGRESS_PROXY)")]
    Proxy(#[source] reqwest::Error),
    /// The extra certificates cannot be read.
    #[error("extra CA file is not a list of PEM certificates (FANFARE_EXTRA_CA)")]
    ExtraCa(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The machine's resolver settings cannot be read.
    #[error("the system's DNS settings cannot be read")]
    Dns(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No certificates are trusted, or the cryptography is not there.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The TLS backend did not start.
    #[error("HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// At most [`KEPT_RESPONSE_BODY`] bytes, and only what came in time.
    pub(crate) body: Bytes,
}

/// How long an answer may take.
#[derive(Clone, Copy)]
pub(crate) struct Limit<'a> {
    length: Duration,
    watched: Option<&'a AtomicBool>,
}

impl<'a> Limit<'a> {
    /// So long, from the start.
    pub(crate) const fn of(length: Duration) -> Self {
        Self { length, watched: None }
    }

    /// So long from the start too, but nobody looks at the clock before `watched`: a timer that does not run yet costs nothing.
    /// Who sets it looks at what is posted once more.
    pub(crate) const fn once(length: Duration, watched: &'a AtomicBool) -> Self {
        Self { length, watched: Some(watched) }
    }

    fn is_watched(&self) -> bool {
        self.watched.is_none_or(|watched| watched.load(Ordering::Relaxed))
    }
}

/// Posts to receivers.
pub(crate) struct Poster {
    way: Way,
    rules: TargetRules,
}

enum Way {
    /// The usual one, on hyper's connections: with `reqwest` a request took 10 µs more of the worker's CPU, of 59.
    Direct(Box<Direct>),
    /// By `reqwest`, which knows what proxies want.
    Proxied(Proxied),
}

impl Poster {
    pub(crate) fn new(config: &Config, egress: Egress) -> Result<Self, EgressError> {
        let way = match &egress.proxy {
            Some(proxy) => Way::Proxied(Proxied::new(config, &egress, proxy)?),
            None => Way::Direct(Box::new(Direct::new(config, &egress)?)),
        };
        Ok(Self { way, rules: egress.rules })
    }

    /// Where connections may go.
    pub(crate) const fn rules(&self) -> &TargetRules {
        &self.rules
    }

    /// Posts `body` to `target` and reads the answer, all within `limit`. The answer is had with its status: a body that does
    /// not end in time, or breaks off, is kept as far as it came.
    pub(crate) async fn post(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
        limit: Limit<'_>,
    ) -> Result<Answer, AttemptError> {
        target.check_literal(&self.rules)?;
        let mut timer = pin!(sleep(limit.length));
        let over = poll_fn(|context| if limit.is_watched() { timer.as_mut().poll(context) } else { Poll::Pending });
        let answer = match &self.way {
            // Pinned here, since each function that it is handed to would keep room for it.
            Way::Direct(direct) => answer(pin!(direct.send(target, headers, body)), over).await,
            Way::Proxied(proxied) => Box::pin(answer(pin!(proxied.send(target, headers, body)), over)).await,
        };
        answer.unwrap_or(Err(AttemptError::TimedOut(limit.length)))
    }
}

/// The answer to what is sent, unless it is `over` before. What comes with the response is held until its body is read.
async fn answer<B, C>(
    sending: impl Future<Output = Result<(Response<B>, C), AttemptError>>,
    mut over: impl Future<Output = ()> + Unpin,
) -> Option<Result<Answer, AttemptError>>
where
    B: Body<Data = Bytes>,
{
    let sent = tokio::select! {
        biased;
        sent = sending => sent,
        () = &mut over => return None,
    };
    let (response, _connection) = match sent {
        Ok(answered) => answered,
        Err(error) => return Some(Err(error)),
    };
    let (head, body) = response.into_parts();
    Some(Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: read(body, over).await }))
}

/// Reads as much of a body as is kept. What is longer is left unread and its connection closed.
async fn read<B: Body<Data = Bytes>>(body: B, mut over: impl Future<Output = ()> + Unpin) -> Bytes {
    let mut body = pin!(body);
    let mut kept = BytesMut::new();
    while kept.len() < KEPT_RESPONSE_BODY && !body.is_end_stream() {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = &mut over => break,
        };
        match frame {
            Some(Ok(frame)) => kept.extend_from_slice(frame.data_ref().map_or(&[], |data| data)),
            Some(Err(_)) | None => break,
        }
    }
    kept.truncate(KEPT_RESPONSE_BODY);
    kept.freeze()
}
