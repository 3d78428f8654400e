//! Reflection, health, TLS, and how the service ends.

mod harness;

use std::sync::atomic::Ordering;
use std::time::Duration;

use fanfare_ingest::{Config, Tls};
use fanfare_proto::v1::publisher_client::PublisherClient;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};

use harness::fakes::World;
use harness::{Running, as_operator, event, soon, until, with_id};

#[tokio::test]
async fn the_interface_describes_itself_in_both_versions() {
    let server = Running::start().await;
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(server.channel().await);
    let list = v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1::server_reflection_request::MessageRequest::ListServices(String::new())),
    };
    let mut answers = client.server_reflection_info(futures::stream::iter([list])).await.expect("open").into_inner();
    let answer = soon(answers.message()).await.expect("no error").expect("an answer");
    let Some(v1::server_reflection_response::MessageResponse::ListServicesResponse(list)) = answer.message_response
    else {
        panic!("not a list");
    };
    let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    assert!(names.contains(&"fanfare.v1.Publisher") && names.contains(&"grpc.health.v1.Health"), "{names:?}");

    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(server.channel().await);
    let symbol = "fanfare.v1.Publisher.PublishStream".to_owned();
    let find = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1alpha::server_reflection_request::MessageRequest::FileContainingSymbol(symbol)),
    };
    let mut answers = client.server_reflection_info(futures::stream::iter([find])).await.expect("open").into_inner();
    let answer = soon(answers.message()).await.expect("no error").expect("an answer").message_response;
    use v1alpha::server_reflection_response::MessageResponse;
    assert!(matches!(answer, Some(MessageResponse::FileDescriptorResponse(_))), "{answer:?}");
}

#[tokio::test]
async fn health_follows_readiness_and_ends_with_the_service() {
    let server = Running::start().await;
    let mut client = HealthClient::new(server.channel().await);
    let mut named = Vec::new();
    for service in ["", "fanfare.v1.Publisher"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let mut statuses = client.watch(request).await.expect("known").into_inner();
        // The service may not have looked yet when we come.
        while soon(statuses.message()).await.expect("no error").expect("a status").status() != ServingStatus::Serving {}
        named.push(statuses);
    }
    server.world.queue.used.store(95, Ordering::SeqCst);
    for (step, expected) in [(95, ServingStatus::NotServing), (5, ServingStatus::Serving)] {
        server.world.queue.used.store(step, Ordering::SeqCst);
        let moving = async {
            loop {
                server.world.clock.advance(Duration::from_millis(500));
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let told = async {
            for statuses in &mut named {
                let answer = soon(statuses.message()).await.expect("no error").expect("a status");
                assert_eq!(answer.status(), expected);
            }
        };
        tokio::select! {
            () = moving => {}
            () = told => {}
        }
    }
    server.stop.cancel();
    for statuses in &mut named {
        let answer = soon(statuses.message()).await.expect("no error").expect("a status");
        assert_eq!(answer.status(), ServingStatus::NotServing);
        assert_eq!(soon(statuses.message()).await.expect("no error"), None);
    }
    drop(client);
    soon(server.service).await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn stopping_answers_what_is_under_way_and_ends_open_streams() {
    let server = Running::start().await;
    let (sender, events) = mpsc::channel(4);
    let mut client = server.client().await;
    let request = as_operator(ReceiverStream::new(events));
    let mut answers = client.publish_stream(request).await.expect("open").into_inner();
    server.world.queue.held.send_replace(true);
    sender.send(with_id("streamed")).await.expect("open");
    let mut alone = client.clone();
    let unary = tokio::spawn(async move { alone.publish(as_operator(event())).await });
    until(|| server.world.queue.calls.load(Ordering::SeqCst) == 2).await;

    server.stop.cancel();
    server.world.queue.held.send_replace(false);
    soon(unary).await.expect("no panic").expect("accepted");
    assert_eq!(soon(answers.message()).await.expect("answered").expect("an answer").id, "streamed");
    assert_eq!(soon(answers.message()).await.expect_err("ended").code(), Code::Unavailable);
    drop((client, answers));
    soon(server.service).await.expect("no panic").expect("a clean end");
    assert!(tokio::net::TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let server = Running::start().await;
    server.world.queue.held.send_replace(true);
    let mut client = server.client().await;
    let stuck = tokio::spawn(async move { client.publish(as_operator(event())).await });
    until(|| server.world.queue.calls.load(Ordering::SeqCst) == 1).await;
    server.stop.cancel();
    let running = server.service;
    tokio::pin!(running);
    let ended = async {
        loop {
            server.world.clock.advance(Duration::from_secs(1));
            if tokio::time::timeout(Duration::from_millis(5), &mut running).await.is_ok() {
                return;
            }
        }
    };
    soon(ended).await;
    stuck.abort();
}

/// An authority, and a certificate with its key that it signed for `localhost`.
struct Signed {
    authority: String,
    certificate: String,
    key: String,
}

fn signed() -> Signed {
    let mut params = CertificateParams::new(Vec::new()).expect("valid");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed");
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("valid");
    let certificate = params.signed_by(&key, &authority).expect("signed");
    Signed { authority: authority.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
}

#[tokio::test]
async fn with_mutual_tls_only_known_clients_are_let_in() {
    let (server_side, client_side) = (signed(), signed());
    let tls = Tls {
        certificate: server_side.certificate.clone().into_bytes(),
        key: server_side.key.clone().into_bytes(),
        client_ca: Some(client_side.authority.clone().into_bytes()),
    };
    let server = Running::with(World::new().await, Config::default(), Some(tls)).await;
    let connect = |identity: Option<&Signed>| {
        let tls = ClientTlsConfig::new()
            .domain_name("localhost")
            .ca_certificate(Certificate::from_pem(&server_side.authority));
        let tls = match identity {
            Some(signed) => tls.identity(Identity::from_pem(&signed.certificate, &signed.key)),
            None => tls,
        };
        Endpoint::from_shared(format!("https://{}", server.address))
            .expect("an address")
            .tls_config(tls)
            .expect("valid")
    };
    let publish = async |endpoint: Endpoint| {
        let channel: Channel = endpoint.connect_lazy();
        soon(PublisherClient::new(channel).publish(as_operator(event()))).await
    };
    publish(connect(Some(&client_side))).await.expect("a known client");
    publish(connect(None)).await.expect_err("no certificate");
    publish(connect(Some(&signed()))).await.expect_err("a stranger's certificate");
    assert_eq!(server.world.queue.events().len(), 1);
}
