//! The receivers: lean HTTP/1.1 servers on a thread of their own, which share two cores with what is measured. They read no
//! JSON and keep no bodies.

mod connection;
mod signature;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::book::Book;

/// The name of the receivers' threads, by which their CPU is told apart.
pub(crate) const THREAD: &str = "receiver";
/// Signatures of one in so many events are checked.
const SAMPLED: usize = 100;
/// Webhooks beyond so many share listeners.
pub(crate) const MOST_LISTENERS: usize = 16;

/// Receivers for a number of webhooks, each on a port of its own while there are few. They end when this is dropped.
#[derive(Debug)]
pub(crate) struct Receivers {
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
    _serving: JoinSet<()>,
}

/// What all connections see.
#[derive(Debug, Default)]
struct Shared {
    book: RwLock<Option<Arc<Book>>>,
    /// By webhook.
    secrets: RwLock<Arc<[Vec<u8>]>>,
}

impl Receivers {
    /// Listens, on threads of `runtime`.
    pub(crate) async fn start(webhooks: usize, runtime: &Handle) -> Self {
        let shared = Arc::new(Shared::default());
        let mut serving = JoinSet::new();
        let mut addresses = Vec::new();
        for _ in 0..webhooks.clamp(1, MOST_LISTENERS) {
            let shared = Arc::clone(&shared);
            let (told, address) = tokio::sync::oneshot::channel();
            let listening = async move {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
                let _ = told.send(listener.local_addr().expect("a listener has an address"));
                accept(listener, shared).await;
            };
            serving.spawn_on(listening, runtime);
            addresses.push(address.await.expect("a listener tells its address"));
        }
        Self { addresses, shared, _serving: serving }
    }

    /// Where the webhook `webhook` is, as delivery `slot` of its events.
    pub(crate) fn url(&self, webhook: usize, slot: usize) -> String {
        // There is at least one address.
        let address = self
            .addresses
            .iter()
            .cycle()
            .nth(webhook % self.addresses.len())
            .map_or_else(String::new, SocketAddr::to_string);
        format!("http://{address}/{slot}/{webhook}")
    }

    /// The webhooks' secrets, in order: what stands after `whsec_`, decoded.
    pub(crate) fn know(&self, secrets: Vec<Vec<u8>>) {
        *self.shared.secrets.write().unwrap_or_else(PoisonError::into_inner) = secrets.into();
    }

    /// Writes into `book` from now on.
    pub(crate) fn write_into(&self, book: Arc<Book>) {
        *self.shared.book.write().unwrap_or_else(PoisonError::into_inner) = Some(book);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let _ = stream.set_nodelay(true);
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    // A client that breaks off is seen by the delivery that is missing.
                    let _ = connection::serve(stream, &shared).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
