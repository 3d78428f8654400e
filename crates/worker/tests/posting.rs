//! What exactly is posted, and what each answer comes to.

mod stage;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use fanfare_domain::delivery::{FailureReason, Settlement};
use fanfare_domain::event::TraceContext;
use fanfare_domain::journal::Follows;
use fanfare_domain::target::TargetRules;
use fanfare_worker::Egress;
use http::header::HOST;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use stage::{Receiver, Reply, Setting, Stage, secret};

const KEPT: usize = 16 * 1024;

fn failed(reason: FailureReason) -> Follows {
    Follows::Settled(Settlement::Failed(reason))
}

/// An acceptor for `localhost` and 127.0.0.1, and its certificate as PEM.
fn tls() -> (TlsAcceptor, Vec<u8>) {
    tls_for(&[])
}

/// The same, which speaks these protocols.
fn tls_for(protocols: &[&[u8]]) -> (TlsAcceptor, Vec<u8>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("a certificate");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("they belong together");
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    (TlsAcceptor::from(Arc::new(config)), cert.pem().into_bytes())
}

#[tokio::test]
async fn a_post_has_the_promised_headers_in_title_case_and_a_signature_that_verifies() {
    let stage = Stage::new().await;
    let receiver = Receiver::answering(204).await;
    let webhook = stage.webhook(1, receiver.url("/hook?a=b")).await;
    let mut event = stage.event("evt_1");
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    event.trace = TraceContext { parent: Some(parent.into()), state: None };
    stage.hand_in(&[stage.delivery(&event, &webhook)]).await;

    let seen = receiver.next().await;
    assert!(seen.head.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{}", seen.head);
    let body = br#"{"id":"evt_1","type":"order.paid","timestamp":"2023-11-14T22:13:20.123Z","data":{"amount":5}}"#;
    assert_eq!(String::from_utf8_lossy(&seen.body), String::from_utf8_lossy(body));
    assert_eq!(seen.header("Content-Length"), Some(body.len().to_string().as_str()));
    assert_eq!(seen.header("Host"), Some(receiver.address.to_string().as_str()));
    assert_eq!(seen.header("Content-Type"), Some("application/json"));
    assert_eq!(seen.header("User-Agent"), Some(concat!("Fanfare/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(seen.header("Traceparent"), Some(parent));
    assert_eq!(seen.header("Webhook-Id"), Some("evt_1"));
    assert!(!seen.head.to_ascii_lowercase().contains("transfer-encoding"), "{}", seen.head);

    let attempted = stage.attempted().await;
    assert_eq!(attempted.follows, Follows::Settled(Settlement::Success));
    assert!(!attempted.waited && !attempted.late && attempted.counts_for_health);
    let attempt = attempted.attempt.expect("one was made");
    let signed_at = seen.header("Webhook-Timestamp").expect("sent").parse::<i64>().expect("seconds");
    assert_eq!(signed_at, attempt.started.as_seconds(), "the start of the attempt is signed");
    let signature = seen.header("Webhook-Signature").expect("sent");
    secret().verify("evt_1", &seen.body, signature, signed_at, signed_at).expect("ours");
}

#[tokio::test]
async fn without_a_trace_none_is_sent() {
    let stage = Stage::new().await;
    let receiver = Receiver::answering(200).await;
    stage.outcome(receiver.url("/")).await;
    assert!(!receiver.next().await.head.to_ascii_lowercase().contains("trace"));
}

#[tokio::test]
async fn the_status_decides_what_follows() {
    let stage = Stage::new().await;
    let receiver = Receiver::start(|number, _| match number {
        0 => Reply::status(299, "", ""),
        1 => Reply::status(500, "", "no"),
        2 => Reply::status(410, "", ""),
        3 => Reply::status(302, "Location: /elsewhere\r\n", ""),
        _ => Reply::status(503, "Retry-After: 60\r\n", ""),
    })
    .await;
    let webhook = stage.webhook(1, receiver.url("/hook")).await;

    let mut outcomes = Vec::new();
    for number in 0..5 {
        stage.send(&format!("e{number}"), &webhook).await;
        outcomes.push(stage.attempted().await);
    }
    let errors: Vec<_> = outcomes.iter().map(|o| o.attempt.as_ref().expect("made").error.as_deref()).collect();
    let answered = ["answered 500", "answered 410", "answered 302", "answered 503"].map(Some);
    assert_eq!(errors, [&[None], &answered[..]].concat());
    assert_eq!(outcomes[0].follows, Follows::Settled(Settlement::Success));
    assert_eq!(outcomes[2].follows, failed(FailureReason::Gone));
    for retried in [1, 3, 4] {
        assert!(matches!(outcomes[retried].follows, Follows::Waiting { attempt: 2, .. }), "{:?}", outcomes[retried]);
    }
    let Follows::Waiting { due, .. } = outcomes[4].follows else { unreachable!() };
    let ended = outcomes[4].attempt.as_ref().expect("made").ended();
    assert_eq!(due.since(ended), Duration::from_secs(60), "as long as the receiver asked for");
    assert_eq!(&outcomes[1].attempt.as_ref().expect("made").response_body[..], b"no");
    for _ in 0..5 {
        assert!(receiver.next().await.head.starts_with("POST /hook "), "no redirect is followed");
    }
}

/// A stage on which a delivery is posted to a receiver that never answers, within `limit`; and the receiver.
async fn hanging(limit: Duration) -> (Stage, Receiver) {
    let stage = Stage::new().await;
    let receiver = Receiver::start(|_, _| Reply::Hang(Vec::new())).await;
    let mut webhook = stage::webhook(1, receiver.url("/"));
    webhook.timeout = Some(limit);
    stage.write(fanfare_ports::directory::Entry::Webhook(Box::new(webhook.clone()))).await;
    stage.send("e1", &webhook).await;
    (stage, receiver)
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_given_up_at_the_limit() {
    let (stage, _receiver) = hanging(Duration::from_millis(200)).await;
    let attempt = stage.attempted().await.attempt.expect("made");
    assert_eq!(attempt.error.as_deref(), Some("timeout: no answer within 200 ms"));
    assert_eq!(attempt.status, None);
    assert!((200..400).contains(&attempt.duration.as_millis()), "{:?}", attempt.duration);
}

#[tokio::test]
async fn a_limit_that_lies_after_the_record_was_let_go_holds_from_the_start() {
    let (stage, _receiver) = hanging(Duration::from_millis(1_200)).await;
    stage.parked().await;
    let attempt = stage.attempted().await.attempt.expect("made");
    assert_eq!(attempt.error.as_deref(), Some("timeout: no answer within 1200 ms"));
    assert!((1_200..1_500).contains(&attempt.duration.as_millis()), "{:?}", attempt.duration);
}

#[tokio::test]
async fn what_failed_is_called_by_its_name() {
    let stage = Stage::new().await;
    let unused = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
    let garbage = Receiver::start(|_, _| Reply::Close(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec())).await;
    let closing = Receiver::start(|_, _| Reply::Close(Vec::new())).await;
    let huge =
        Receiver::start(|_, _| Reply::Endless(format!("HTTP/1.1 200 OK\r\nX: {}\r\n", "x".repeat(4096)).into_bytes()))
            .await;
    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let no_tls = plain.local_addr().expect("bound");
    let speaking = tokio::spawn(async move {
        let (mut connection, _) = plain.accept().await.expect("somebody comes");
        connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("written");
        let _ = connection.read_to_end(&mut Vec::new()).await;
    });
    let cases = [
        (format!("http://{unused}"), "connect: "),
        ("http://nobody.invalid".to_owned(), "dns: "),
        (format!("https://{no_tls}"), "tls: "),
        (garbage.url("/"), "http: "),
        (closing.url("/"), "http: "),
        (huge.url("/"), "http: "),
    ];
    for (number, (url, expected)) in (1..).zip(cases) {
        let webhook = stage.webhook(number, url.clone()).await;
        stage.send(&format!("e{number}"), &webhook).await;
        let error = stage.attempted().await.attempt.expect("made").error.expect("failed");
        assert!(error.starts_with(expected), "{url}: {error}");
    }
    speaking.abort();
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_unless_the_operator_trusts_it() {
    let (acceptor, pem) = tls();
    let receiver = Receiver::start_tls(acceptor, |_, _| Reply::status(200, "", "")).await;
    let url = format!("https://localhost:{}/", receiver.address.port());

    let error = Stage::new().await.outcome(&url).await.attempt.expect("made").error.expect("refused");
    assert!(error.starts_with("tls: invalid peer certificate"), "{error}");

    let mut setting = Setting::default();
    setting.egress.extra_ca = Some(pem);
    let outcome = Stage::with(setting).await.outcome(&url).await;
    assert_eq!(outcome.follows, Follows::Settled(Settlement::Success), "{outcome:?}");
}

#[tokio::test]
async fn only_permitted_addresses_are_dialled_whatever_a_name_resolves_to() {
    let receiver = Receiver::answering(200).await;
    let rules = TargetRules { allow_http: true, allowed_networks: vec!["::1/128".parse().expect("a network")] };
    let setting = || Setting { egress: Egress { rules: rules.clone(), ..Egress::default() }, ..Setting::default() };

    let outcome = Stage::with(setting()).await.outcome(receiver.url("/")).await;
    assert_eq!((outcome.follows, outcome.attempt), (failed(FailureReason::AddressNotAllowed), None));

    // The name is allowed, and so is one of the addresses that it may have; the receiver listens on the other.
    let named = format!("http://localhost:{}/", receiver.address.port());
    let outcome = Stage::with(setting()).await.outcome(named).await;
    let error = outcome.attempt.expect("made").error.expect("failed");
    assert!(error.starts_with("address not allowed: ") || error.starts_with("connect: "), "{error}");
    assert_eq!(receiver.count(), 0);
}

#[tokio::test]
async fn of_a_large_body_16_kib_are_kept_and_an_endless_one_holds_nothing_up() {
    let stage = Stage::new().await;
    let receiver = Receiver::start(|number, _| match number {
        0 => Reply::status(200, "", &"a".repeat(KEPT + 1000)),
        1 => Reply::Endless(b"HTTP/1.1 200 OK\r\n\r\n".repeat(100)),
        _ => Reply::Close(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut off".to_vec()),
    })
    .await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    let started = Instant::now();
    for expected in [KEPT, KEPT, "cut off".len()] {
        stage.send(&format!("e{expected}"), &webhook).await;
        let outcome = stage.attempted().await;
        assert_eq!(outcome.follows, Follows::Settled(Settlement::Success), "{outcome:?}");
        assert_eq!(outcome.attempt.expect("made").response_body.len(), expected);
    }
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_body_that_trickles_does_not_undo_the_status() {
    let stage = Stage::new().await;
    let receiver =
        Receiver::start(|_, _| Reply::Hang(b"HTTP/1.1 410 Gone\r\nContent-Length: 10\r\n\r\nslow".to_vec())).await;
    let mut webhook = stage::webhook(1, receiver.url("/"));
    webhook.timeout = Some(Duration::from_millis(200));
    stage.write(fanfare_ports::directory::Entry::Webhook(Box::new(webhook.clone()))).await;
    stage.send("e1", &webhook).await;
    let outcome = stage.attempted().await;
    assert_eq!(outcome.follows, failed(FailureReason::Gone));
    assert_eq!(&outcome.attempt.expect("made").response_body[..], b"slow");
}

#[tokio::test]
async fn connections_are_used_again() {
    let stage = Stage::new().await;
    let receiver = Receiver::answering(200).await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    for number in 0..5 {
        stage.send(&format!("e{number}"), &webhook).await;
        stage.attempted().await;
    }
    assert_eq!((receiver.count(), receiver.connections()), (5, 1));
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_waited_fails_nothing() {
    let stage = Stage::new().await;
    let receiver = Receiver::start(|number, _| {
        let Reply::Bytes(answer) = Reply::status(200, "", "") else { unreachable!() };
        if number == 0 { Reply::Close(answer) } else { Reply::Bytes(answer) }
    })
    .await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    for number in 0..3 {
        stage.send(&format!("e{number}"), &webhook).await;
        let outcome = stage.attempted().await;
        assert_eq!(outcome.follows, Follows::Settled(Settlement::Success), "{outcome:?}");
    }
    assert_eq!((receiver.count(), receiver.connections()), (3, 2));
}

#[tokio::test]
async fn a_connection_whose_answer_was_not_read_to_its_end_is_not_used_again() {
    let stage = Stage::new().await;
    let receiver = Receiver::start(|number, _| match number {
        // What follows the part that is kept would be taken for the next answer.
        0 => Reply::Bytes(
            [b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".to_vec(), vec![b'a'; KEPT + 1000]].concat(),
        ),
        _ => Reply::status(204, "", ""),
    })
    .await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    let mut statuses = Vec::new();
    for number in 0..3 {
        stage.send(&format!("e{number}"), &webhook).await;
        statuses.push(stage.attempted().await.attempt.expect("made").status);
    }
    assert_eq!(statuses, [Some(200), Some(204), Some(204)]);
    assert_eq!((receiver.count(), receiver.connections()), (3, 2));
}

#[tokio::test]
async fn connections_that_wait_too_long_are_closed() {
    let mut setting = Setting::default();
    setting.config.idle_connection_timeout = Duration::from_millis(100);
    let stage = Stage::with(setting).await;
    let receiver = Receiver::answering(200).await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    for number in 0..2 {
        stage.send(&format!("e{number}"), &webhook).await;
        stage.attempted().await;
        receiver.closed(number + 1).await;
    }
    assert_eq!((receiver.count(), receiver.connections()), (2, 2));
}

/// A receiver that speaks HTTP/2.
struct Http2Receiver {
    url: String,
    pem: Vec<u8>,
    connections: Arc<AtomicUsize>,
    /// Version, URL and whether there is a header `Host`, and the body, of each post.
    seen: mpsc::UnboundedReceiver<((hyper::Version, String, bool), Bytes)>,
    serving: tokio::task::JoinHandle<()>,
}

impl Http2Receiver {
    /// Answers up to `on_the_first` posts on its first connection and all on others.
    async fn answering(on_the_first: usize) -> Self {
        let (acceptor, pem) = tls_for(&[b"h2", b"http/1.1"]);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("https://localhost:{}/hook?a=b", listener.local_addr().expect("bound").port());
        let connections = Arc::new(AtomicUsize::new(0));
        let accepted = Arc::clone(&connections);
        let (sender, seen) = mpsc::unbounded_channel();
        let serving = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let is_first = accepted.fetch_add(1, Ordering::SeqCst) == 0;
                let left = Arc::new(Semaphore::new(if is_first { on_the_first } else { Semaphore::MAX_PERMITS }));
                let (acceptor, sender) = (acceptor.clone(), sender.clone());
                tokio::spawn(async move {
                    let connection = TokioIo::new(acceptor.accept(connection).await.expect("TLS"));
                    let answer = service_fn(move |request: hyper::Request<Incoming>| {
                        let (sender, left) = (sender.clone(), Arc::clone(&left));
                        async move {
                            left.acquire().await.expect("never closed").forget();
                            let has_host = request.headers().contains_key(HOST);
                            let told = (request.version(), request.uri().to_string(), has_host);
                            let body = request.into_body().collect().await?.to_bytes();
                            let _ = sender.send((told, body));
                            Ok::<_, hyper::Error>(hyper::Response::new(Full::new(Bytes::from_static(b"thanks"))))
                        }
                    });
                    let _ = http2::Builder::new(TokioExecutor::new()).serve_connection(connection, answer).await;
                });
            }
        });
        Self { url, pem, connections, seen, serving }
    }

    /// A stage whose worker trusts it.
    async fn stage(&self) -> Stage {
        let mut setting = Setting::default();
        setting.egress.extra_ca = Some(self.pem.clone());
        Stage::with(setting).await
    }
}

impl Drop for Http2Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[tokio::test]
async fn a_receiver_that_speaks_http_2_gets_all_posts_on_one_connection() {
    let mut receiver = Http2Receiver::answering(5).await;
    let stage = receiver.stage().await;
    let webhook = stage.webhook(1, receiver.url.clone()).await;
    for number in 0..5 {
        stage.send(&format!("e{number}"), &webhook).await;
        let outcome = stage.attempted().await;
        assert_eq!(outcome.follows, Follows::Settled(Settlement::Success), "{outcome:?}");
        assert_eq!(&outcome.attempt.expect("made").response_body[..], b"thanks");
        let (told, body) = receiver.seen.recv().await.expect("the receiver runs");
        assert_eq!(told, (hyper::Version::HTTP_2, receiver.url.clone(), false));
        assert!(String::from_utf8_lossy(&body).contains(&format!("\"e{number}\"")));
    }
    assert_eq!(receiver.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_answered_any_more_is_left() {
    let receiver = Http2Receiver::answering(1).await;
    let stage = receiver.stage().await;
    let mut webhook = stage::webhook(1, receiver.url.clone());
    webhook.timeout = Some(Duration::from_millis(300));
    stage.write(fanfare_ports::directory::Entry::Webhook(Box::new(webhook.clone()))).await;
    let mut succeeded = Vec::new();
    for id in ["e1", "e2", "e3", "e4"] {
        stage.send(id, &webhook).await;
        succeeded.push(stage.attempted().await.follows == Follows::Settled(Settlement::Success));
    }
    assert_eq!(succeeded, [true, false, true, true]);
    assert_eq!(receiver.connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_proxy_is_asked_for_everything() {
    let proxy = Receiver::answering(200).await;
    let mut setting = Setting::default();
    setting.egress.proxy = Some(proxy.url(""));
    let stage = Stage::with(setting).await;
    let outcome = stage.outcome("http://receiver.invalid/hook").await;
    assert_eq!(outcome.follows, Follows::Settled(Settlement::Success), "{outcome:?}");
    assert!(proxy.next().await.head.starts_with("POST http://receiver.invalid/hook HTTP/1.1\r\n"));
}
