//! A new secret, and how long the old one is good for.

use fanfare_cluster::{Arrival, Cluster, Family, Receiver, Tenant, Webhook};
use serde_json::{Value, json};

use crate::verifying::verified_by_python;

async fn next_arrival(cluster: &Cluster, tenant: &Tenant, receiver: &Receiver, number: usize) -> Arrival {
    cluster.in_force().await;
    tenant.publish("order.paid", &json!({"number": number})).await;
    receiver.arrivals(number).await.swap_remove(number - 1)
}

async fn rotate(tenant: &Tenant, webhook: &Webhook, how: Value) -> String {
    let path = format!("/v1/webhooks/{}/secret/rotate", webhook.id);
    tenant.rest.post(&path, how).await.expect(200)["secret"].as_str().expect("a secret").to_owned()
}

fn signatures(arrival: &Arrival) -> usize {
    arrival.header("webhook-signature").expect("a signature").split(' ').count()
}

async fn both_secrets_sign_until_the_overlap_ends(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook(&receiver, &["*"]).await;
    let before = next_arrival(&cluster, &tenant, &receiver, 1).await;

    let new = rotate(&tenant, &webhook, json!({"overlap": "4s"})).await;
    let during = next_arrival(&cluster, &tenant, &receiver, 2).await;
    tokio::time::sleep(std::time::Duration::from_secs(4)).await; // the overlap, which nobody tells the end of
    let after = next_arrival(&cluster, &tenant, &receiver, 3).await;

    assert_eq!([signatures(&before), signatures(&during), signatures(&after)], [1, 2, 1]);
    let verified = verified_by_python(&[
        (&webhook.secret, &before),
        (&webhook.secret, &during),
        (&new, &during),
        (&new, &after),
        (&webhook.secret, &after),
        (&new, &before),
    ])
    .await;
    assert_eq!(verified, [true, true, true, true, false, false]);
}

async fn without_overlap_the_new_secret_signs_at_once(family: Family) {
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook(&receiver, &["*"]).await;
    let given = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    let answered = rotate(&tenant, &webhook, json!({"overlap": "0s", "secret": given})).await;
    let arrival = next_arrival(&cluster, &tenant, &receiver, 1).await;

    assert_eq!((answered.as_str(), signatures(&arrival)), (given, 1));
    assert_eq!(verified_by_python(&[(given, &arrival), (&webhook.secret, &arrival)]).await, [true, false]);
}

scenarios! {
    both_secrets_sign_until_the_overlap_ends,
    without_overlap_the_new_secret_signs_at_once,
}
