//! The logs service's loops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fanfare_domain::journal::JournalRecord;
use fanfare_domain::profile::Profiles;
use fanfare_intake::Announcer;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::outbox::Teller;
use fanfare_ports::queue::{Consumer, Lease, Leased, Queue, QueueError};
use fanfare_ports::store::{Ledger, Notices, Outcomes, Recorded, Registry, StoreError};
use fanfare_proto::records::{RecordError, decode_journal};
use fanfare_spans::process_journal;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::announcing::Announcing;
use crate::config::Config;
use crate::disabling::Disabling;
use crate::failures::BatchFailures;
use crate::metrics::{Disablings, Metrics};

/// Records that are asked for at once.
const PART: usize = 2_000;
/// A batch with so many bytes is full.
const BATCH_BYTES: usize = 8 * 1024 * 1024;
/// A transaction writes so many rows at most, but for a single record that names more: an event is one record, to however many
/// webhooks it goes.
const TRANSACTION_ROWS: usize = 16_000;
const TAKE_WAIT: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const MAINTAIN_EVERY: Duration = Duration::from_secs(3600);
const NOTE_WAITING_EVERY: Duration = Duration::from_secs(30);
const MAINTAIN_AGAIN_AFTER: Duration = Duration::from_secs(10);
/// How long a record of a newer format is left for a newer process.
const NEWER_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Why the logs service stopped.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// The queue is not as it must be; waiting does not help.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// What the logs service works with.
pub struct Ports {
    /// The streams.
    pub queue: Arc<dyn Queue>,
    /// Where what happened is written.
    pub ledger: Arc<dyn Ledger>,
    /// The webhooks and their tenants.
    pub registry: Arc<dyn Registry>,
    /// What operators have not been told yet.
    pub notices: Arc<dyn Notices>,
    /// What became of deliveries over time.
    pub outcomes: Arc<dyn Outcomes>,
    /// Tells the directory of webhooks that are switched off.
    pub teller: Arc<Teller>,
    /// Tells operators of them.
    pub announcer: Announcer,
    /// The disable rules of webhooks that have none of their own.
    pub profiles: Arc<Profiles>,
    /// The time.
    pub clock: SharedClock,
}

/// Writes down what the other services tell. Any number of processes share the work.
pub struct Logs {
    config: Config,
    keep: Duration,
    queue: Arc<dyn Queue>,
    ledger: Arc<dyn Ledger>,
    outcomes: Arc<dyn Outcomes>,
    teller: Arc<Teller>,
    disabling: Disabling,
    announcing: Arc<Announcing>,
    clock: SharedClock,
    store_answers: AtomicBool,
    metrics: Metrics,
}

impl Logs {
    /// A logs service on these ports; rows are kept for `keep`.
    #[must_use]
    pub fn new(config: Config, keep: Duration, ports: Ports) -> Arc<Self> {
        let Ports { queue, ledger, registry, notices, outcomes, teller, announcer, profiles, clock } = ports;
        let announcing = Announcing::new(Arc::clone(&registry), Arc::clone(&notices), announcer, Arc::clone(&clock));
        let disabling = Disabling {
            registry,
            notices,
            teller: Arc::clone(&teller),
            announcing: Arc::clone(&announcing),
            profiles,
            clock: Arc::clone(&clock),
            disablings: Disablings::new(),
        };
        let (store_answers, metrics) = (AtomicBool::new(true), Metrics::new());
        Arc::new(Self {
            config,
            keep,
            queue,
            ledger,
            outcomes,
            teller,
            disabling,
            announcing,
            clock,
            store_answers,
            metrics,
        })
    }

    /// What this process waits for before it can do its job; nothing means that it is ready.
    #[must_use]
    pub fn waits_for(&self) -> Vec<String> {
        let answers = self.store_answers.load(Ordering::Relaxed);
        if answers { Vec::new() } else { vec!["store: does not take what happened".to_owned()] }
    }

    /// Writes until `stop` or until the queue turns out not to be set up.
    ///
    /// # Errors
    /// [`LogsError`] if the queue is not set up.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), LogsError> {
        let done = stop.child_token();
        let writing = async {
            let outcome = self.write_all(&done).await;
            done.cancel();
            outcome
        };
        let (outcome, ..) = tokio::join!(
            writing,
            self.maintain(&done),
            self.note_waiting(&done),
            self.teller.run(&done),
            self.announcing.run(&done)
        );
        outcome
    }

    async fn write_all(&self, stop: &CancellationToken) -> Result<(), LogsError> {
        while !stop.is_cancelled() {
            let taking = self.queue.take(Consumer::Logs, self.next_part(0), TAKE_WAIT);
            let Some(taken) = stop.run_until_cancelled(taking).await else { return Ok(()) };
            match taken {
                Ok(taken) if taken.is_empty() => {}
                Ok(taken) => {
                    let batch = self.fill(taken, stop).await;
                    let span = process_journal(batch.len());
                    self.write(batch, stop).instrument(span).await;
                }
                Err(error @ QueueError::NotSetUp(_)) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, "no journal records taken");
                    stop.run_until_cancelled(self.clock.sleep(FIRST_PAUSE)).await;
                }
            }
        }
        Ok(())
    }

    /// How many records to ask for when a batch has `taken`: a part of what is missing, since they may be large.
    fn next_part(&self, taken: usize) -> usize {
        self.config.batch.get().saturating_sub(taken).min(PART)
    }

    /// Whether a batch that has one part is to have no other.
    fn is_full(&self, batch: &[Leased]) -> bool {
        let bytes: usize = batch.iter().map(|leased| leased.record.len()).sum();
        batch.len() >= self.config.batch.get() || bytes >= BATCH_BYTES
    }

    /// Fills a batch up: at once with what is there, and where that is not enough it gives it a moment for more to come. Every
    /// transaction costs, what is counted by webhook and tenant costs once for each, and a delivery that is in the same batch as
    /// its attempt is written once. At `stop` what was taken is written as it is.
    async fn fill(&self, mut batch: Vec<Leased>, stop: &CancellationToken) -> Vec<Leased> {
        let mut may_be_more = batch.len() >= self.next_part(0);
        while may_be_more && !self.is_full(&batch) {
            may_be_more = self.take_part(&mut batch).await;
        }
        if !self.is_full(&batch)
            && !self.config.gather.is_zero()
            && stop.run_until_cancelled(self.clock.sleep(self.config.gather)).await.is_some()
        {
            self.take_part(&mut batch).await;
        }
        batch
    }

    /// Takes another part, as far as it is there. Tells whether there may be more.
    async fn take_part(&self, batch: &mut Vec<Leased>) -> bool {
        let part = self.next_part(batch.len());
        match self.queue.take(Consumer::Logs, part, Duration::ZERO).await {
            Ok(more) => {
                let came = more.len();
                batch.extend(more);
                came >= part
            }
            Err(error) => {
                // What was taken is written; taking the next batch meets the error again.
                tracing::debug!(%error, "no more journal records taken");
                false
            }
        }
    }

    /// Writes a batch and finishes it, in as many transactions as it needs. At `stop`, what the store does not take is handed
    /// back.
    async fn write(&self, taken: Vec<Leased>, stop: &CancellationToken) {
        let (records, leases) = self.decode(taken).await;
        let mut written = 0;
        while written < records.len() {
            let end = written + fitting(&records[written..]);
            if !self.write_together(&records[written..end], &leases[written..end], stop).await {
                return self.hand_back(&leases[written..], Duration::ZERO).await;
            }
            written = end;
        }
    }

    /// Writes records in one transaction and finishes them. While the store is away they are tried again; false at `stop`.
    async fn write_together(&self, records: &[JournalRecord], leases: &[Lease], stop: &CancellationToken) -> bool {
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.write_once(records).await {
            self.store_answers.store(false, Ordering::Relaxed);
            tracing::warn!(%error, records = records.len(), "journal is not written yet");
            if stop.run_until_cancelled(self.clock.sleep(pause)).await.is_none() {
                return false;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.store_answers.store(true, Ordering::Relaxed);
        self.metrics.recorded(records.len());
        if let Err(error) = self.queue.finish(leases).await {
            tracing::warn!(%error, records = leases.len(), "written records were not finished and will be written again");
        }
        true
    }

    /// Reads records. Those of a newer format are left to a newer process; what nobody can read is a dead letter.
    async fn decode(&self, taken: Vec<Leased>) -> (Vec<JournalRecord>, Vec<Lease>) {
        let mut records = Vec::with_capacity(taken.len());
        let mut leases = Vec::with_capacity(taken.len());
        let mut newer = Vec::new();
        for leased in taken {
            match decode_journal(&leased.record) {
                Ok(record) => {
                    records.push(record);
                    leases.push(leased.lease);
                }
                Err(error) => {
                    tracing::error!(%error, position = ?leased.position, "journal record cannot be read here");
                    match error {
                        RecordError::UnknownFormat(_) => newer.push(leased.lease),
                        RecordError::Damaged(_) => self.bury(&leased, &error).await,
                    }
                }
            }
        }
        self.hand_back(&newer, NEWER_AGAIN_AFTER).await;
        (records, leases)
    }

    async fn bury(&self, leased: &Leased, reason: &RecordError) {
        if let Err(error) = self.queue.bury(std::slice::from_ref(leased), &reason.to_string()).await {
            tracing::warn!(%error, "journal record is no dead letter yet");
        }
    }

    async fn hand_back(&self, leases: &[Lease], delay: Duration) {
        if leases.is_empty() {
            return;
        }
        if let Err(error) = self.queue.hand_back(leases, delay).await {
            tracing::warn!(%error, "journal records were not handed back");
        }
    }

    async fn write_once(&self, records: &[JournalRecord]) -> Result<(), StoreError> {
        let Recorded { too_old, set_aside, health, new_attempts } = self.ledger.record(records).await?;
        if set_aside > 0 {
            tracing::error!(set_aside, "journal records could not be written and were set aside");
            self.metrics.set_aside(set_aside);
        }
        tracing::debug!(records = records.len(), new_attempts, too_old, "journal written");
        let failures = BatchFailures::of(records);
        for health in &health {
            match self.disabling.judge(&failures, health).await {
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                // What is wrong with one webhook must not keep the journal of all from being written.
                Err(error) => tracing::error!(webhook = %health.webhook, %error, "webhook was not judged"),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Makes room for the days to come, and drops those that are over.
    async fn maintain(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let maintaining = self.ledger.maintain(self.clock.now(), self.keep);
            let Some(maintained) = stop.run_until_cancelled(maintaining).await else { return };
            let pause = match maintained {
                Ok(()) => MAINTAIN_EVERY,
                Err(error) => {
                    tracing::warn!(%error, "store was not maintained yet");
                    MAINTAIN_AGAIN_AFTER
                }
            };
            stop.run_until_cancelled(self.clock.sleep(pause)).await;
        }
    }

    /// Notes what waits, so that it can be told how that went. Several processes note the same.
    async fn note_waiting(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.outcomes.note_waiting(self.clock.now()).await {
                tracing::debug!(%error, "what waits was not noted");
            }
            stop.run_until_cancelled(self.clock.sleep(NOTE_WAITING_EVERY)).await;
        }
    }
}

/// How many of `records` one transaction takes, which is at least one.
fn fitting(records: &[JournalRecord]) -> usize {
    let mut rows = 0;
    let fit = records.iter().take_while(|record| {
        rows += rows_of(record);
        rows <= TRANSACTION_ROWS
    });
    fit.count().max(1)
}

/// How many deliveries, or events without any, a record tells of.
fn rows_of(record: &JournalRecord) -> usize {
    match record {
        JournalRecord::Routed(routed) => routed.deliveries.len().max(1),
        JournalRecord::Attempted(_) | JournalRecord::Parked(_) | JournalRecord::Restated(_) => 1,
    }
}
