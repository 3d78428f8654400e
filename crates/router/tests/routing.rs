//! What the router stores for an event, and what a restart repeats.

mod stage;

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::Bytes;
use fanfare_domain::delivery::{Delivery, DeliveryRef, Lane, Position, Turn};
use fanfare_domain::event::{Event, Purpose, TraceContext};
use fanfare_domain::ids::{Run, TenantId, TenantNumber, WebhookId};
use fanfare_domain::journal::{JournalRecord, PaceKind, Parked, Parking, Routed};
use fanfare_domain::tenant::{EventTypeEntry, Tenant};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::{RateLimit, Webhook};
use fanfare_ports::catalogue::Catalogue;
use fanfare_ports::clock::{ManualClock, SharedClock};
use fanfare_ports::directory::{Directory, Entry, EntryKey, Write};
use fanfare_ports::queue::{Consumer, DeadLetter, Queue, Topic};
use fanfare_proto::records::encode_event;
use fanfare_router::{Config, Router};
use tokio_util::sync::CancellationToken;

use stage::{ACCEPTED, Stage, TENANT, event, soon, webhook};

fn first(event: &Event, position: Position, webhook: &Webhook) -> DeliveryRef {
    DeliveryRef::new(event, position, webhook.id, Run::First)
}

#[tokio::test]
async fn an_event_becomes_a_delivery_a_place_in_a_queue_and_one_record_of_whom_it_went_to() {
    let directory = tempfile::tempdir().expect("a directory");
    let stage = Stage::with_tenant(&directory).await;
    let (open, other, mut limited) = (webhook(1, "order.*"), webhook(2, "invoice.*"), webhook(3, "*"));
    limited.rate_limit = Some(RateLimit { per_second: 2.5, burst: None });
    for webhook in [&open, &other, &limited] {
        stage.webhook(webhook).await;
    }
    let event = event("e1");
    let position = stage.publish(&event).await;
    stage.routed(position).await;

    let (to_open, to_limited) = (first(&event, position, &open), first(&event, position, &limited));
    let expected = Delivery {
        reference: to_open,
        turn: Turn::Scheduled(1),
        waited: false,
        paced: false,
        due: ACCEPTED,
        event: Some(event.clone()),
        trace: TraceContext::default(),
    };
    assert_eq!(stage.deliveries(Lane::Fresh).await, [expected]);
    let parking = Parking::Webhook { per_second: 2.5, burst: 3, pace: PaceKind::Limit };
    let parked = Parked { delivery: to_limited, attempt: 1, due: ACCEPTED, parking };
    assert_eq!(stage.journal(Topic::JournalSchedule).await, [JournalRecord::Parked(parked)]);
    let mut told = stage.routings().await;
    told[0].deliveries.sort_unstable_by_key(|(webhook, _)| *webhook.as_bytes());
    let expected = Routed {
        tenant: TENANT,
        event: event.id.clone(),
        event_type: event.event_type.clone(),
        subject: event.subject.clone(),
        created: event.created,
        accepted: ACCEPTED,
        purpose: Purpose::Published,
        position,
        size: 1,
        replay: None,
        deliveries: vec![(open.id, to_open.id), (limited.id, to_limited.id)],
    };
    assert_eq!(told, [expected]);
}

#[tokio::test]
async fn an_event_that_is_for_nobody_is_told_of_all_the_same_and_one_of_a_deleted_tenant_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let stage = Stage::with_tenant(&directory).await;
    let mut paused = webhook(1, "*");
    paused.is_active = false;
    stage.webhook(&paused).await;
    let position = stage.publish(&event("e1")).await;
    stage.routed(position).await;
    assert_eq!(stage.routings().await.iter().map(|told| told.deliveries.len()).collect::<Vec<_>>(), [0]);

    stage.change(Write { key: EntryKey::Tenant(TENANT), entry: None }).await;
    let position = stage.publish(&event("e2")).await;
    stage.routed(position).await;
    assert_eq!(stage.routings().await.len(), 1);
    assert_eq!(stage.deliveries(Lane::Fresh).await, []);
}

#[tokio::test]
async fn data_over_4_kib_stays_where_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let stage = Stage::with_tenant(&directory).await;
    stage.webhook(&webhook(1, "*")).await;
    for (id, size) in [("at the limit", 4096), ("over it", 4097)] {
        let mut event = event(&id.replace(' ', "-"));
        event.data = Bytes::from(vec![b'1'; size]);
        let position = stage.publish(&event).await;
        stage.routed(position).await;
    }
    let inline: Vec<_> = stage.deliveries(Lane::Fresh).await.iter().map(|one| one.event.is_some()).collect();
    assert_eq!(inline, [true, false]);
}

#[tokio::test]
async fn a_trial_goes_to_its_webhook_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let stage = Stage::with_tenant(&directory).await;
    let (all, only) = (webhook(1, "*"), webhook(2, "invoice.*"));
    for webhook in [&all, &only] {
        stage.webhook(webhook).await;
    }
    let trial = Event { purpose: Purpose::Trial(only.id), ..event("ping") };
    let position = stage.publish(&trial).await;
    stage.routed(position).await;
    let references: Vec<_> = stage.deliveries(Lane::Fresh).await.iter().map(|one| one.reference).collect();
    assert_eq!(references, [first(&trial, position, &only)]);
    assert_eq!(stage.routings().await[0].purpose, Purpose::Trial(only.id));
}

#[tokio::test]
async fn aliases_and_changes_are_in_force_for_the_next_event() {
    let directory = tempfile::tempdir().expect("a directory");
    let stage = Stage::with_tenant(&directory).await;
    let webhook = webhook(1, "payment.made");
    stage.webhook(&webhook).await;
    let position = stage.publish(&event("before")).await;
    stage.routed(position).await;
    stage
        .write(Entry::EventType(EventTypeEntry {
            tenant: TENANT,
            name: "payment.made".parse().expect("valid"),
            version: 1,
            description: String::new(),
            schema: None,
            example: None,
            aliases: vec!["order.paid".parse().expect("valid")],
            deprecated: false,
            created_at: Timestamp::default(),
        }))
        .await;
    let position = stage.publish(&event("after")).await;
    stage.routed(position).await;
    let delivered = stage.deliveries(Lane::Fresh).await;
    let delivered: Vec<_> = delivered.iter().filter_map(|one| Some(one.event.as_ref()?.id.as_str())).collect();
    assert_eq!(delivered, ["after"]);
    stage.change(Write { key: EntryKey::Webhook(webhook.id), entry: None }).await;
    let position = stage.publish(&event("gone")).await;
    stage.routed(position).await;
    assert_eq!(stage.deliveries(Lane::Fresh).await.len(), 1);
}

#[tokio::test]
async fn a_large_fan_out_is_stored_in_parts_and_whole() {
    let directory = tempfile::tempdir().expect("a directory");
    let stage = Stage::with_tenant(&directory).await;
    let writes = (0..2_100_u32).map(|number| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let webhook = Webhook { id: WebhookId::from_bytes(id), ..webhook(1, "*") };
        let entry = Entry::Webhook(Box::new(webhook));
        Write { key: entry.key(), entry: Some(entry) }
    });
    let writes: Vec<_> = writes.collect();
    stage.embedded.directory().write(&writes).await.expect("the directory takes them");
    let position = stage.publish(&event("e1")).await;
    stage.routed(position).await;
    let delivered: BTreeSet<_> =
        stage.deliveries(Lane::Fresh).await.iter().map(|one| *one.reference.webhook.as_bytes()).collect();
    let told = stage.routings().await;
    assert_eq!((delivered.len(), told.len(), told[0].deliveries.len()), (2_100, 1, 2_100));
}

#[tokio::test]
async fn a_tenant_that_crowds_out_others_goes_to_the_bulk_lane() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut stage = Stage::with_tenant(&directory).await;
    stage.stop.cancel();
    soon(&mut stage.running).await.expect("no panic").expect("no error");
    let stop = CancellationToken::new();
    let config = Config { share_per_second: NonZeroU32::new(3).expect("not zero"), ..Config::default() };
    let clock: SharedClock = Arc::new(ManualClock::at(ACCEPTED));
    let catalogue = Catalogue::of(stage.embedded.directory(), Arc::clone(&clock));
    let following = tokio::spawn({
        let catalogue = Arc::clone(&catalogue);
        async move { catalogue.follow(&CancellationToken::new()).await }
    });
    stage.webhook(&webhook(1, "*")).await;
    let id = TenantId::new("quiet").expect("valid");
    let quiet = Tenant { id, number: TenantNumber::new(2), ..fanfare_samples::tenant() };
    stage.write(Entry::Tenant(quiet.clone())).await;
    stage.webhook(&Webhook { tenant: quiet.number, ..webhook(2, "*") }).await;
    soon(catalogue.include(ACCEPTED)).await.expect("the directory answers");
    let router = Router::new(config, Arc::new(stage.embedded.queue().another()), catalogue, clock);
    let running = tokio::spawn(router.run(stop.clone()));

    let others = Event { tenant: quiet.number, tenant_id: quiet.id, ..event("other") };
    let busy = (0..5).map(|number| event(&format!("e{number}")));
    for event in [others].into_iter().chain(busy) {
        let position = stage.publish(&event).await;
        stage.routed(position).await;
    }
    let ids = |deliveries: Vec<Delivery>| -> Vec<String> {
        deliveries.iter().filter_map(|one| Some(one.event.as_ref()?.id.as_str().to_owned())).collect()
    };
    assert_eq!(ids(stage.deliveries(Lane::Fresh).await), ["other", "e0", "e1", "e2"]);
    assert_eq!(ids(stage.deliveries(Lane::Bulk).await), ["e3", "e4"]);
    running.abort();
    following.abort();
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_left_to_it_and_what_is_damaged_is_a_dead_letter() {
    let directory = tempfile::tempdir().expect("a directory");
    let stage = Stage::with_tenant(&directory).await;
    let (newer, damaged) = (Bytes::from_static(&[250, 1, 2, 3]), Bytes::from_static(&[1, 255]));
    let queue = stage.embedded.queue();
    let stored = queue.publish(Topic::Events, vec![newer, damaged.clone(), encode_event(&event("e1"))]).await;
    let position = stage.publish(&event("e2")).await;
    soon(async {
        while stage.routings().await.len() < 2 || stage.stored(Topic::DeadLetters).await.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let letters = stage.stored(Topic::DeadLetters).await;
    let letter = DeadLetter::decode(&letters[0]).expect("readable");
    assert_eq!((letters.len(), letter.position, letter.record), (1, stored.expect("stored")[1], damaged));
    let floor = queue.backlog(Consumer::Router).await.expect("told").floor;
    assert!(floor < position.sequence, "the newer one is not finished");
}

#[tokio::test]
async fn a_restart_repeats_nothing_that_is_finished_and_loses_nothing_that_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let stage = Stage::with_tenant(&directory).await;
    stage.webhook(&webhook(1, "*")).await;
    let mut last = Position::default();
    for number in 0..20 {
        last = stage.publish(&event(&format!("e{number}"))).await;
    }
    stage.routed(last).await;
    stage.stop.cancel();
    let unrouted = stage.publish(&event("while-stopping")).await;
    stage.end().await;

    let stage = Stage::open(&directory).await;
    let position = stage.publish(&event("after")).await;
    stage.routed(position.max(unrouted)).await;
    let delivered = stage.deliveries(Lane::Fresh).await;
    let ids: BTreeSet<_> =
        delivered.iter().filter_map(|one| one.event.as_ref()).map(|event| event.id.as_str()).collect();
    assert_eq!((ids.len(), delivered.len()), (22, 22));
    assert!(stage.catalogue.is_ready());
}
