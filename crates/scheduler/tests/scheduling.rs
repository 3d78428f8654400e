//! The scheduler on the embedded ports, with a clock that the tests move.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::{DeliveryRef, Lane, Position, Settlement, Turn};
use fanfare_domain::ids::{DeliveryId, ReplayId, Run, TenantNumber, WebhookId};
use fanfare_domain::journal::{Attempted, Follows, JournalRecord, Parked, Parking};
use fanfare_domain::time::Timestamp;
use fanfare_embedded::{Embedded, EmbeddedSettings, StreamLimits};
use fanfare_ports::clock::ManualClock;
use fanfare_ports::queue::{Consumer, Leased, Queue, Topic};
use fanfare_ports::schedule::Schedule;
use fanfare_proto::records::{decode_delivery, encode_journal};
use fanfare_scheduler::{Config, Ports, Scheduler};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const START: Timestamp = Timestamp::from_millis(1_750_000_000_000);
const PATIENCE: Duration = Duration::from_secs(10);

struct Scene {
    _folder: TempDir,
    embedded: Embedded,
    clock: ManualClock,
}

struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = ManualClock::at(START);
        let settings = EmbeddedSettings { data_dir: folder.path().to_owned(), limits: StreamLimits::default() };
        let embedded = Embedded::open(settings, Arc::new(clock.clone())).await.expect("opens");
        Self { _folder: folder, embedded, clock }
    }

    fn run(&self, holder: &str) -> Running {
        let ports = Ports {
            queue: self.embedded.queue(),
            schedule: self.embedded.schedule(),
            directory: self.embedded.directory(),
            clock: Arc::new(self.clock.clone()),
        };
        let scheduler = Scheduler::new(Config::default(), ports, Duration::from_secs(7 * 86_400), holder.to_owned());
        let stop = CancellationToken::new();
        let run = scheduler.run(stop.clone());
        Running { stop, task: tokio::spawn(async move { run.await.expect("runs") }) }
    }

    async fn tell(&self, record: &JournalRecord) {
        let records: Vec<Bytes> = vec![encode_journal(record)];
        self.embedded.queue().publish(Topic::JournalSchedule, records).await.expect("stored");
    }

    /// What comes out of `lane` within `within` of the clock's time, which runs fast.
    async fn next(&self, lane: Lane, within: Duration) -> Option<Leased> {
        let queue = self.embedded.queue();
        let taking = queue.take(Consumer::Worker(lane), 1, within);
        tokio::select! {
            taken = taking => taken.expect("taken").pop(),
            () = self.run_clock() => None,
        }
    }

    /// Lets a second pass in each 40 ms.
    async fn run_clock(&self) {
        let mut ticks = tokio::time::interval(Duration::from_millis(2));
        loop {
            ticks.tick().await;
            self.clock.advance(Duration::from_millis(50));
        }
    }

    async fn until_waiting(&self, number: u64) {
        let counting = async {
            while self.embedded.schedule().waiting().await.expect("counted") != number {
                tokio::task::yield_now().await;
            }
        };
        let counted = async {
            tokio::select! {
                () = counting => {}
                () = self.run_clock() => {}
            }
        };
        tokio::time::timeout(PATIENCE, counted).await.expect("as many wait as should");
    }
}

impl Running {
    async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("ends");
    }
}

fn delivery(number: u8, run: Run) -> DeliveryRef {
    let webhook = WebhookId::from_bytes([9; 16]);
    DeliveryRef::from_parts(
        DeliveryId::from_bytes([number; 16]),
        TenantNumber::new(1),
        webhook,
        Position::default(),
        START,
        run,
    )
}

fn attempted(delivery: DeliveryRef, follows: Follows) -> JournalRecord {
    JournalRecord::Attempted(Box::new(Attempted {
        delivery,
        event: None,
        event_type: None,
        attempt: None,
        follows,
        waited: true,
        late: false,
        counts_for_health: true,
    }))
}

fn waiting(delivery: DeliveryRef, after: Duration) -> JournalRecord {
    attempted(delivery, Follows::Waiting { due: START.plus(after), attempt: 2 })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_comes_back_when_it_is_due_and_not_before() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    scene.tell(&waiting(delivery(1, Run::First), Duration::from_secs(60))).await;
    scene.until_waiting(1).await;
    assert!(scene.next(Lane::Retry, Duration::from_secs(30)).await.is_none(), "too early");
    let leased = scene.next(Lane::Retry, Duration::from_secs(60)).await.expect("it comes");
    let back = decode_delivery(&leased.record).expect("readable");
    assert_eq!((back.reference, back.turn), (delivery(1, Run::First), Turn::Scheduled(2)));
    assert!(back.waited && !back.paced);
    assert_eq!(back.due, START.plus(Duration::from_secs(60)));
    scene.until_waiting(0).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replays_delivery_comes_back_in_the_bulk_lane() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    let replayed = delivery(1, Run::Replay(ReplayId::from_bytes([3; 16])));
    scene.tell(&waiting(replayed, Duration::from_secs(1))).await;
    let leased = scene.next(Lane::Bulk, Duration::from_secs(60)).await.expect("it comes");
    assert_eq!(decode_delivery(&leased.record).expect("readable").reference, replayed);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_settled_does_not_come_back() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    scene.tell(&waiting(delivery(1, Run::First), Duration::from_secs(60))).await;
    scene.tell(&waiting(delivery(2, Run::First), Duration::from_secs(60))).await;
    scene.until_waiting(2).await;
    scene.tell(&attempted(delivery(1, Run::First), Follows::Settled(Settlement::Success))).await;
    scene.until_waiting(1).await;
    let leased = scene.next(Lane::Retry, Duration::from_secs(90)).await.expect("the other comes");
    assert_eq!(decode_delivery(&leased.record).expect("readable").reference.id, DeliveryId::from_bytes([2; 16]));
    assert!(scene.next(Lane::Retry, Duration::from_secs(30)).await.is_none());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_delivery_is_let_through_and_says_so() {
    let scene = Scene::new().await;
    let running = scene.run("one");
    let parking = Parking::Webhook { per_second: 1.0, burst: 1 };
    for number in 1..=2 {
        let delivery = delivery(number, Run::First);
        scene.tell(&JournalRecord::Parked(Parked { delivery, attempt: 1, due: START, parking })).await;
    }
    let first = scene.next(Lane::Retry, Duration::from_secs(30)).await.expect("the first comes");
    assert!(decode_delivery(&first.record).expect("readable").paced);
    assert!(scene.next(Lane::Retry, Duration::from_secs(30)).await.is_some(), "the second follows");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_takes_over_when_the_leader_goes() {
    let scene = Scene::new().await;
    let first = scene.run("one");
    scene.tell(&waiting(delivery(1, Run::First), Duration::from_secs(600))).await;
    scene.until_waiting(1).await;
    let second = scene.run("two");
    first.stop().await;
    scene.tell(&waiting(delivery(2, Run::First), Duration::from_secs(600))).await;
    scene.until_waiting(2).await;
    second.stop().await;
}
