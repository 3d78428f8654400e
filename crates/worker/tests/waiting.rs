//! What happens to deliveries that take long, that are too many, or that somebody else has by now.

mod stage;

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::delivery::{Delivery, Lane, Settlement, Turn};
use fanfare_domain::ids::AttemptId;
use fanfare_domain::journal::{Follows, PaceKind, Parking};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::RateLimit;
use fanfare_ports::clock::ManualClock;
use fanfare_ports::directory::Entry;
use fanfare_ports::queue::Consumer;
use fanfare_proto::records::decode_delivery;
use fanfare_worker::Config;

use stage::{Receiver, Reply, Setting, Stage, soon};

const LIMIT: Duration = Duration::from_secs(15);
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn by_hand() -> (ManualClock, Setting) {
    let clock = ManualClock::at(NOW);
    (clock.clone(), Setting { clock: Arc::new(clock), ..Setting::default() })
}

/// Moves the clock until `future` is done.
async fn while_time_passes<T>(clock: &ManualClock, future: impl Future<Output = T>) -> T {
    let passing = async {
        loop {
            clock.advance(Duration::from_millis(50));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        done = future => done,
        () = passing => unreachable!(),
    }
}

#[tokio::test]
async fn what_is_in_the_air_for_a_second_leaves_an_entry_that_outlives_the_worker_and_then_removes_it() {
    let (clock, setting) = by_hand();
    let stage = Stage::with(setting).await;
    let (receiver, gate) = Receiver::patient().await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    let delivery = stage.send("e1", &webhook).await;
    receiver.next().await;

    clock.advance(Duration::from_secs(1));
    let parked = stage.parked().await;
    assert_eq!((parked.delivery, parked.attempt, parked.parking), (delivery.reference, 1, Parking::InFlight));
    assert_eq!(parked.due, NOW.plus(LIMIT + Duration::from_secs(10)), "when it is surely over");

    gate.add_permits(1);
    let attempted = stage.attempted().await;
    assert_eq!(attempted.follows, Follows::Settled(Settlement::Success));
    assert!(attempted.waited && !attempted.late, "the schedule removes the entry");
    assert_eq!(attempted.attempt.expect("made").duration, Duration::from_secs(1));
    let backlog = stage.queue.backlog(Consumer::Worker(Lane::Fresh)).await.expect("told");
    assert_eq!((backlog.waiting, backlog.taken), (0, 0), "nothing is left to do");
}

#[tokio::test]
async fn a_hanging_receiver_holds_up_its_own_deliveries_alone() {
    let mut setting = Setting::default();
    setting.config.waiting_per_webhook = 0;
    let stage = Stage::with(setting).await;
    let (hanging, gate) = Receiver::patient().await;
    let healthy = Receiver::answering(200).await;
    let mut slow = stage::webhook(1, hanging.url("/"));
    slow.max_in_flight = NonZeroU32::new(2);
    stage.write(Entry::Webhook(Box::new(slow.clone()))).await;
    let quick = stage.webhook(2, healthy.url("/")).await;

    for id in ["a", "b"] {
        stage.send(id, &slow).await;
        hanging.next().await;
    }
    let third = stage.send("c", &slow).await;
    let parked = stage.parked().await;
    assert_eq!((parked.delivery, parked.attempt, parked.due), (third.reference, 1, third.due));
    let Parking::Webhook { per_second, burst, pace } = parked.parking else { panic!("not in its webhook's queue") };
    assert!(per_second >= 1.0 && burst >= 1 && pace == PaceKind::Measured, "{per_second} {burst} {pace:?}");

    stage.send("d", &quick).await;
    let attempted = stage.attempted().await;
    assert_eq!((attempted.delivery.webhook, attempted.follows), (quick.id, Follows::Settled(Settlement::Success)));
    assert_eq!(hanging.count(), 2);
    gate.add_permits(2);
}

#[tokio::test]
async fn a_webhook_takes_no_more_than_a_part_of_all_attempts_whatever_it_says() {
    let config =
        Config { in_flight: NonZeroUsize::new(4).expect("not zero"), waiting_per_webhook: 0, ..Config::default() };
    let setting = Setting { config, ..Setting::default() };
    let stage = Stage::with(setting).await;
    let (hanging, gate) = Receiver::patient().await;
    let mut greedy = stage::webhook(1, hanging.url("/"));
    greedy.max_in_flight = NonZeroU32::new(1_000_000);
    stage.write(Entry::Webhook(Box::new(greedy.clone()))).await;
    stage.send("a", &greedy).await;
    hanging.next().await;
    stage.send("b", &greedy).await;
    assert!(matches!(stage.parked().await.parking, Parking::Webhook { .. }));
    gate.add_permits(1);
}

#[tokio::test]
async fn a_delivery_waits_a_second_for_its_turn_before_it_is_parked() {
    let (clock, setting) = by_hand();
    let stage = Stage::with(setting).await;
    let (receiver, gate) = Receiver::patient().await;
    let mut webhook = stage::webhook(1, receiver.url("/"));
    webhook.max_in_flight = NonZeroU32::new(1);
    stage.write(Entry::Webhook(Box::new(webhook.clone()))).await;
    stage.send("a", &webhook).await;
    receiver.next().await;
    stage.send("b", &webhook).await;
    gate.add_permits(1);
    assert_eq!(stage.attempted().await.follows, Follows::Settled(Settlement::Success));
    receiver.next().await;
    stage.send("c", &webhook).await;
    let both = async { [stage.parked().await.parking, stage.parked().await.parking] };
    let kinds = while_time_passes(&clock, both).await;
    assert!(kinds.contains(&Parking::InFlight), "b is in the air: {kinds:?}");
    assert!(kinds.iter().any(|kind| matches!(kind, Parking::Webhook { .. })), "c is parked: {kinds:?}");
    gate.add_permits(1);
}

#[tokio::test]
async fn a_rate_limited_webhook_gets_only_what_its_own_queue_let_through() {
    let stage = Stage::new().await;
    let receiver = Receiver::answering(200).await;
    let mut webhook = stage::webhook(1, receiver.url("/"));
    webhook.rate_limit = Some(RateLimit { per_second: 0.5, burst: NonZeroU32::new(3) });
    stage.write(Entry::Webhook(Box::new(webhook.clone()))).await;
    let delivery = stage.send("e1", &webhook).await;
    let parked = stage.parked().await;
    let parking = Parking::Webhook { per_second: 0.5, burst: 3, pace: PaceKind::Limit };
    assert_eq!((parked.due, parked.parking), (delivery.due, parking));
    assert_eq!(receiver.count(), 0);

    stage.hand_in(&[Delivery { paced: true, waited: true, ..delivery }]).await;
    let attempted = stage.attempted().await;
    assert!(attempted.waited);
    assert_eq!(attempted.follows, Follows::Settled(Settlement::Success));
}

#[tokio::test]
async fn an_attempt_by_hand_leaves_the_schedule_alone_unless_it_succeeds() {
    let stage = Stage::new().await;
    let receiver = Receiver::start(|number, _| Reply::status([410, 200][number], "", "")).await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    let delivery = stage.delivery(&stage.event("e1"), &webhook);
    let id = AttemptId::from_bytes([9; 16]);
    let by_hand = Delivery { turn: Turn::Manual { id, number: 2 }, ..delivery };
    for (follows, concerns) in [(Follows::Unchanged, false), (Follows::Settled(Settlement::Success), true)] {
        stage.hand_in(std::slice::from_ref(&by_hand)).await;
        let attempted = stage.attempted().await;
        assert_eq!((attempted.follows, attempted.concerns_schedule()), (follows, concerns));
        let attempt = attempted.attempt.expect("made");
        assert_eq!((attempt.id, attempt.number, attempt.manual), (id, 2, true));
    }
}

#[tokio::test]
async fn many_attempts_by_hand_at_a_hanging_receiver_stay_few() {
    let stage = Stage::new().await;
    let (hanging, gate) = Receiver::patient().await;
    let healthy = Receiver::answering(200).await;
    let slow = stage.webhook(1, hanging.url("/")).await;
    let quick = stage.webhook(2, healthy.url("/")).await;
    let by_hand: Vec<_> = (0..100)
        .map(|number| Delivery {
            turn: Turn::Manual { id: AttemptId::from_bytes([number; 16]), number: 1 },
            ..stage.delivery(&stage.event(&format!("e{number}")), &slow)
        })
        .collect();
    stage.hand_in(&by_hand).await;
    for _ in 0..8 {
        hanging.next().await;
    }
    stage.send("other", &quick).await;
    assert_eq!(stage.attempted().await.delivery.webhook, quick.id);
    assert_eq!(hanging.count(), 8);
    gate.add_permits(1000);
}

#[tokio::test]
async fn attempts_by_hand_at_many_hanging_webhooks_leave_room_for_others() {
    let config = Config { in_flight: NonZeroUsize::new(16).expect("not zero"), ..Config::default() };
    let stage = Stage::with(Setting { config, ..Setting::default() }).await;
    let (hanging, gate) = Receiver::patient().await;
    let healthy = Receiver::answering(200).await;
    let quick = stage.webhook(100, healthy.url("/")).await;
    // More than the worker has places for.
    for number in 0..8 {
        let slow = stage.webhook(number, hanging.url("/")).await;
        let by_hand: Vec<_> = (0..8)
            .map(|attempt| Delivery {
                turn: Turn::Manual { id: AttemptId::from_bytes([8 * number + attempt; 16]), number: 1 },
                ..stage.delivery(&stage.event(&format!("e{number}-{attempt}")), &slow)
            })
            .collect();
        stage.hand_in(&by_hand).await;
    }
    for _ in 0..2 {
        hanging.next().await;
    }
    stage.send("other", &quick).await;
    assert_eq!(stage.attempted().await.delivery.webhook, quick.id);
    assert_eq!(hanging.count(), 2);
    gate.add_permits(1000);
}

#[tokio::test]
async fn at_a_stop_what_is_in_the_air_ends_and_the_rest_is_handed_back() {
    let stage = Stage::new().await;
    let (receiver, gate) = Receiver::patient().await;
    let mut webhook = stage::webhook(1, receiver.url("/"));
    webhook.max_in_flight = NonZeroU32::new(1);
    stage.write(Entry::Webhook(Box::new(webhook.clone()))).await;
    stage.send("a", &webhook).await;
    receiver.next().await;
    let waiting = stage.send("b", &webhook).await;
    stage.taken(Lane::Fresh, 2).await;

    stage.stop.cancel();
    let again = soon(stage.queue.take(Consumer::Worker(Lane::Fresh), 10, Duration::from_secs(9))).await.expect("taken");
    let again: Vec<_> = again.iter().map(|one| decode_delivery(&one.record).expect("readable")).collect();
    assert_eq!(again, [waiting]);
    gate.add_permits(1);
    stage.end().await;
    assert_eq!(stage.attempted().await.follows, Follows::Settled(Settlement::Success));
    assert_eq!(receiver.count(), 1);
}
