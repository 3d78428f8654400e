//! The service on a real socket, over ports in memory.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test binary uses a part of it")]

#[path = "../../../intake/tests/fakes/mod.rs"]
pub mod fakes;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fanfare_ingest::{Config, Ingest, IngestError, Tls};
use fanfare_proto::v1::PublishRequest;
use fanfare_proto::v1::publisher_client::PublisherClient;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::Request;
use tonic::transport::{Channel, Endpoint};

use fakes::{OPERATOR, World};

/// What no test should ever wait for.
pub const LONG: Duration = Duration::from_secs(20);

pub struct Running {
    pub world: World,
    pub address: SocketAddr,
    pub stop: CancellationToken,
    pub service: JoinHandle<Result<(), IngestError>>,
}

impl Running {
    pub async fn start() -> Self {
        Self::with(World::new().await, Config::default(), None).await
    }

    pub async fn with(world: World, config: Config, tls: Option<Tls>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let stop = CancellationToken::new();
        let ingest = Ingest::new(config, tls, Arc::clone(&world.intake));
        let service = tokio::spawn(ingest.run(listener, stop.clone()));
        Self { world, address, stop, service }
    }

    /// Lets the world's clock run from now on.
    pub fn let_time_pass(&self) {
        let clock = self.world.clock.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                clock.advance(Duration::from_millis(1));
            }
        });
    }

    pub async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).expect("an address");
        endpoint.connect().await.expect("connected")
    }

    pub async fn client(&self) -> PublisherClient<Channel> {
        PublisherClient::new(self.channel().await).max_encoding_message_size(64 * 1024 * 1024)
    }
}

pub fn with_key<T>(message: T, key: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().expect("ascii"));
    request
}

pub fn as_operator<T>(message: T) -> Request<T> {
    with_key(message, OPERATOR)
}

pub fn event() -> PublishRequest {
    PublishRequest {
        tenant: "acme".to_owned(),
        r#type: "order.paid".to_owned(),
        data: "{\"amount\": 5}".into(),
        ..PublishRequest::default()
    }
}

pub fn with_id(id: impl Into<String>) -> PublishRequest {
    PublishRequest { id: id.into(), ..event() }
}

pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, future).await.expect("in time")
}

/// Waits until `condition` holds.
pub async fn until(condition: impl Fn() -> bool) {
    soon(async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
