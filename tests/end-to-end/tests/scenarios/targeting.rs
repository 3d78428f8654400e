//! Where webhooks may point: public addresses, unless the operator says otherwise.

use fanfare_cluster::{Cluster, Family, Receiver};
use serde_json::json;

/// Private and special addresses in the spellings that clients take for them.
const NOT_PUBLIC: [&str; 38] = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://0/",
    "https://0.0.0.0/",
    "https://10.0.0.1/",
    "https://10.1/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://192.168.257/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://127.0.0.1.:8443/",
    "https://%31%32%37.0.0.1/",
    "https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
    "https://127\u{3002}0\u{3002}0\u{3002}1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:ffff:0a00:0001]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[fd00:ec2::254]/",
    "https://[ff02::1]/",
    "https://localhost/",
];

async fn every_spelling_of_an_address_that_is_not_public_is_refused(family: Family) {
    let cluster = Cluster::of(family).without("FANFARE_ALLOW_PRIVATE_TARGETS").start().await;
    let tenant = cluster.tenant("acme").await;

    for url in NOT_PUBLIC {
        let reply = tenant.rest.post("/v1/webhooks", json!({"url": url, "events": ["*"]})).await;
        assert_eq!(reply.status.as_u16(), 400, "{url}: {}", reply.body);
        assert_eq!(reply.body["errors"][0]["pointer"], "#/url", "{url}: {}", reply.body);
    }

    let good = tenant.webhook_of(json!({"url": "https://example.com/", "events": ["*"]})).await;
    let path = format!("/v1/webhooks/{}", good.id);
    let _ = tenant.rest.patch(&path, json!({"url": "https://127.0.0.1/"})).await.problem(400);
    let auth = json!({
        "type": "oauth2_client_credentials", "token_url": "https://127.0.0.1/", "client_id": "a", "client_secret": "b",
    });
    let _ = tenant.rest.patch(&path, json!({"auth": auth})).await.problem(400);
    assert_eq!(tenant.rest.all("/v1/webhooks").await.len(), 1);
}

async fn plain_http_is_refused_unless_it_is_allowed(family: Family) {
    let cluster = Cluster::of(family).without("FANFARE_ALLOW_HTTP").start().await;
    let tenant = cluster.tenant("acme").await;

    let problem =
        tenant.rest.post("/v1/webhooks", json!({"url": "http://example.com/", "events": ["*"]})).await.problem(400);

    assert_eq!(problem["errors"][0]["pointer"], "#/url");
}

/// A name is only resolved when it is dialled, and each address that it resolves to is checked then.
async fn of_a_names_addresses_only_the_allowed_are_dialled(family: Family) {
    // `localhost` may be named because its IPv6 address is allowed; the receiver listens on the other one.
    let cluster = Cluster::of(family).with("FANFARE_ALLOW_PRIVATE_TARGETS", "::1/128").start().await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let url = receiver.url().replace("127.0.0.1", "localhost");
    let webhook = json!({"url": url, "events": ["*"], "retry": {"delays": ["0s"], "jitter": 0.0}});
    tenant.webhook_of(webhook).await;
    cluster.in_force().await;

    let event = tenant.publish("order.paid", &json!({})).await;

    let delivery = tenant.delivery_in(&event, "failed").await;
    let error = delivery["attempts"][0]["error"].as_str().unwrap_or_default();
    // Where the machine knows no other address of that name, none is left to dial.
    assert!(error.starts_with("address not allowed: ") || error.starts_with("connect: "), "{delivery}");
    assert_eq!(receiver.log().arrivals().len(), 0);
}

scenarios! {
    every_spelling_of_an_address_that_is_not_public_is_refused,
    plain_http_is_refused_unless_it_is_allowed,
    of_a_names_addresses_only_the_allowed_are_dialled,
}
