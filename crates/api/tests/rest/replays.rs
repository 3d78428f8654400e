//! Past events, sent once more.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::delivery::{Delivery, DeliveryRef, FailureReason, Lane, Position, Settlement, Turn};
use fanfare_domain::event::Event;
use fanfare_domain::ids::{ReplayId, Run};
use fanfare_domain::journal::{JournalRecord, Routed};
use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::{Clock, ManualClock};
use fanfare_ports::queue::{Consumer, Queue, Stream};
use fanfare_ports::store::{Replay, ReplayOnly, ReplayState, Replays};
use fanfare_proto::records::{decode_delivery, decode_journal};
use serde_json::{Value, json};

use crate::harness::{Service, path_of, webhook_id};

async fn replayed(service: &Service, count: usize) -> Vec<Delivery> {
    let queue = service.embedded.queue();
    let mut deliveries = Vec::new();
    while deliveries.len() < count {
        let taken = queue.take(Consumer::Worker(Lane::Bulk), count, Duration::from_secs(10)).await.expect("takes");
        assert!(!taken.is_empty(), "{} of {count} came", deliveries.len());
        queue.finish(&taken.iter().map(|leased| leased.lease.clone()).collect::<Vec<_>>()).await.expect("finishes");
        deliveries.extend(taken.iter().map(|leased| decode_delivery(&leased.record).expect("a delivery")));
    }
    deliveries
}

async fn journal(service: &Service, count: usize) -> Vec<JournalRecord> {
    let queue = service.embedded.queue();
    let mut records = Vec::new();
    while records.len() < count {
        let taken = queue.take(Consumer::Logs, count, Duration::from_secs(10)).await.expect("takes");
        assert!(!taken.is_empty(), "{} of {count} came", records.len());
        records.extend(taken.iter().map(|leased| decode_journal(&leased.record).expect("a record")));
    }
    records
}

async fn done(service: &Service, begun: &Value, state: &str) -> Value {
    let path = format!("/v1/replays/{}", begun["id"].as_str().expect("an id"));
    service.eventually(state, async || service.call("GET", &path, None).await.ok(200)["state"] == state).await;
    service.call("GET", &path, None).await.ok(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_sent_again_as_a_new_run() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let webhook = service.webhook(json!({})).await;
    let path = format!("{}/replay", path_of(&webhook));
    for (place, settled) in
        [Settlement::Failed(FailureReason::AttemptsUsedUp), Settlement::Success].into_iter().enumerate()
    {
        service.publish(json!({"type": "a", "data": place, "id": format!("event-{place}")})).await;
        let (event, references) = service.log_event(&[webhook_id(&webhook)]).await;
        service.log_attempt(&event, references[0], 500, settled).await;
    }
    let body = json!({"since": "2020-01-01T00:00:00Z", "only": "failed"});
    let mut dry = body.clone();
    dry["dry_run"] = json!(true);
    let counted = service.call("POST", &path, dry).await.ok(202);
    assert_eq!(counted["matched"], 1);
    let shown =
        service.call("GET", &format!("/v1/replays/{}", counted["id"].as_str().expect("an id")), None).await.ok(200);
    assert_eq!((&shown["state"], &shown["dry_run"]), (&json!("done"), &json!(true)));
    assert_eq!((&shown["matched"], &shown["published"]), (&json!(1), &json!(0)));

    let begun = service.call("POST", &path, body).await.ok(202);
    assert_eq!(begun["matched"], 1);
    let delivery = replayed(&service, 1).await.remove(0);
    let replay: ReplayId = begun["id"].as_str().expect("an id").parse().expect("a replay's id");
    assert_eq!(delivery.reference.run, Run::Replay(replay));
    assert_eq!((delivery.turn, delivery.waited), (Turn::Scheduled(1), false));
    let event = delivery.event.expect("small enough to travel along");
    assert_eq!(event.id.as_str(), "event-0");
    let records = journal(&service, 1).await;
    let [JournalRecord::Routed(routed)] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(routed.replay, Some(replay));
    assert_eq!(routed.deliveries, [(webhook_id(&webhook), delivery.reference.id)]);

    service.record(&records).await;
    let shown = done(&service, &begun, "done").await;
    assert_eq!((&shown["published"], &shown["gone"], &shown["matched"]), (&json!(1), &json!(0), &json!(1)));
    assert_eq!(shown["dry_run"], false);
    let event = service.call("GET", "/v1/events/event-0", None).await.ok(200);
    let mut runs: Vec<_> =
        event["deliveries"].as_array().expect("rows").iter().map(|row| row["replay_id"].clone()).collect();
    runs.sort_by_key(|run| run.is_null());
    assert_eq!(runs, [begun["id"].clone(), Value::Null]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_found_by_subscription_or_by_types() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let described = json!({"description": "x", "aliases": ["scan.created"]});
    service.call("PUT", "/v1/event-types/qr.scanned", described).await.ok(201);
    let webhook = service.webhook(json!({"events": ["qr.scanned"]})).await;
    let path = format!("{}/replay", path_of(&webhook));
    for event_type in ["qr.scanned", "scan.created", "other", "qr.scanned"] {
        service.publish(json!({"type": event_type, "data": 1})).await;
        service.log_event(&[]).await;
    }
    service.call("POST", &format!("{}/ping", path_of(&webhook)), None).await.ok(202);
    service.log_event(&[webhook_id(&webhook)]).await;
    let counted = async |more: Value| {
        let mut body = json!({"since": "2020-01-01T00:00:00Z", "only": "missing", "dry_run": true});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        service.call("POST", &path, body).await.ok(202)["matched"].clone()
    };
    assert_eq!(counted(json!({})).await, 3);
    assert_eq!(counted(json!({"types": ["other"]})).await, 1);
    assert_eq!(counted(json!({"types": ["*"]})).await, 4, "pings are not for everybody");
    assert_eq!(counted(json!({"only": "all", "types": ["qr.*"]})).await, 3);
    assert_eq!(counted(json!({"only": "failed"})).await, 0);
    assert_eq!(counted(json!({"until": "2020-01-02T00:00:00Z"})).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_keeps_its_pace_and_counts_what_is_gone() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let webhook = service.webhook(json!({})).await;
    for place in 0..6 {
        service.publish(json!({"type": "a", "data": place})).await;
        service.log_event(&[]).await;
    }
    service.embedded.queue().trim(Stream::Events, 2).await.expect("trims");
    let body = json!({"since": "2020-01-01T00:00:00Z", "only": "missing", "max_per_second": 2});
    let started = std::time::Instant::now();
    let begun = service.call("POST", &format!("{}/replay", path_of(&webhook)), body).await.ok(202);
    let deliveries = replayed(&service, 5).await;
    let ids: std::collections::HashSet<_> = deliveries.iter().map(|delivery| delivery.reference.id).collect();
    assert_eq!(ids.len(), 5);
    let shown = done(&service, &begun, "done").await;
    assert!(started.elapsed() >= Duration::from_secs(2), "five at two a second");
    assert_eq!((&shown["matched"], &shown["published"], &shown["gone"]), (&json!(6), &json!(5), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_goes_on_where_a_process_died_and_sends_nothing_twice() {
    let clock = ManualClock::at(Timestamp::from_millis(1_800_000_000_000));
    let service = Service::on(Arc::new(clock.clone())).await;
    service.tenant("acme").await;
    let webhook = service.webhook(json!({})).await;
    let mut events = Vec::new();
    for place in 0..3 {
        service.publish(json!({"type": "a", "data": place, "id": format!("event-{place}")})).await;
        let (position, event) = service.routed_events(1).await.remove(0);
        service.record(&[routed(&event, position, None)]).await;
        events.push((position, event));
        clock.advance(Duration::from_millis(1));
    }
    let replay = Replay {
        id: ReplayId::make(clock.now(), 1),
        tenant: events[0].1.tenant,
        webhook: webhook_id(&webhook),
        since: Timestamp::MIN,
        until: clock.now(),
        types: Vec::new(),
        only: ReplayOnly::Missing,
        max_per_second: None,
        dry_run: false,
        state: ReplayState::Running,
        matched: 3,
        published: 0,
        gone: 0,
        cursor: None,
        created_at: clock.now(),
    };
    let store = service.embedded.store();
    let dead = Duration::from_secs(15);
    // Nobody else looks for replays while the clock stands still.
    store.begin(&replay).await.expect("begun");
    store.take_up("dead", clock.now(), dead).await.expect("asked").expect("taken up");
    // It died after it had published the first delivery, and before it saved how far it was.
    service.record(&[routed(&events[0].1, events[0].0, Some(&replay))]).await;

    clock.advance(dead + Duration::from_secs(1));
    let deliveries = replayed(&service, 2).await;
    let sent: Vec<_> =
        deliveries.iter().filter_map(|delivery| delivery.event.as_ref()).map(|event| event.id.as_str()).collect();
    assert_eq!(sent, ["event-1", "event-2"]);
    assert_eq!(journal(&service, 3).await.len(), 3, "the journal is told of all");
    let shown = done(&service, &json!({"id": replay.id}), "done").await;
    assert_eq!((&shown["published"], &shown["matched"]), (&json!(3), &json!(3)));
}

fn routed(event: &Event, position: Position, replay: Option<&Replay>) -> JournalRecord {
    let run = replay.map_or(Run::First, |replay| Run::Replay(replay.id));
    let deliveries = replay
        .map(|replay| (replay.webhook, DeliveryRef::new(event, position, replay.webhook, run).id))
        .into_iter()
        .collect();
    JournalRecord::Routed(Routed::of(event, position, run, deliveries))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_ends_with_its_webhook() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let webhook = service.webhook(json!({})).await;
    for place in 0..20 {
        service.publish(json!({"type": "a", "data": place})).await;
        service.log_event(&[]).await;
    }
    let body = json!({"since": "2020-01-01T00:00:00Z", "only": "all", "max_per_second": 1});
    let begun = service.call("POST", &format!("{}/replay", path_of(&webhook)), body.clone()).await.ok(202);
    service.call("PATCH", &path_of(&webhook), json!({"is_active": false})).await.ok(200);
    let shown = done(&service, &begun, "cancelled").await;
    assert!(shown["published"].as_u64().expect("a number") < 20);
    service.call("POST", &format!("{}/replay", path_of(&webhook)), body).await.problem(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_replayed_is_refused() {
    let service = Service::start().await;
    service.tenant("acme").await;
    let path = format!("{}/replay", path_of(&service.webhook(json!({})).await));
    for (body, pointers) in [
        (json!({}), vec!["#/since", "#/only"]),
        (json!({"since": "x", "only": "all"}), vec!["#/since"]),
        (json!({"since": "2100-01-01T00:00:00Z", "only": "all"}), vec!["#/since"]),
        (json!({"since": "2020-01-02T00:00:00Z", "until": "2020-01-01T00:00:00Z", "only": "all"}), vec!["#/since"]),
        (json!({"since": "2020-01-01T00:00:00Z", "only": "some"}), vec!["#/only"]),
        (json!({"since": "2020-01-01T00:00:00Z", "only": "all", "types": ["a", "*a"]}), vec!["#/types/1"]),
        (json!({"since": "2020-01-01T00:00:00Z", "only": "all", "max_per_second": 0}), vec!["#/max_per_second"]),
        (json!({"since": "2020-01-01T00:00:00Z", "only": "all", "more": 0}), vec!["#/more"]),
    ] {
        let answer = service.call("POST", &path, body.clone()).await;
        assert_eq!(answer.problem(400), pointers, "{body}: {}", answer.text);
    }
    service.call("GET", "/v1/replays/rpl_00000000000000000000000000", None).await.problem(404);
}
