//! Signing and posting on connections such as the worker has, to a receiver as in all cases.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use fanfare_domain::signature::HmacSecret;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::{Used, records};
use crate::book::{Book, Manner, Route};
use crate::context::Context;
use crate::payload::{Number, Payload};
use crate::receive::Receivers;

/// As many as a worker posts to one webhook at once.
const AT_ONCE: usize = 64;
const SECRET: [u8; 32] = [9; 32];

/// Posts `number` events of `size` bytes.
pub(super) async fn post(context: &Context, number: usize, size: usize) -> Result<Used, String> {
    let receivers = Receivers::start(1, &context.receiving).await;
    receivers.know(vec![SECRET.into()]);
    let book = Book::new(0, number, Route::Everyone(1), [Manner::Takes].into());
    receivers.write_into(Arc::clone(&book));
    let url: Uri = receivers.url(0, 0).parse().map_err(|error| format!("the receiver's URL: {error}"))?;
    let host = url.authority().map_or_else(String::new, |authority| authority.to_string());
    let poster = Arc::new(Poster {
        path: url.path_and_query().cloned().map_or_else(Uri::default, Uri::from),
        host_header: HeaderValue::from_str(&host).map_err(|error| error.to_string())?,
        host,
        secret: HmacSecret::make_whsec(&SECRET),
        payload: Payload::of(size),
    });
    let used = Used::by(number, None, post_all(&poster, number)).await?;
    let bad = book.counts.bad_signatures.load(Relaxed);
    match (book.counts.taken.load(Relaxed), bad) {
        (taken, 0) if taken == number as u64 => Ok(used),
        (taken, bad) => Err(format!("of {number} posts {taken} arrived, and {bad} signatures were wrong")),
    }
}

async fn post_all(poster: &Arc<Poster>, number: usize) -> Result<(), String> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut posting: JoinSet<Result<(), String>> = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (next, poster) = (Arc::clone(&next), Arc::clone(poster));
        posting.spawn(async move {
            let mut connection =
                poster.dial().await.map_err(|error| format!("the receiver is not reached: {error}"))?;
            loop {
                let event = next.fetch_add(1, Relaxed);
                if event >= number {
                    return Ok(());
                }
                poster.post(&mut connection, event).await?;
            }
        });
    }
    while let Some(done) = posting.join_next().await {
        done.map_err(|error| error.to_string())??;
    }
    Ok(())
}

struct Poster {
    /// Host and port.
    host: String,
    host_header: HeaderValue,
    path: Uri,
    secret: HmacSecret,
    payload: Payload,
}

impl Poster {
    async fn dial(&self) -> Result<SendRequest<Full<Bytes>>, Box<dyn Error + Send + Sync>> {
        let stream = TcpStream::connect(&self.host).await?;
        stream.set_nodelay(true)?;
        let mut builder = http1::Builder::new();
        let (sender, connection) = builder.title_case_headers(true).handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn post(&self, connection: &mut SendRequest<Full<Bytes>>, event: usize) -> Result<(), String> {
        let body = self.body(event);
        let seconds = records::NOW.as_seconds();
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(HOST, self.host_header.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("Fanfare/", env!("CARGO_PKG_VERSION"))));
        headers.insert(HeaderName::from_static("webhook-id"), HeaderValue::from_static(records::EVENT_ID));
        headers.insert(HeaderName::from_static("webhook-timestamp"), seconds.into());
        let signature = self.secret.sign_v1(records::EVENT_ID, seconds, &body);
        let signature = HeaderValue::try_from(signature).map_err(|error| error.to_string())?;
        headers.insert(HeaderName::from_static("webhook-signature"), signature);
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.clone();
        *request.headers_mut() = headers;
        connection.ready().await.map_err(|error| error.to_string())?;
        let answer = connection.send_request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        answer.into_body().collect().await.map_err(|error| error.to_string())?;
        if status.is_success() { Ok(()) } else { Err(format!("a post was answered with {status}")) }
    }

    /// The body that the standard profile makes.
    fn body(&self, event: usize) -> Bytes {
        let data = self.payload.numbered(Number { run: 0, event });
        let mut body = Vec::with_capacity(data.len() + 128);
        body.extend_from_slice(b"{\"id\":\"");
        body.extend_from_slice(records::EVENT_ID.as_bytes());
        body.extend_from_slice(b"\",\"type\":\"");
        body.extend_from_slice(records::EVENT_TYPE.as_bytes());
        body.extend_from_slice(b"\",\"timestamp\":\"2026-09-21T14:13:20.000Z\",\"data\":");
        body.extend_from_slice(&data);
        body.push(b'}');
        body.into()
    }
}
