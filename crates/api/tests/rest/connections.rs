//! What arrives over the wire, whole or not.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::ManualClock;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::harness::{OPERATOR, Service};

async fn exchange(service: &Service, request: &str) -> String {
    let mut stream = TcpStream::connect(service.address).await.expect("connects");
    stream.write_all(request.as_bytes()).await.expect("writes");
    stream.shutdown().await.expect("says that it is done");
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect("in time").expect("reads");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Moves the clock until `future` is done, which it has to be in time.
async fn while_time_passes<T>(clock: &ManualClock, future: impl Future<Output = T>) -> T {
    let passing = async {
        loop {
            clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let moved = async {
        tokio::select! {
            done = future => done,
            () = passing => unreachable!("it passes for ever"),
        }
    };
    tokio::time::timeout(Duration::from_secs(10), moved).await.expect("in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_cut_off_is_refused() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let request = format!(
        "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {OPERATOR}\r\nFanfare-Tenant: acme\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{\"type\":\"a\","
    );
    let answer = exchange(&service, &request).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert!(answer.contains("cut off"), "{answer}");
    assert!(service.call("GET", "/v1/events", None).await.ok(200)["data"].as_array().expect("rows").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_http_and_what_is_too_long_ends_the_connection() {
    let service = Service::start().await;
    assert!(exchange(&service, "nonsense\r\n\r\n").await.starts_with("HTTP/1.1 400 "));
    let head = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "x".repeat(200 * 1024));
    assert!(exchange(&service, &head).await.starts_with("HTTP/1.1 431 "));
    let alive = exchange(&service, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(alive.starts_with("HTTP/1.1 200 "), "{alive}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bug_is_answered_and_ends_nothing_else() {
    let service = Service::start().await;
    service.answer(service.request("GET", "/panics")).await.problem(500);
    service.answer(service.request("GET", "/healthz")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_takes_too_long_is_answered_all_the_same() {
    let clock = ManualClock::at(Timestamp::from_millis(1_800_000_000_000));
    let service = Service::on(Arc::new(clock.clone())).await;
    let hanging = service.answer(service.request("GET", "/hangs"));
    while_time_passes(&clock, hanging).await.problem(503);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_nothing_does_not_keep_a_place() {
    let clock = ManualClock::at(Timestamp::from_millis(1_800_000_000_000));
    let service = Service::on(Arc::new(clock.clone())).await;
    let mut asking = TcpStream::connect(service.address).await.expect("connects");
    let healthy = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut some = [0; 12];
    asking.write_all(healthy).await.expect("writes");
    asking.read_exact(&mut some).await.expect("an answer");
    for said in ["", "PRI * HT", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut silent = TcpStream::connect(service.address).await.expect("connects");
        silent.write_all(said.as_bytes()).await.expect("writes");
        let ended = async {
            let mut answer = Vec::new();
            // It may end with what it never read.
            let _ = silent.read_to_end(&mut answer).await;
        };
        while_time_passes(&clock, ended).await;
    }
    asking.write_all(healthy).await.expect("it is still there");
    asking.read_exact(&mut some).await.expect("an answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_may_be_encrypted() {
    let service = Service::start().await;
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let server = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("usable");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, fanfare_servers::free_port())).await.expect("binds");
    let address = listener.local_addr().expect("bound");
    let stop = CancellationToken::new();
    let serving = tokio::spawn(Arc::clone(&service.api).run(listener, Some(Arc::new(server)), stop.clone()));

    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).expect("a root");
    let client = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let stream = TcpStream::connect(address).await.expect("connects");
    let name = ServerName::try_from("localhost").expect("a name");
    let mut stream = connector.connect(name, stream).await.expect("shakes hands");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.expect("writes");
    let mut answer = Vec::new();
    // The server may leave without a farewell once it has answered.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 "));

    stop.cancel();
    serving.await.expect("no panic").expect("runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_does_not_keep_the_service_from_stopping() {
    let service = Service::start().await;
    let mut idle = TcpStream::connect(service.address).await.expect("connects");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("writes");
    let mut some = [0; 12];
    idle.read_exact(&mut some).await.expect("an answer");
    tokio::time::timeout(Duration::from_secs(10), service.stop()).await.expect("stops");
}
