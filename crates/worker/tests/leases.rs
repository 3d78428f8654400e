//! A worker that no longer holds a delivery's lease decides nothing.

mod stage;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use fanfare_domain::delivery::{Delivery, Settlement, Turn};
use fanfare_domain::ids::AttemptId;
use fanfare_domain::journal::{Follows, Parking};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::RateLimit;
use fanfare_ports::clock::ManualClock;
use fanfare_ports::directory::Entry;
use fanfare_worker::Config;
use tokio::sync::Semaphore;

use stage::{Doubtful, Receiver, Setting, Stage};

const HELD: i64 = i64::MAX;
const LAPSED: i64 = 0;

/// A journal that takes everything.
fn open() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(Semaphore::MAX_PERMITS))
}

fn doubtful(takers: u32) -> (Arc<AtomicI64>, Setting) {
    let ends = Arc::new(AtomicI64::new(HELD));
    let of_test = Arc::clone(&ends);
    let between = Box::new(move |queue| Arc::new(Doubtful { queue, ends: of_test, takers, log: open() }) as _);
    (ends, Setting { between, ..Setting::default() })
}

#[tokio::test]
async fn what_is_not_on_record_yet_counts_among_what_a_dead_worker_repeats() {
    const IN_FLIGHT: usize = 4;
    let log = Arc::new(Semaphore::new(0));
    let of_test = Arc::clone(&log);
    let held = || Arc::new(AtomicI64::new(HELD));
    let between = Box::new(move |queue| Arc::new(Doubtful { queue, ends: held(), takers: 1, log: of_test }) as _);
    let config = Config { in_flight: NonZeroUsize::new(IN_FLIGHT).expect("not zero"), ..Config::default() };
    let stage = Stage::with(Setting { config, between, ..Setting::default() }).await;
    let receiver = Receiver::answering(200).await;
    // Each to a webhook of its own, which therefore keeps nobody waiting: only the process has no place.
    for number in 0..2 * IN_FLIGHT {
        let webhook = stage.webhook(u8::try_from(number).expect("few"), receiver.url("/")).await;
        stage.send(&format!("e{number}"), &webhook).await;
    }
    for _ in 0..IN_FLIGHT {
        receiver.next().await;
    }
    // All have been answered, and the others find no place until that is written down.
    for _ in 0..IN_FLIGHT {
        assert_eq!(stage.parked().await.parking, Parking::InFlight);
    }
    assert_eq!(receiver.count(), IN_FLIGHT);
    log.add_permits(Semaphore::MAX_PERMITS);
    for _ in 0..IN_FLIGHT {
        assert_eq!(stage.attempted().await.follows, Follows::Settled(Settlement::Success));
    }
}

#[tokio::test]
async fn a_result_that_comes_after_the_lease_is_only_logged() {
    let (ends, setting) = doubtful(1);
    let stage = Stage::with(setting).await;
    let (receiver, gate) = Receiver::patient().await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    stage.send("e1", &webhook).await;
    receiver.next().await;
    ends.store(LAPSED, Ordering::Release);
    gate.add_permits(1);
    let attempted = stage.attempted().await;
    assert!(attempted.late && !attempted.concerns_schedule());
    assert_eq!(attempted.follows, Follows::Settled(Settlement::Success));
}

#[tokio::test]
async fn no_entry_is_left_for_what_another_has_by_now() {
    let clock = ManualClock::at(Timestamp::from_millis(1_800_000_000_000));
    let (ends, setting) = doubtful(1);
    let stage = Stage::with(Setting { clock: Arc::new(clock.clone()), ..setting }).await;
    let (receiver, gate) = Receiver::patient().await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    stage.send("e1", &webhook).await;
    receiver.next().await;
    ends.store(LAPSED, Ordering::Release);
    clock.advance(Duration::from_secs(2));
    // Both wait for the same moment; the entry, if one were made, would come first.
    gate.add_permits(1);
    assert!(stage.attempted().await.late);
}

#[tokio::test]
async fn nothing_is_parked_that_another_has_by_now() {
    let (ends, setting) = doubtful(1);
    let stage = Stage::with(setting).await;
    let receiver = Receiver::answering(200).await;
    let mut limited = stage::webhook(1, receiver.url("/"));
    limited.rate_limit = Some(RateLimit { per_second: 1.0, burst: None });
    stage.write(Entry::Webhook(Box::new(limited.clone()))).await;
    let open = stage.webhook(2, receiver.url("/")).await;
    ends.store(LAPSED, Ordering::Release);
    // One that is asked for by hand is attempted all the same, and only logged.
    let turn = Turn::Manual { id: AttemptId::from_bytes([9; 16]), number: 1 };
    let by_hand = Delivery { turn, ..stage.delivery(&stage.event("e2"), &open) };
    stage.hand_in(&[stage.delivery(&stage.event("e1"), &limited), by_hand]).await;
    let told = stage.attempted().await;
    assert!(told.late && told.delivery.webhook == open.id, "the first that is told of: {told:?}");
}

#[tokio::test]
async fn who_has_a_delivery_after_another_tells_the_schedule_how_it_ended() {
    for (takers, waited) in [(1, false), (2, true)] {
        let (_ends, setting) = doubtful(takers);
        let stage = Stage::with(setting).await;
        let receiver = Receiver::answering(200).await;
        let webhook = stage.webhook(1, receiver.url("/")).await;
        stage.send("e1", &webhook).await;
        assert_eq!(stage.attempted().await.waited, waited, "taken by {takers}");
    }
}

#[tokio::test]
async fn what_came_out_of_the_schedule_is_told_to_it_when_it_ends() {
    let stage = Stage::new().await;
    let receiver = Receiver::answering(200).await;
    let webhook = stage.webhook(1, receiver.url("/")).await;
    let delivery = stage.delivery(&stage.event("e1"), &webhook);
    stage.hand_in(&[Delivery { waited: true, ..delivery }]).await;
    assert!(stage.attempted().await.concerns_schedule());
}
