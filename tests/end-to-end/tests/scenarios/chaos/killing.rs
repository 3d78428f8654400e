//! Processes that are killed while events flow.

use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Log, Publisher, Receiver, Sent, Service, numbered};

use super::{all_are_accounted_for, all_arrive};

const EVENTS: usize = 20_000;
/// So that the killing happens while events flow.
const PER_SECOND: u32 = 2_000;
/// Published together.
const TOGETHER: usize = 200;
/// No more are on their way at once: what may come twice is what is in flight, and how much a slow machine lets pile up says
/// nothing.
const ON_THEIR_WAY: usize = 400;
/// Fewer than 2 % may come twice.
const REPEATS: usize = EVENTS / 50 - 1;
const LIMIT: Duration = Duration::from_secs(90);

/// Kills one process after the other while events flow, and starts each again.
async fn nothing_is_lost_while(family: Family, kills: &[Service]) {
    let mut cluster = Cluster::start(family).await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook(&receiver, &["*"]).await;
    cluster.in_force().await;

    let killing = async {
        for (number, service) in kills.iter().enumerate() {
            let share = EVENTS * (number + 1) / (kills.len() + 1);
            receiver.until("the next share of events", LIMIT, |log| log.deliveries() >= share).await;
            cluster.kill(*service).await;
            cluster.start_again(*service).await;
        }
    };
    let (sent, ()) = tokio::join!(publish(&tenant.publisher, &receiver), killing);

    assert_eq!(sent.accepted.len(), EVENTS);
    all_arrive(&receiver, &sent, REPEATS, LIMIT).await;
    all_are_accounted_for(&tenant, &webhook.id, &sent).await;
}

/// Publishes all events, as fast as they arrive.
async fn publish(publisher: &Publisher, receiver: &Receiver) -> Sent {
    let mut sent = Sent::default();
    for events in numbered("acme", "order.paid", "event", EVENTS).chunks(TOGETHER) {
        let Sent { accepted, again, refused } = publisher.paced(events.to_vec(), Some(PER_SECOND)).await;
        sent.accepted.extend(accepted);
        sent.again += again;
        sent.refused.extend(refused);
        let published = sent.accepted.len();
        let arrived = |log: &Log| log.deliveries() + ON_THEIR_WAY >= published;
        receiver.until("most of what was published", LIMIT, arrived).await;
    }
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_of_each_service_in_turn() {
    nothing_is_lost_while(Family::Distributed, &Service::APART).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn standalone_in_the_middle() {
    nothing_is_lost_while(Family::Embedded, &[Service::Standalone]).await;
}
