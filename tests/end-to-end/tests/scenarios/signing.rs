//! Webhooks that are signed with ed25519, so that their receivers hold no secret.

use fanfare_cluster::{Arrival, Cluster, Family, Receiver, node};
use serde_json::json;
use tokio::process::Command;

/// What Node's own crypto says of a signature: the key goes into the frame that RFC 8410 puts around the 32 bytes.
const VERIFY: &str = r"
    const [key, signature, signed] = process.argv.slice(1);
    const frame = Buffer.from('302a300506032b6570032100', 'hex');
    const der = Buffer.concat([frame, Buffer.from(key, 'base64')]);
    const publicKey = require('node:crypto').createPublicKey({ key: der, format: 'der', type: 'spki' });
    console.log(require('node:crypto').verify(null, Buffer.from(signed), publicKey, Buffer.from(signature, 'base64')));
";

async fn verified_by_node(public_key: &str, arrival: &Arrival, signature: &str) -> bool {
    let key = public_key.strip_prefix("whpk_").expect("a public key");
    let of = |name| arrival.header(name).expect("it is sent");
    let body = String::from_utf8_lossy(&arrival.body);
    let signed = format!("{}.{}.{body}", of("webhook-id"), of("webhook-timestamp"));
    let output =
        Command::new(node().0).args(["-e", VERIFY, key, signature, &signed]).output().await.expect("Node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim() == "true"
}

async fn a_public_key_is_enough_to_verify_ed25519(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let signed = async |signing: &str, path: &str| {
        let webhook = json!({"url": receiver.url_at(path), "events": ["*"], "signing": signing});
        let created = tenant.webhook_of(webhook).await.created;
        created["public_key"].as_str().expect("a public key").to_owned()
    };
    let alone = signed("ed25519", "/alone").await;
    let both = signed("both", "/both").await;
    cluster.in_force().await;

    tenant.publish("order.paid", &json!({"total": 1})).await;

    for arrival in receiver.arrivals(2).await {
        let header = arrival.header("webhook-signature").expect("it is signed");
        let kinds: Vec<(&str, &str)> = header.split(' ').filter_map(|one| one.split_once(',')).collect();
        let (key, other, expected): (_, _, &[&str]) = match arrival.path.as_str() {
            "/alone" => (&alone, &both, &["v1a"]),
            _ => (&both, &alone, &["v1", "v1a"]),
        };
        let mut found: Vec<&str> = kinds.iter().map(|(kind, _)| *kind).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{header}");
        let (_, signature) = kinds.iter().find(|(kind, _)| *kind == "v1a").expect("ed25519 is among them");
        assert!(verified_by_node(key, &arrival, signature).await, "{header}");
        assert!(!verified_by_node(other, &arrival, signature).await, "another webhook's key verifies it");
    }
}

scenarios! {
    a_public_key_is_enough_to_verify_ed25519,
}
