//! Receivers on a free port that show the very bytes which were posted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::soon;

/// What a receiver does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Writes these bytes, and reads on.
    Bytes(Vec<u8>),
    /// Writes these bytes, and then the same again and again.
    Endless(Vec<u8>),
    /// Writes these bytes, and then nothing; the connection stays open.
    Hang(Vec<u8>),
    /// Writes these bytes and closes the connection.
    Close(Vec<u8>),
}

impl Reply {
    /// An answer of this status, with a body and further header lines.
    pub fn status(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Bytes(format!("HTTP/1.1 {status} Any\r\nContent-Length: {length}\r\n{headers}\r\n{body}").into_bytes())
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Everything before the body, as text.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Seen {
    /// The value of the header that is spelled exactly so.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// A receiver and what it has seen.
pub struct Receiver {
    pub address: SocketAddr,
    seen: Mutex<mpsc::UnboundedReceiver<Seen>>,
    count: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    closed: watch::Receiver<usize>,
    _serving: JoinSet<()>,
}

impl Receiver {
    /// A receiver that answers its n-th request (from 0) with `reply(n, request)`.
    pub async fn start(reply: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve(None, Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)), reply).await
    }

    /// A receiver that answers 200, one request for each permit that it is given.
    pub async fn patient() -> (Self, Arc<Semaphore>) {
        let gate = Arc::new(Semaphore::new(0));
        (Self::serve(None, Arc::clone(&gate), |_, _| Reply::status(200, "", "")).await, gate)
    }

    /// The same behind TLS.
    pub async fn start_tls(
        tls: tokio_rustls::TlsAcceptor,
        reply: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(tls), Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)), reply).await
    }

    /// A receiver that answers each request with this status.
    pub async fn answering(status: u16) -> Self {
        Self::start(move |_, _| Reply::status(status, "", "")).await
    }

    async fn serve(
        tls: Option<tokio_rustls::TlsAcceptor>,
        gate: Arc<Semaphore>,
        reply: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (sender, seen) = mpsc::unbounded_channel();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        let (closing, closed) = watch::channel(0);
        let reply = Arc::new(reply);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((connection, _)) = listener.accept().await {
                let (sender, counted, reply, tls) = (sender.clone(), counted.clone(), reply.clone(), tls.clone());
                let (gate, closing) = (Arc::clone(&gate), closing.clone());
                accepted.fetch_add(1, Ordering::SeqCst);
                talks.spawn(async move {
                    let answer = |seen: Seen| {
                        let reply = reply(counted.fetch_add(1, Ordering::SeqCst), &seen);
                        let _ = sender.send(seen);
                        reply
                    };
                    match tls {
                        None => talk(connection, &gate, answer).await,
                        Some(tls) => {
                            if let Ok(connection) = tls.accept(connection).await {
                                talk(connection, &gate, answer).await;
                            }
                        }
                    }
                    closing.send_modify(|closed| *closed += 1);
                });
            }
        });
        Self { address, seen: Mutex::new(seen), count, connections, closed, _serving: serving }
    }

    /// The URL of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next request, when it is here.
    pub async fn next(&self) -> Seen {
        soon(async { self.seen.lock().await.recv().await.expect("the receiver runs") }).await
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until so many connections have ended.
    pub async fn closed(&self, number: usize) {
        let mut closed = self.closed.clone();
        soon(closed.wait_for(|closed| *closed >= number)).await.expect("the receiver runs");
    }

    /// How many requests there have been.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

async fn talk(mut connection: impl AsyncRead + AsyncWrite + Unpin, gate: &Semaphore, answer: impl Fn(Seen) -> Reply) {
    while let Some(seen) = request(&mut connection).await {
        let reply = answer(seen);
        gate.acquire().await.expect("never closed").forget();
        match reply {
            Reply::Bytes(bytes) => {
                if connection.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Reply::Close(bytes) => {
                let _ = connection.write_all(&bytes).await;
                let _ = connection.shutdown().await;
                return;
            }
            Reply::Hang(bytes) => {
                let _ = connection.write_all(&bytes).await;
                let _ = connection.read_u8().await;
                return;
            }
            Reply::Endless(bytes) => while connection.write_all(&bytes).await.is_ok() {},
        }
    }
}

/// Reads one request, whose body has the length that it says.
async fn request(connection: &mut (impl AsyncRead + Unpin)) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break String::from_utf8(bytes.drain(..end + 4).collect()).expect("headers are text");
        }
        if connection.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "))
        .map_or(0, |length| length.parse().expect("a length"));
    while bytes.len() < length {
        if connection.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen { head, body: bytes })
}
