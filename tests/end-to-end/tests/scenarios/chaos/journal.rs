//! Streams that are full: whoever writes to them stops, and nothing is sent over and over.

use std::time::Duration;

use fanfare_cluster::{Cluster, Family, Receiver, Sent, Service, Tenant, eventually, numbered};
use fanfare_proto::v1::PublishRequest;
use serde_json::json;
use tonic::Code;

use super::{all_are_accounted_for, all_arrive};

/// Small enough to be full within seconds. `EVENTS` keeps what it has for days, so it gets room by being made larger.
const TINY: &str =
    "[nats.bytes]\nevents = 4_000_000\ndeliveries = 1_500_000\njournal = 1_500_000\ndirectory = 8_000_000";
const LARGER: &str =
    "[nats.bytes]\nevents = 60_000_000\ndeliveries = 1_500_000\njournal = 1_500_000\ndirectory = 8_000_000";
/// Longer than a lease, after which what is unfinished would be handed out again.
const LONG: Duration = Duration::from_secs(12);
const MOST_EVENTS: usize = 20_000;
const BATCH: usize = 100;
/// Bytes of each event's data.
const SIZE: usize = 600;

fn sized(prefix: &str, count: usize) -> Vec<PublishRequest> {
    let mut events = numbered("acme", "order.paid", prefix, count);
    for event in &mut events {
        event.data = format!("\"{}\"", "x".repeat(SIZE)).into_bytes().into();
    }
    events
}

/// Publishes until nothing more is taken for want of room; gives what was.
async fn publish_until_full(tenant: &Tenant) -> Sent {
    let mut sent = Sent::default();
    for batch in sized("event", MOST_EVENTS).chunks(BATCH) {
        let answers = match tenant.publisher.batch(batch.to_vec()).await {
            Ok(answers) => answers,
            Err(status) if status.code() == Code::Unavailable => break,
            Err(status) => panic!("{status}"),
        };
        for (event, answer) in batch.iter().zip(answers) {
            match answer.error {
                None => drop(sent.accepted.insert(event.id.clone())),
                Some(error) => assert_eq!(error.code, Code::Unavailable as i32, "{}", error.message),
            }
        }
        if sent.accepted.len() % BATCH > 0 {
            break;
        }
    }
    // Where a batch has no room any more, single events may have for a while.
    for event in sized("single", MOST_EVENTS) {
        let id = event.id.clone();
        match tenant.publisher.publish(event).await {
            Ok(_) => drop(sent.accepted.insert(id)),
            Err(status) if status.code() == Code::Unavailable => return sent,
            Err(status) => panic!("{status}"),
        }
    }
    panic!("{MOST_EVENTS} events were taken into a tiny stream");
}

#[tokio::test(flavor = "multi_thread")]
async fn full_while_nobody_reads_it() {
    let mut cluster = Cluster::of(Family::Distributed).file(TINY).start().await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook(&receiver, &["*"]).await;
    cluster.in_force().await;
    cluster.kill(Service::Logs).await;

    let mut sent = publish_until_full(&tenant).await;
    let refused = tenant.publisher.publish(sized("refused", 1).remove(0)).await;
    assert_eq!(refused.map_err(|status| status.code()).expect_err("it is full"), Code::Unavailable);
    // Everything stands still; nothing may come twice for it.
    tokio::time::sleep(LONG).await;
    let stuck = receiver.log().deliveries();
    assert!(stuck < sent.accepted.len(), "the journal was to stop the workers, but all {stuck} events arrived");
    assert_eq!(receiver.log().repeats(), 0, "{}", receiver.log());

    cluster.configure(LARGER);
    cluster.migrate().await;
    cluster.start_again(Service::Logs).await;
    let later = tenant.publisher.all(sized("late", 100)).await;
    assert_eq!(later.accepted.len(), 100);
    sent.accepted.extend(later.accepted);
    all_arrive(&receiver, &sent, 0, Duration::from_secs(60)).await;
    all_are_accounted_for(&tenant, &webhook.id, &sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_standalone_are_full_until_they_are_made_larger() {
    let mut cluster = Cluster::of(Family::Embedded).file("[embedded]\nbytes = { events = 2_000_000 }").start().await;
    let receiver = Receiver::start().await;
    let tenant = cluster.tenant("acme").await;
    let webhook = tenant.webhook(&receiver, &["*"]).await;

    let mut sent = publish_until_full(&tenant).await;
    let reply = tenant.rest.post("/v1/events", json!({"type": "order.paid", "data": {}})).await;
    let _ = reply.problem(503);
    cluster.terminate(Duration::from_secs(35)).await;
    cluster.configure("[embedded]\nbytes = { events = 60_000_000 }");
    cluster.start_again(Service::Standalone).await;
    let later = tenant.publisher.all(sized("late", 100)).await;

    assert_eq!(later.accepted.len(), 100);
    sent.accepted.extend(later.accepted);
    all_arrive(&receiver, &sent, 0, Duration::from_secs(30)).await;
    all_are_accounted_for(&tenant, &webhook.id, &sent).await;
}

/// A small journal that is soon over a quarter full, though its last tenth holds what is in the air when it is full, as it has
/// to; and room for all events.
fn small_journal(family: Family) -> String {
    let bytes = match family {
        Family::Distributed => LARGER.replace("journal = 1_500_000", "journal = 3_000_000"),
        Family::Embedded => "[embedded]\nbytes = { journal = 3_000_000 }".to_owned(),
    };
    bytes + "\n[worker]\nin_flight = 64"
}

/// What waits for hours keeps its own record in the journal, and not everything that was written since.
async fn a_delivery_that_waits_for_hours_leaves_room_for_all_others(family: Family) {
    const EVENTS: usize = 16_000;
    let cluster = Cluster::of(family).file(&small_journal(family)).start().await;
    let (failing, receiver) = (Receiver::answering([503]).await, Receiver::start().await);
    let tenant = cluster.tenant("acme").await;
    let retry = json!({"delays": ["0s", "3h"], "jitter": 0.0});
    tenant.webhook_of(json!({"url": failing.url(), "events": ["order.lost"], "retry": retry})).await;
    tenant.webhook(&receiver, &["order.paid"]).await;
    cluster.in_force().await;
    let waiting = tenant.publish("order.lost", &json!({})).await;
    tenant.event_with(&waiting, 1, &["retrying"]).await;

    let publisher = tenant.publisher.clone();
    let publishing = tokio::spawn(async move { publisher.all(sized("event", EVENTS)).await });

    receiver.until("all other events", Duration::from_secs(90), |log| log.deliveries() >= EVENTS).await;
    let sent = publishing.await.expect("the publisher does not fail");
    assert_eq!(sent.accepted.len(), EVENTS);
}

/// A delivery, and what it waits for.
type Entry = (Vec<u8>, u64);

/// All that waits in Redis among those that wait for a time, once that is as it should be.
async fn waiting_in(redis: &redis::Client, is_right: impl Fn(&[Entry]) -> bool) -> Vec<Entry> {
    eventually("redis has what waits", Duration::from_secs(30), || async {
        let mut connection = redis.get_multiplexed_async_connection().await.ok()?;
        let mut range = redis::cmd("ZRANGE");
        range.arg("{fanfare}:due").arg(0).arg(-1).arg("WITHSCORES");
        let waiting: Vec<Entry> = range.query_async(&mut connection).await.ok()?;
        is_right(&waiting).then_some(waiting)
    })
    .await
}

async fn empty(redis: &redis::Client) {
    let mut connection = redis.get_multiplexed_async_connection().await.expect("it answers");
    let () = redis::cmd("FLUSHALL").query_async(&mut connection).await.expect("it is emptied");
}

/// Records of what waited, and waits no longer, leave the journal although something waits since before them; and that is not
/// lost when Redis is, or put back to what it was before.
async fn deliveries_that_wait_for_hours_leave_room_for_what_is_retried(family: Family) {
    const EVENTS: usize = 8_000;
    // All that is written comes to about what it holds: four times as much as from when on what waits is restated.
    let small = small_journal(family) + "\n[scheduler]\njournal_kept = \"0s\"";
    let mut cluster = Cluster::of(family).file(&small).start().await;
    let (failing, receiver) = (Receiver::answering([503]).await, Receiver::answering([503, 200]).await);
    let tenant = cluster.tenant("acme").await;
    let retry = json!({"delays": ["0s", "3h"], "jitter": 0.0});
    tenant.webhook_of(json!({"url": failing.url(), "events": ["order.lost"], "retry": retry})).await;
    let retry = json!({"delays": ["0s", "1s", "1s", "1s"], "jitter": 0.0});
    tenant.webhook_of(json!({"url": receiver.url(), "events": ["order.paid"], "retry": retry})).await;
    cluster.in_force().await;
    let redis =
        cluster.backends.as_ref().map(|backends| redis::Client::open(backends.redis.url()).expect("an address"));

    let first = tenant.publish("order.lost", &json!({})).await;
    tenant.event_with(&first, 1, &["retrying"]).await;
    let mut copy = None;
    if let Some(redis) = &redis {
        waiting_in(redis, |waiting| waiting.len() == 1).await;
        copy = Some(cluster.backends().redis.snapshot().expect("it can be copied"));
    }
    let second = tenant.publish("order.lost", &json!({})).await;

    let publisher = tenant.publisher.clone();
    let publishing = tokio::spawn(async move { publisher.all(sized("event", EVENTS)).await });
    receiver.until("all retries", Duration::from_secs(90), |log| log.succeeded() >= EVENTS).await;
    let sent = publishing.await.expect("the publisher does not fail");
    assert_eq!(sent.accepted.len(), EVENTS);
    for event in [first, second] {
        let delivery = tenant.delivery_in(&event, "retrying").await;
        assert!(delivery["next_attempt_at"].is_string(), "{delivery}");
    }

    let (Some(redis), Some(copy)) = (redis, copy) else { return };
    let before = waiting_in(&redis, |waiting| waiting.len() == 2).await;
    empty(&redis).await;
    waiting_in(&redis, |waiting| waiting == before).await;
    cluster.backends().redis.restore(&copy).expect("it can be put back");
    waiting_in(&redis, |waiting| waiting == before).await;
    let extra = receiver.log().arrivals().len() - 2 * EVENTS;
    assert!(extra * 50 < EVENTS, "{extra} attempts more than there should be");
}

scenarios! {
    a_delivery_that_waits_for_hours_leaves_room_for_all_others,
    deliveries_that_wait_for_hours_leave_room_for_what_is_retried,
}
