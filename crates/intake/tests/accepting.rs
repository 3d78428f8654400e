//! What is accepted, what is refused, and what becomes of ids when something fails.

mod fakes;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::event::Purpose;
use fanfare_domain::event_type::EventType;
use fanfare_domain::ids::{EventId, TenantNumber, WebhookId};
use fanfare_domain::tenant::Scope;
use fanfare_domain::time::Timestamp;
use fanfare_intake::{
    Accepted, Announcer, AuthError, Caller, Code, Config, Draft, IntakeError, Moment, Trial, Unavailability,
};
use fanfare_ports::directory::{Entry, EntryKey};
use fanfare_ports::store::Notice;

use fakes::{Mood, OPERATOR, World, api_key, event_type, operator, tenant};

fn draft() -> Draft {
    Draft {
        tenant: Some("acme".to_owned()),
        event_type: "order.paid".to_owned(),
        data: Bytes::from_static(b"{ \"amount\": 5.0 }"),
        ..Draft::default()
    }
}

fn with_id(id: &str) -> Draft {
    Draft { id: Some(id.to_owned()), ..draft() }
}

async fn one(world: &World, draft: Draft) -> Result<Accepted, IntakeError> {
    world.intake.accept(&operator(), vec![draft]).await.remove(0)
}

fn field(result: Result<Accepted, IntakeError>) -> &'static str {
    match result {
        Err(IntakeError::Invalid { field, .. }) => field,
        other => panic!("not refused for a field: {other:?}"),
    }
}

#[tokio::test]
async fn an_accepted_event_is_stored_canonically_with_everything_it_came_with() {
    let world = World::new().await;
    let accepted = one(&world, Draft { subject: Some("order 5".to_owned()), ..draft() }).await.expect("accepted");
    assert!(!accepted.duplicate && accepted.id.as_str().starts_with("evt_"));
    let stored = world.queue.events().remove(0);
    assert_eq!(stored.id, accepted.id);
    assert_eq!((stored.tenant, stored.tenant_id.as_str()), (TenantNumber::new(1), "acme"));
    assert_eq!(stored.data, r#"{"amount":5}"#);
    assert_eq!(stored.subject.as_deref(), Some("order 5"));
    assert_eq!((stored.created, stored.accepted), (Timestamp::from_millis(1_700_000_000_000), stored.created));
    assert_eq!(stored.purpose, Purpose::Published);
}

#[tokio::test]
async fn each_wrong_field_is_named_and_nothing_is_stored() {
    let world = World::new().await;
    let moment = |seconds, nanos| Draft { created: Some(Moment { seconds, nanos }), ..draft() };
    let data = |data: &'static [u8]| Draft { data: Bytes::from_static(data), ..draft() };
    let subject = |subject: String| Draft { subject: Some(subject), ..draft() };
    let of_type = |event_type: &str| Draft { event_type: event_type.to_owned(), ..draft() };
    for (draft, expected) in [
        (Draft { tenant: None, ..draft() }, "tenant"),
        (Draft { tenant: Some("No Such".to_owned()), ..draft() }, "tenant"),
        (of_type(""), "type"),
        (of_type("Order Paid"), "type"),
        (of_type("webhook.ping"), "type"),
        (of_type("fanfare.x"), "type"),
        (with_id(""), "id"),
        (with_id("a/b"), "id"),
        (subject(String::new()), "subject"),
        (subject("ü".repeat(257)), "subject"),
        (subject("a\0b".to_owned()), "subject"),
        (moment(-1, 0), "created"),
        (moment(253_402_300_800, 0), "created"),
        (moment(0, 1_000_000_000), "created"),
        (moment(0, -1), "created"),
        (data(b""), "data"),
        (data(b"{"), "data"),
        (data(b"\xff"), "data"),
        (data(b"1 2"), "data"),
    ] {
        assert_eq!(field(one(&world, draft.clone()).await), expected, "{draft:?}");
    }
    assert_eq!(world.queue.events(), []);
}

#[tokio::test]
async fn the_limits_themselves_are_accepted() {
    let world = World::new().await;
    let exact = Draft { data: format!("\"{}\"", "x".repeat(256 * 1024 - 2)).into(), ..draft() };
    one(&world, exact).await.expect("256 KiB");
    let over = Draft { data: format!("\"{}\"", "x".repeat(256 * 1024 - 1)).into(), ..draft() };
    assert_eq!(one(&world, over).await, Err(IntakeError::TooLarge { size: 262_145, limit: 262_144 }));
    let nested = |levels: usize| Draft { data: ("[".repeat(levels) + &"]".repeat(levels)).into(), ..draft() };
    one(&world, nested(128)).await.expect("128 levels");
    assert_eq!(field(one(&world, nested(129)).await), "data");
    one(&world, Draft { subject: Some("ü".repeat(256)), ..draft() }).await.expect("256 characters");
    let created = Moment::from(Timestamp::MAX);
    one(&world, Draft { created: Some(created), ..draft() }).await.expect("the last millisecond");
    assert_eq!(world.queue.events().last().map(|event| event.created), Some(Timestamp::MAX));
}

#[tokio::test]
async fn data_that_grows_in_canonical_form_beyond_a_record_is_refused_alone() {
    let world = World::new().await;
    let numbers = vec!["1e20"; 50_000].join(",");
    let grows = Draft { data: format!("[{numbers}]").into(), ..with_id("grows") };
    let answers = world.intake.accept(&operator(), vec![with_id("a"), grows, with_id("b")]).await;
    assert!(answers[0].is_ok() && answers[2].is_ok());
    assert_eq!(answers[1].as_ref().map_err(IntakeError::code), Err(Code::TooLarge));
    assert_eq!(world.ids.known.lock().expect("not poisoned").len(), 2, "its id is free again");
}

#[tokio::test]
async fn one_bad_event_does_not_keep_its_neighbours_out() {
    let world = World::new().await;
    let bad = Draft { event_type: String::new(), ..draft() };
    let answers = world.intake.accept(&operator(), vec![with_id("a"), bad, with_id("b")]).await;
    assert!(answers[0].is_ok() && answers[1].is_err() && answers[2].is_ok());
    let stored: Vec<_> = world.queue.events().iter().map(|event| event.id.to_string()).collect();
    assert_eq!(stored, ["a", "b"]);
    assert_eq!(world.queue.calls.load(Ordering::SeqCst), 1, "one publish for all of them");
}

#[tokio::test]
async fn an_id_is_accepted_once_for_each_tenant() {
    let world = World::new().await;
    assert_eq!(one(&world, with_id("a")).await.map(|accepted| accepted.duplicate), Ok(false));
    let again = Draft { data: Bytes::from_static(b"2"), ..with_id("a") };
    assert_eq!(one(&world, again).await.map(|accepted| accepted.duplicate), Ok(true));
    let other = Draft { tenant: Some("other".to_owned()), ..with_id("a") };
    assert_eq!(one(&world, other).await.map(|accepted| accepted.duplicate), Ok(false));
    assert_eq!(world.queue.events().len(), 2);
}

#[tokio::test]
async fn equal_ids_of_one_batch_share_the_firsts_fate() {
    let world = World::new().await;
    let batch = || vec![with_id("a"), draft(), with_id("a"), with_id("a")];
    world.queue.set(Mood::Away);
    let answers = world.intake.accept(&operator(), batch()).await;
    assert!(answers.iter().all(|answer| answer == &Err(IntakeError::Unavailable(Unavailability::Queue))));
    world.queue.set(Mood::Stores);
    world.ids.known.lock().expect("not poisoned").clear();
    let answers = world.intake.accept(&operator(), batch()).await;
    let duplicates: Vec<_> = answers.iter().map(|answer| answer.as_ref().expect("stored").duplicate).collect();
    assert_eq!(duplicates, [false, false, true, true]);
    assert_eq!(world.queue.events().len(), 2);
}

#[tokio::test]
async fn a_publish_with_open_outcome_leaves_its_claim_and_a_refused_one_gives_it_back() {
    let world = World::new().await;
    world.queue.set(Mood::Away);
    assert_eq!(one(&world, with_id("a")).await, Err(IntakeError::Unavailable(Unavailability::Queue)));
    assert_eq!(one(&world, with_id("a")).await, Err(IntakeError::Unavailable(Unavailability::SameId)));
    world.queue.set(Mood::Full);
    assert_eq!(one(&world, with_id("b")).await, Err(IntakeError::Unavailable(Unavailability::Full)));
    world.queue.set(Mood::Stores);
    assert_eq!(one(&world, with_id("b")).await.map(|accepted| accepted.duplicate), Ok(false));
}

#[tokio::test]
async fn of_a_batch_that_did_not_fit_what_was_stored_is_accepted_and_the_rest_may_come_again_at_once() {
    let world = World::new().await;
    let batch = || vec![with_id("a"), draft(), with_id("b"), with_id("c")];
    world.queue.set(Mood::RoomFor(2));
    let answers = world.intake.accept(&operator(), batch()).await;
    assert!(answers[0].is_ok() && answers[1].is_ok(), "{answers:?}");
    let full = Err(IntakeError::Unavailable(Unavailability::Full));
    assert_eq!(answers[2..], [full.clone(), full]);
    assert_eq!(world.queue.events().len(), 2);

    world.queue.set(Mood::Stores);
    let answers = world.intake.accept(&operator(), batch()).await;
    let duplicates: Vec<_> = answers.iter().map(|answer| answer.as_ref().expect("stored").duplicate).collect();
    assert_eq!(duplicates, [true, false, false, false]);
}

#[tokio::test]
async fn without_the_memory_of_ids_only_events_without_one_are_accepted() {
    let world = World::new().await;
    world.ids.away.store(true, Ordering::SeqCst);
    let answers = world.intake.accept(&operator(), vec![with_id("a"), draft()]).await;
    assert_eq!(answers[0], Err(IntakeError::Unavailable(Unavailability::Ids)));
    assert!(answers[1].is_ok());
    assert_eq!(world.queue.events().len(), 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_stop_what_is_under_way() {
    let world = World::new().await;
    world.queue.held.send_replace(true);
    let intake = Arc::clone(&world.intake);
    let caller = tokio::spawn(async move { intake.accept(&operator(), vec![with_id("a")]).await });
    while world.queue.calls.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    caller.abort();
    let _ = caller.await;
    world.queue.held.send_replace(false);
    world.intake.drain().await;
    assert_eq!(one(&world, with_id("a")).await.map(|accepted| accepted.duplicate), Ok(true));
    assert_eq!(world.queue.events().len(), 1);
}

#[tokio::test]
async fn a_queue_that_never_answers_is_not_waited_for_longer_than_allowed() {
    let world = World::new().await;
    world.queue.set(Mood::NeverAnswers);
    let intake = Arc::clone(&world.intake);
    let bad = Draft { event_type: String::new(), ..draft() };
    let waiting = tokio::spawn(async move { intake.accept(&operator(), vec![draft(), bad]).await });
    while world.queue.calls.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    world.clock.advance(Duration::from_secs(10));
    let mut answers = waiting.await.expect("no panic");
    assert_eq!(field(answers.remove(1)), "type");
    assert_eq!(answers.remove(0), Err(IntakeError::Unavailable(Unavailability::Queue)));
}

#[tokio::test]
async fn nothing_is_accepted_without_room_or_without_an_up_to_date_directory() {
    let world = World::new().await;
    assert_eq!(world.intake.waits_for(), Vec::<String>::new());
    world.queue.used.store(91, Ordering::SeqCst);
    let stop = tokio_util::sync::CancellationToken::new();
    let watching = tokio::spawn({
        let (intake, stop) = (Arc::clone(&world.intake), stop.clone());
        async move { intake.watch(&stop).await }
    });
    while world.intake.waits_for().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(one(&world, draft()).await, Err(IntakeError::Unavailable(Unavailability::Full)));
    stop.cancel();
    watching.await.expect("no panic");

    let world = World::new().await;
    world.directory.away.store(true, Ordering::SeqCst);
    assert_eq!(one(&world, draft()).await, Err(IntakeError::Unavailable(Unavailability::Directory)));
    world.clock.advance(Duration::from_secs(6));
    assert_eq!(world.intake.waits_for().len(), 1);
    let unknown = world.intake.authenticate(Some("fk_unknown")).await;
    assert_eq!(unknown, Err(AuthError::Unavailable(Unavailability::Directory)));
    assert_eq!(world.intake.authenticate(Some(OPERATOR)).await, Ok(operator()));
    assert_eq!(world.queue.events(), []);
}

#[tokio::test]
async fn keys_say_who_calls_and_changes_hold_at_once() {
    let world = World::new().await;
    for (token, expected) in
        [(None, AuthError::Missing), (Some(""), AuthError::Missing), (Some("x"), AuthError::Unknown)]
    {
        assert_eq!(world.intake.authenticate(token).await, Err(expected));
    }
    let key = api_key("fk_acme", Some(1));
    world.write(Entry::ApiKey(key.clone())).await;
    world.write(Entry::ApiKey(api_key("fk_operator", None))).await;
    let caller = world.intake.authenticate(Some("fk_acme")).await.expect("known");
    assert_eq!(caller, Caller::Tenant { tenant: TenantNumber::new(1), scope: Scope::Publish, key: key.id });
    assert!(world.intake.authenticate(Some("fk_operator")).await.expect("known").is_operator());

    world.remove(EntryKey::Tenant(TenantNumber::new(1))).await;
    assert_eq!(world.intake.authenticate(Some("fk_acme")).await, Err(AuthError::Unknown));
    let late = world.intake.accept(&caller, vec![draft()]).await;
    assert_eq!(late, [Err(IntakeError::UnknownKey)]);
    assert_eq!(one(&world, draft()).await.map_err(|error| error.code()), Err(Code::NotFound));
    world.remove(EntryKey::ApiKey(key.id)).await;
    assert_eq!(world.intake.authenticate(Some("fk_acme")).await, Err(AuthError::Unknown));
}

#[tokio::test]
async fn a_tenants_key_publishes_for_its_tenant_alone() {
    let world = World::new().await;
    let caller =
        Caller::Tenant { tenant: TenantNumber::new(1), scope: Scope::Publish, key: api_key("fk_acme", Some(1)).id };
    let named = |tenant: Option<&str>| Draft { tenant: tenant.map(str::to_owned), ..draft() };
    let answers = world.intake.accept(&caller, vec![named(None), named(Some("acme")), named(Some("other"))]).await;
    assert!(answers[0].is_ok() && answers[1].is_ok());
    assert_eq!(answers[2].as_ref().map_err(IntakeError::code), Err(Code::Denied));
    assert_eq!(one(&world, named(Some("fanfare"))).await.map_err(|error| error.code()), Err(Code::Denied));
    assert_eq!(one(&world, named(Some("nobody"))).await.map_err(|error| error.code()), Err(Code::NotFound));
}

#[tokio::test]
async fn a_quota_refuses_with_the_time_to_wait() {
    let world = World::new().await;
    world.write(Entry::Tenant(tenant("acme", 1, Some(2)))).await;
    let answers = world.intake.accept(&operator(), vec![draft(), draft(), draft()]).await;
    assert!(answers[0].is_ok() && answers[1].is_ok());
    let refused = answers[2].as_ref().expect_err("over quota");
    assert_eq!((refused.code(), refused.retry_after()), (Code::OverQuota, Some(Duration::from_millis(500))));
    world.advance(Duration::from_millis(500)).await;
    assert!(one(&world, draft()).await.is_ok());
}

#[tokio::test]
async fn a_schema_holds_for_its_type_and_that_types_aliases() {
    let world = World::new().await;
    world.write(Entry::EventType(event_type("order.paid", r#"{"required": ["id"]}"#, &["order.settled"]))).await;
    let of_type = |event_type: &str, data: &'static str| Draft {
        event_type: event_type.to_owned(),
        data: data.into(),
        ..draft()
    };
    for name in ["order.paid", "order.settled"] {
        assert_eq!(field(one(&world, of_type(name, "{}")).await), "data", "{name}");
        assert!(one(&world, of_type(name, r#"{"id":1}"#)).await.is_ok(), "{name}");
    }
    assert!(one(&world, of_type("order.refunded", "{}")).await.is_ok());
}

#[tokio::test]
async fn trials_go_to_one_webhook() {
    let world = World::new().await;
    let webhook = WebhookId::make(Timestamp::from_millis(5), 7);
    let trial = Trial {
        tenant: TenantNumber::new(1),
        webhook,
        event_type: EventType::ping(),
        data: Bytes::from_static(b"{}"),
        trace: Default::default(),
    };
    let issued = world.intake.publish_trial(trial.clone()).await.expect("stored");
    let events = world.queue.events();
    assert_eq!((&events[0].id, events[0].purpose), (&issued.id, Purpose::Trial(webhook)));
    assert_eq!(issued.position.sequence, 1);
    let bad = Trial { data: Bytes::from_static(b"{"), ..trial };
    assert_eq!(world.intake.publish_trial(bad).await.map_err(|error| error.code()), Err(Code::Invalid));
}

#[tokio::test]
async fn a_notice_is_the_same_event_however_often_and_whenever_it_is_announced() {
    let world = World::new().await;
    let announcer = Announcer::new(world.queue.clone(), Arc::new(world.clock.clone()), Config::default());
    let notice = Notice {
        id: EventId::new("disabled-1").expect("valid"),
        event_type: EventType::webhook_disabled(),
        subject: Some("wh_1".into()),
        created: Timestamp::from_millis(1_600_000_000_000),
        data: r#"{"reason": "gone"}"#.to_owned(),
    };
    let reserved = tenant("fanfare", 3, None);
    announcer.announce(&reserved, &notice).await.expect("stored");
    world.clock.advance(Duration::from_secs(60));
    announcer.announce(&reserved, &notice).await.expect("stored");
    let events = world.queue.events();
    assert_eq!((&events[0].id, events[0].tenant_id.as_str()), (&notice.id, "fanfare"));
    assert_eq!((events[0].created, events[0].purpose), (notice.created, Purpose::Published));
    assert_eq!((events[0].subject.as_deref(), &*events[0].data), (Some("wh_1"), br#"{"reason":"gone"}"#.as_slice()));
    assert_eq!(events[1].accepted.since(events[0].accepted), Duration::from_secs(60));
    let same = fanfare_domain::event::Event { accepted: events[0].accepted, ..events[1].clone() };
    assert_eq!(same, events[0]);

    world.queue.set(Mood::Full);
    let refused = announcer.announce(&reserved, &notice).await;
    assert_eq!(refused, Err(IntakeError::Unavailable(Unavailability::Full)));
}
