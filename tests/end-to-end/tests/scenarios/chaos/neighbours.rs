//! One receiver that never answers, and nine that must not notice; and one that answers again after a while.

use std::time::Duration;

use fanfare_cluster::{Answer, Cluster, Family, Receiver, event, numbered, since_start};
use fanfare_proto::v1::PublishRequest;
use serde_json::json;

const SECONDS: u32 = 60;
const PER_SECOND: u32 = 500;
const RECEIVERS: u32 = 10;
/// From the time an event was to be published to its arrival; unhindered it takes milliseconds.
const SLOWEST: Duration = Duration::from_secs(1);

async fn a_receiver_that_never_answers_slows_no_other(family: Family) {
    let cluster = Cluster::start(family).await;
    let tenant = cluster.tenant("acme").await;
    let mut receivers = Vec::new();
    for number in 0..RECEIVERS {
        let silent = number == 0;
        let receiver = if silent { Receiver::answering([Answer::never()]).await } else { Receiver::start().await };
        tenant.webhook(&receiver, &[&format!("kind.{number}")]).await;
        receivers.push(receiver);
    }
    cluster.in_force().await;

    let count = SECONDS * PER_SECOND;
    let events: Vec<PublishRequest> = (0..count)
        .map(|number| event("acme", &format!("kind.{}", number % RECEIVERS), &json!({"number": number})))
        .collect();
    let began = since_start();
    let sent = tenant.publisher.paced(events, Some(PER_SECOND)).await;
    assert_eq!((sent.accepted.len(), sent.again), (count as usize, 0));

    let each = (count / RECEIVERS) as usize;
    let mut times = Vec::new();
    for receiver in &receivers[1..] {
        receiver.until("all of its events", Duration::from_secs(10), |log| log.deliveries() >= each).await;
        let log = receiver.log();
        assert_eq!((log.deliveries(), log.repeats()), (each, 0));
        for arrival in log.arrivals() {
            let number = arrival.json()["data"]["number"].as_u64().expect("a number") as u32;
            let due = began + Duration::from_secs(1) * number / PER_SECOND;
            times.push(arrival.at.saturating_sub(due));
        }
    }
    times.sort_unstable();
    let at = |share: usize| times[times.len() * share / 100];
    eprintln!("from publish to arrival: p50 {:?}, p99 {:?}, slowest {:?}", at(50), at(99), times.last());
    assert!(at(99) < SLOWEST, "p99 is {:?}", at(99));
}

/// What was parked at the pace of a receiver that hung does not go on at that pace: that would take minutes.
async fn a_receiver_that_answers_again_soon_has_what_was_parked(family: Family) {
    const EVENTS: usize = 600;
    /// The attempts that are made at once at first, and then a few of those that are made one after the other.
    const HANGING: usize = 16 + 4;
    let cluster = Cluster::start(family).await;
    let receiver = Receiver::answering([Answer::never()]).await;
    let tenant = cluster.tenant("acme").await;
    let webhook = json!({
        "url": receiver.url(), "events": ["*"], "timeout": "2s",
        "retry": {"delays": ["0s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s", "1s"], "jitter": 0.0},
    });
    tenant.webhook_of(webhook).await;
    cluster.in_force().await;

    let sent = tenant.publisher.all(numbered("acme", "order.paid", "event", EVENTS)).await;
    assert_eq!(sent.accepted.len(), EVENTS);
    let limit = Duration::from_secs(60);
    receiver.until("it has hung for a while", limit, |log| log.arrivals().len() >= HANGING).await;
    let tried = receiver.log().deliveries();
    assert!(tried < EVENTS / 10, "{tried} of {EVENTS} were tried while it hung");

    receiver.answer([200]);
    let began = since_start();
    receiver.until("all of them", Duration::from_secs(45), |log| log.succeeded() >= EVENTS).await;
    eprintln!("{EVENTS} took {:?}", since_start() - began);
}

scenarios! {
    a_receiver_that_never_answers_slows_no_other,
    a_receiver_that_answers_again_soon_has_what_was_parked,
}
