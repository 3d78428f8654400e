//! TLS: towards those who call, who may have to show a certificate, and towards receivers whose authority is the operator's.

use fanfare_cluster::{Authority, Body, Cluster, Family, Publisher, Receiver, Rest, event};
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

/// Puts a text into a file; gives its path.
fn file(folder: &TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file can be written");
    path.display().to_string()
}

async fn rest_and_grpc_are_for_those_who_show_a_certificate(family: Family) {
    let (folder, authority) = (tempfile::tempdir().expect("a folder can be made"), Authority::new());
    let (server, client) = (authority.certify(), authority.certify());
    let cluster = Cluster::of(family)
        .with("FANFARE_TLS_CERT", &file(&folder, "cert.pem", &server.certificate))
        .with("FANFARE_TLS_KEY", &file(&folder, "key.pem", &server.key))
        .with("FANFARE_TLS_CLIENT_CA", &file(&folder, "ca.pem", &authority.pem()))
        .start()
        .await;
    let (key, receiver) = (cluster.operator_key(), Receiver::start().await);
    let https = cluster.rest.base().replace("http://", "https://");
    let grpc = cluster.grpc().replace("http://", "https://");

    let known = Rest::new(authority.http_client(Some(&client)), &https, key);
    let _ = known.put("/v1/tenants/acme", json!({})).await.expect(201);
    let webhook = json!({"url": receiver.url(), "events": ["*"]});
    let _ = known.for_tenant("acme").post("/v1/webhooks", webhook).await.expect(201);
    cluster.in_force().await;
    let tls = |shown| authority.grpc_client(shown);
    let publish =
        async |tls| Publisher::over_tls(&grpc, key, tls).publish(event("acme", "order.paid", &json!({}))).await;
    let published = publish(tls(Some(&client))).await.expect("it is accepted");
    assert_eq!(receiver.arrival().await.event(), published.id);

    let stranger = Authority::new().certify();
    for shown in [None, Some(&stranger)] {
        let unknown = Rest::new(authority.http_client(shown), &https, key);
        let refused = unknown.try_send(Method::GET, "/v1/tenants", Body::Nothing).await;
        assert!(refused.is_err(), "REST answered who showed {shown:?}: {refused:?}");
        assert!(publish(tls(shown)).await.is_err(), "gRPC answered who showed {shown:?}");
    }
    let plain = cluster.rest.try_send(Method::GET, "/v1/tenants", Body::Nothing).await;
    assert!(plain.is_err(), "REST answered without TLS: {plain:?}");
}

async fn a_receiver_of_the_operators_own_authority_is_trusted(family: Family) {
    let (folder, authority) = (tempfile::tempdir().expect("a folder can be made"), Authority::new());
    let cluster =
        Cluster::of(family).with("FANFARE_EXTRA_CA", &file(&folder, "ca.pem", &authority.pem())).start().await;
    let tenant = cluster.tenant("acme").await;
    let receiver = Receiver::certified(&authority.certify()).await;
    tenant.webhook(&receiver, &["*"]).await;
    cluster.in_force().await;

    let published = tenant.publish("order.paid", &json!({})).await;

    assert_eq!(receiver.arrival().await.event(), published);
}

scenarios! {
    rest_and_grpc_are_for_those_who_show_a_certificate,
    a_receiver_of_the_operators_own_authority_is_trusted,
}
