//! What a Service of Kubernetes is to a connection.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Passes each new connection on to the next of its endpoints. One that is open stays where it is, whatever becomes of the
/// endpoints; without any, connections are closed at once.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    endpoints: Arc<Mutex<Vec<String>>>,
    passing: JoinHandle<()>,
}

impl Balancer {
    /// Listens on an address of its own, without endpoints yet.
    ///
    /// # Panics
    /// If there is none to be had.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("an address");
        let address = listener.local_addr().expect("it has one");
        let endpoints = Arc::new(Mutex::new(Vec::new()));
        let passing = tokio::spawn(pass(listener, Arc::clone(&endpoints)));
        Self { address, endpoints, passing }
    }

    /// Where it listens, as `http://host:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Who gets connections from now on, as `host:port`.
    pub fn set(&self, endpoints: Vec<String>) {
        *self.endpoints.lock().unwrap_or_else(PoisonError::into_inner) = endpoints;
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.passing.abort();
    }
}

async fn pass(listener: TcpListener, endpoints: Arc<Mutex<Vec<String>>>) {
    let mut connections = JoinSet::new();
    for turn in 0.. {
        let Ok((mut client, _)) = listener.accept().await else { return };
        while connections.try_join_next().is_some() {}
        let endpoint = {
            let endpoints = endpoints.lock().unwrap_or_else(PoisonError::into_inner);
            turn_of(&endpoints, turn)
        };
        connections.spawn(async move {
            let Some(endpoint) = endpoint else { return };
            let Ok(mut server) = TcpStream::connect(endpoint).await else { return };
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            let _ = copy_bidirectional(&mut client, &mut server).await;
        });
    }
}

fn turn_of(endpoints: &[String], turn: usize) -> Option<String> {
    endpoints.get(turn.checked_rem(endpoints.len())?).cloned()
}
