//! Redis loses what it knows while deliveries wait for their retry.

use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Receiver, Tenant, Webhook, numbered};

const WAITING: usize = 5_000;
/// Longer than it takes to publish and attempt all of them once.
const DELAY: &str = "12s";
const LIMIT: Duration = Duration::from_secs(45);

struct Waiting {
    cluster: Cluster,
    receiver: Receiver,
    tenant: Tenant,
    webhook: Webhook,
}

impl Waiting {
    async fn start() -> Self {
        let cluster = Cluster::start(Family::Distributed).await;
        let receiver = Receiver::answering([503, 200]).await;
        let tenant = cluster.tenant("acme").await;
        let webhook = tenant.webhook_retried(&receiver, &["0s", DELAY, "1s", "1s"]).await;
        cluster.in_force().await;
        Self { cluster, receiver, tenant, webhook }
    }

    /// Publishes events that are refused once and then wait for their retry.
    async fn refused_once(&self, prefix: &str, count: usize) {
        let before = self.receiver.log().deliveries();
        let sent = self.tenant.publisher.all(numbered("acme", "order.paid", prefix, count)).await;
        assert_eq!(sent.accepted.len(), count);
        let all = |log: &fanfare_cluster::Log| log.deliveries() >= before + count;
        self.receiver.until("the first attempts", LIMIT, all).await;
    }

    async fn all_are_retried(&self) {
        self.receiver.until("all retries", LIMIT, |log| log.succeeded() >= WAITING).await;
        self.tenant.deliveries_in(&self.webhook.id, "success", WAITING, LIMIT).await;
        let log = self.receiver.log();
        eprintln!("{log}");
        let extra = log.arrivals().len() - 2 * WAITING;
        assert!(extra * 50 < WAITING, "{extra} attempts more than there should be");
        assert_eq!(log.deliveries(), WAITING);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn emptied() {
    let waiting = Waiting::start().await;
    waiting.refused_once("event", WAITING).await;
    let url = waiting.cluster.backends.as_ref().expect("distributed").redis.url();
    let client = ::redis::Client::open(url).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("it answers");

    let () = ::redis::cmd("FLUSHALL").query_async(&mut connection).await.expect("it is emptied");

    waiting.all_are_retried().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn put_back_to_an_older_copy() {
    let mut waiting = Waiting::start().await;
    waiting.refused_once("before", WAITING / 2).await;
    let snapshot = waiting.cluster.backends().redis.snapshot().expect("it can be copied");
    waiting.refused_once("after", WAITING / 2).await;

    waiting.cluster.backends().redis.restore(&snapshot).expect("it can be put back");

    waiting.all_are_retried().await;
}

/// While Redis is away first attempts go on, and what was to be retried then is retried once it is back.
#[tokio::test(flavor = "multi_thread")]
async fn away_for_a_while() {
    let mut cluster = Cluster::start(Family::Distributed).await;
    let receiver = Receiver::answering([503, 200]).await;
    let tenant = cluster.tenant("acme").await;
    tenant.webhook_retried(&receiver, &["0s", "1s", "1s"]).await;
    cluster.in_force().await;

    cluster.backends().redis.kill();
    let mut refused = Vec::new();
    for number in 0..200 {
        refused.push(tenant.publish("order.paid", &serde_json::json!({"number": number})).await);
    }
    receiver.until("the first attempts", LIMIT, |log| log.deliveries() >= 200).await;
    cluster.backends().redis.start_again().expect("it comes back");

    receiver.until("all retries", LIMIT, |log| log.succeeded() >= 200).await;
    assert_eq!(receiver.log().arrivals().len(), 400, "each was attempted twice");
}
