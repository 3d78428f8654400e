//! A receiver of webhooks that writes down what arrives, with the bytes and the time, and answers as it is told.

mod connection;
mod log;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub use self::log::{Arrival, Log};
use crate::answer::Answer;
use crate::authority::{Authority, Certified};

/// Longest wait for something to arrive, where the test does not say.
const PATIENCE: Duration = Duration::from_secs(20);

/// A receiver on a port of its own. It ends when it is dropped, with all of its connections.
#[derive(Debug)]
pub struct Receiver {
    scheme: &'static str,
    address: SocketAddr,
    hook: Arc<Hook>,
    _serving: JoinSet<()>,
}

/// What a receiver's connections share.
#[derive(Debug)]
struct Hook {
    answers: Mutex<Answers>,
    log: Mutex<Log>,
    changed: watch::Sender<()>,
}

/// For the first, second, … arrival of each delivery; the last answers all further ones.
#[derive(Debug)]
struct Answers {
    all: Vec<Answer>,
    by_path: HashMap<String, Vec<Answer>>,
}

impl Receiver {
    /// A receiver that answers 200.
    pub async fn start() -> Self {
        Self::answering([200]).await
    }

    /// A receiver that answers the first, second, … attempt of each delivery like this, and all further ones like the last.
    ///
    /// # Panics
    /// If there are no answers, or no port is free.
    pub async fn answering<A: Into<Answer>>(answers: impl IntoIterator<Item = A>) -> Self {
        Self::serving("http", None, answers.into_iter().map(Into::into).collect()).await
    }

    /// A receiver over TLS with a certificate for `localhost` by an authority that nobody knows.
    pub async fn unknown() -> Self {
        Self::certified(&Authority::new().certify()).await
    }

    /// A receiver over TLS with this certificate for `localhost`.
    ///
    /// # Panics
    /// If certificate and key do not belong together.
    pub async fn certified(certified: &Certified) -> Self {
        let certificate = CertificateDer::from_pem_slice(certified.certificate.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(certified.key.as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has the usual versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("key and certificate belong together");
        Self::serving("https", Some(TlsAcceptor::from(Arc::new(config))), vec![Answer::status(200)]).await
    }

    async fn serving(scheme: &'static str, tls: Option<TlsAcceptor>, answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let answers = Mutex::new(Answers { all: answers, by_path: HashMap::new() });
        let hook = Arc::new(Hook { answers, log: Mutex::default(), changed: watch::Sender::new(()) });
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, tls, Arc::clone(&hook)));
        Self { scheme, address, hook, _serving: serving }
    }

    /// The URL of its hook.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at("/hook")
    }

    /// The URL of another path of it, such as `/hooks/1`.
    #[must_use]
    pub fn url_at(&self, path: &str) -> String {
        let host = if self.scheme == "https" { "localhost".to_owned() } else { self.address.ip().to_string() };
        format!("{}://{host}:{}{path}", self.scheme, self.address.port())
    }

    /// Answers like this from now on.
    pub fn answer<A: Into<Answer>>(&self, answers: impl IntoIterator<Item = A>) {
        let mut script = self.hook.answers.lock().unwrap_or_else(PoisonError::into_inner);
        script.all = answers.into_iter().map(Into::into).collect();
        script.by_path.clear();
    }

    /// Answers like this at `path`.
    pub fn answer_at<A: Into<Answer>>(&self, path: &str, answers: impl IntoIterator<Item = A>) {
        let answers = answers.into_iter().map(Into::into).collect();
        self.hook.answers.lock().unwrap_or_else(PoisonError::into_inner).by_path.insert(path.to_owned(), answers);
    }

    /// What has arrived so far. Holding it stops the receiver.
    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.hook.log()
    }

    /// Waits for `number` arrivals; gives all that there are then.
    ///
    /// # Panics
    /// If they have not come within 20 s.
    pub async fn arrivals(&self, number: usize) -> Vec<Arrival> {
        self.until(&format!("{number} arrivals"), PATIENCE, |log| log.arrivals().len() >= number).await;
        self.log().arrivals().to_vec()
    }

    /// Waits for one arrival.
    ///
    /// # Panics
    /// If none has come within 20 s.
    pub async fn arrival(&self) -> Arrival {
        self.arrivals(1).await.swap_remove(0)
    }

    /// Waits until `number` attempts have been answered.
    ///
    /// # Panics
    /// If they have not been within 20 s.
    pub async fn answered(&self, number: usize) -> Vec<Arrival> {
        let all = |log: &Log| log.arrivals().iter().filter(|arrival| arrival.answered.is_some()).count() >= number;
        self.until(&format!("{number} answered attempts"), PATIENCE, all).await;
        self.log().arrivals().to_vec()
    }

    /// Waits until `met`, asked after each change.
    ///
    /// # Panics
    /// If it is not within `limit`; the message says `what` was waited for.
    pub async fn until(&self, what: &str, limit: Duration, met: impl Fn(&Log) -> bool) {
        let mut changed = self.hook.changed.subscribe();
        let waiting = async {
            loop {
                changed.borrow_and_update();
                if met(&self.log()) {
                    return;
                }
                let _ = changed.changed().await;
            }
        };
        if tokio::time::timeout(limit, waiting).await.is_err() {
            panic!("not within {limit:?}: {what}; there were {}", self.log());
        }
    }
}

impl Hook {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes an arrival down; gives its place and the answer to it.
    fn arrived(&self, arrival: Arrival) -> (usize, Answer) {
        let path = arrival.path.clone();
        let (place, before) = self.log().push(arrival);
        self.changed.send_replace(());
        let script = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = script.by_path.get(&path).unwrap_or(&script.all);
        let answer = answers.get(before).or(answers.last()).expect("a receiver has an answer");
        (place, answer.clone())
    }

    fn answered(&self, place: usize, status: u16) {
        self.log().answered(place, status);
        self.changed.send_replace(());
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, hook: Arc<Hook>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => { connections.spawn(serve(stream, tls.clone(), Arc::clone(&hook))); }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, hook: Arc<Hook>) {
    let _ = stream.set_nodelay(true);
    // A client may go away at any time.
    let _ = match tls {
        None => connection::serve(stream, &hook).await,
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => connection::serve(stream, &hook).await,
            Err(error) => Err(error),
        },
    };
}
