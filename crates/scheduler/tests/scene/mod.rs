//! Schedulers on the embedded ports, with a clock that the tests move, and a schedule that may forget or be away.
#![allow(dead_code, reason = "each test file uses a part of it")]

mod behind;
mod switch;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanfare_domain::delivery::{DeliveryRef, Lane, Position};
use fanfare_domain::ids::{DeliveryId, Run, TenantNumber, WebhookId};
use fanfare_domain::journal::{Attempted, Follows, JournalRecord};
use fanfare_domain::time::Timestamp;
use fanfare_embedded::{Embedded, EmbeddedSettings, StreamLimits};
use fanfare_ports::clock::{Clock, ManualClock};
use fanfare_ports::queue::{Consumer, Leased, Queue, Stream, Topic, Usage};
use fanfare_ports::schedule::Schedule;
use fanfare_proto::records::encode_journal;
use fanfare_scheduler::{Config, Ports, Scheduler};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::behind::Behind;
pub(crate) use self::switch::Switch;

pub(crate) const START: Timestamp = Timestamp::from_millis(1_750_000_000_000);
pub(crate) const RETENTION: Duration = Duration::from_secs(7 * 86_400);
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Scene {
    others: Vec<(TempDir, Embedded)>,
    _folder: TempDir,
    pub(crate) embedded: Embedded,
    /// What schedulers are given.
    pub(crate) queue: Arc<Behind>,
    pub(crate) schedule: Arc<Switch>,
    pub(crate) clock: ManualClock,
}

pub(crate) struct Running {
    pub(crate) scheduler: Arc<Scheduler>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(StreamLimits::default()).await
    }

    pub(crate) async fn with(limits: StreamLimits) -> Self {
        let clock = ManualClock::at(START);
        let (folder, embedded) = open(&clock, limits).await;
        let schedule = Arc::new(Switch::to(embedded.schedule()));
        let queue = Arc::new(Behind::none(embedded.queue()));
        Self { others: Vec::new(), _folder: folder, embedded, queue, schedule, clock }
    }

    /// Makes the schedule forget everything.
    pub(crate) async fn empty_schedule(&mut self) {
        let empty = self.another_schedule().await;
        self.schedule.lead_to(empty);
    }

    /// A schedule that is empty, which nobody uses yet.
    pub(crate) async fn another_schedule(&mut self) -> Arc<dyn Schedule> {
        let (folder, empty) = open(&self.clock, StreamLimits::default()).await;
        let schedule = empty.schedule();
        self.others.push((folder, empty));
        schedule
    }

    pub(crate) fn run(&self, holder: &str) -> Running {
        self.run_as(holder, Config::default())
    }

    pub(crate) fn run_as(&self, holder: &str, config: Config) -> Running {
        let ports = Ports {
            queue: self.queue.clone(),
            schedule: self.schedule.clone(),
            directory: self.embedded.directory(),
            clock: Arc::new(self.clock.clone()),
        };
        let scheduler = Scheduler::new(config, ports, RETENTION, holder.to_owned());
        let stop = CancellationToken::new();
        let run = scheduler.clone().run(stop.clone());
        Running { scheduler, stop, task: tokio::spawn(async move { run.await.expect("runs") }) }
    }

    pub(crate) async fn tell(&self, record: &JournalRecord) {
        self.store(Topic::JournalSchedule, encode_journal(record.clone())).await;
    }

    pub(crate) async fn store(&self, topic: Topic, record: Bytes) {
        self.embedded.queue().publish(topic, vec![record]).await.expect("stored");
    }

    /// What comes out of `lane` within `within` of the clock's time, which runs fast.
    pub(crate) async fn next(&self, lane: Lane, within: Duration) -> Option<Leased> {
        self.take(Consumer::Worker(lane), within).await.pop()
    }

    /// Where the next `number` records of `lane` lie, while `step` passes in each 20 ms.
    pub(crate) async fn positions_of(&self, lane: Lane, number: usize, step: Duration) -> Vec<Position> {
        let queue = self.embedded.queue();
        let taking = async {
            let mut positions = Vec::new();
            while positions.len() < number {
                let taken = queue.take(Consumer::Worker(lane), number, Duration::from_secs(60)).await.expect("taken");
                positions.extend(taken.iter().map(|leased| leased.position));
            }
            positions
        };
        let passing = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            loop {
                ticks.tick().await;
                self.clock.advance(step);
            }
        };
        tokio::select! {
            positions = taking => positions,
            () = passing => Vec::new(),
        }
    }

    /// Has a consumer take what comes, likewise, and finish it.
    pub(crate) async fn finish(&self, consumer: Consumer) -> Vec<Bytes> {
        let taken = self.take(consumer, Duration::from_secs(60)).await;
        let leases: Vec<_> = taken.iter().map(|leased| leased.lease.clone()).collect();
        self.embedded.queue().finish(&leases).await.expect("finished");
        taken.into_iter().map(|leased| leased.record).collect()
    }

    async fn take(&self, consumer: Consumer, within: Duration) -> Vec<Leased> {
        let queue = self.embedded.queue();
        let taking = queue.take(consumer, 1, within);
        tokio::select! {
            taken = taking => taken.expect("taken"),
            () = self.run_clock() => Vec::new(),
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

    /// Lets time pass, fast, until the condition holds.
    pub(crate) async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let awaited = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let passing = async {
            tokio::select! {
                () = awaited => {}
                () = self.run_clock() => {}
            }
        };
        tokio::time::timeout(PATIENCE, passing).await.expect(what);
    }

    pub(crate) async fn until_waiting(&self, number: u64) {
        self.until("as many wait as should", async || {
            self.schedule.waiting().await.is_ok_and(|waiting| waiting == number)
        })
        .await;
    }

    /// Lets so much time pass, fast.
    pub(crate) async fn pass(&self, time: Duration) {
        let end = self.clock.now().plus(time);
        self.until("time passes", async || self.clock.now() >= end).await;
    }

    /// Has the logs finish all records of the journal, so that nobody but the scheduler needs them.
    pub(crate) async fn log_everything(&self) {
        self.until("everything is logged", async || {
            self.finish(Consumer::Logs).await;
            self.finished(Consumer::Logs).await == self.usage(Stream::Journal).await.last
        })
        .await;
    }

    /// Up to which sequence a consumer has finished.
    pub(crate) async fn finished(&self, consumer: Consumer) -> u64 {
        self.embedded.queue().backlog(consumer).await.expect("told").floor
    }

    pub(crate) async fn usage(&self, stream: Stream) -> Usage {
        self.embedded.queue().usage(stream).await.expect("told")
    }
}

async fn open(clock: &ManualClock, limits: StreamLimits) -> (TempDir, Embedded) {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = EmbeddedSettings { data_dir: folder.path().to_owned(), limits };
    let embedded = Embedded::open(settings, Arc::new(clock.clone())).await.expect("opens");
    (folder, embedded)
}

impl Running {
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("ends");
    }
}

pub(crate) fn delivery(number: u8, run: Run) -> DeliveryRef {
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

pub(crate) fn attempted(delivery: DeliveryRef, follows: Follows) -> JournalRecord {
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

pub(crate) fn waiting(delivery: DeliveryRef, after: Duration) -> JournalRecord {
    attempted(delivery, Follows::Waiting { due: START.plus(after), attempt: 2 })
}
