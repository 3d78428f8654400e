//! The logs service's loops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fanfare_domain::health::DisabledReason;
use fanfare_domain::journal::JournalRecord;
use fanfare_domain::profile::Profiles;
use fanfare_domain::webhook::Webhook;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::outbox::Teller;
use fanfare_ports::queue::{Consumer, Lease, Leased, Queue, QueueError};
use fanfare_ports::store::{Actor, AuditEntry, Change, Ledger, Recorded, Registry, StoreError, WebhookHealth};
use fanfare_proto::records::decode_journal;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::disabling::BatchFailures;

const TAKE_WAIT: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const MAINTAIN_EVERY: Duration = Duration::from_secs(3600);
const MAINTAIN_AGAIN_AFTER: Duration = Duration::from_secs(10);
/// How long a record that cannot be read here is left for a newer process.
const UNREADABLE_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Why the logs service stopped.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// The queue is not as it must be; waiting does not help.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Writes down what the other services tell. Any number of processes share the work.
pub struct Logs {
    config: Config,
    keep: Duration,
    queue: Arc<dyn Queue>,
    ledger: Arc<dyn Ledger>,
    registry: Arc<dyn Registry>,
    teller: Arc<Teller>,
    profiles: Arc<Profiles>,
    clock: SharedClock,
    store_answers: AtomicBool,
}

impl Logs {
    /// A logs service on these ports; rows are kept for `keep`.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "one argument for each port")]
    pub fn new(
        config: Config,
        keep: Duration,
        queue: Arc<dyn Queue>,
        ledger: Arc<dyn Ledger>,
        registry: Arc<dyn Registry>,
        teller: Arc<Teller>,
        profiles: Arc<Profiles>,
        clock: SharedClock,
    ) -> Arc<Self> {
        let store_answers = AtomicBool::new(true);
        Arc::new(Self { config, keep, queue, ledger, registry, teller, profiles, clock, store_answers })
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
        let (outcome, (), ()) = tokio::join!(writing, self.maintain(&done), self.teller.run(&done));
        outcome
    }

    async fn write_all(&self, stop: &CancellationToken) -> Result<(), LogsError> {
        while !stop.is_cancelled() {
            let taking = self.queue.take(Consumer::Logs, self.config.batch.get(), TAKE_WAIT);
            let Some(taken) = stop.run_until_cancelled(taking).await else { return Ok(()) };
            match taken {
                Ok(taken) if taken.is_empty() => {}
                Ok(taken) => self.write(taken, stop).await,
                Err(error @ QueueError::NotSetUp(_)) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, "no journal records taken");
                    stop.run_until_cancelled(self.clock.sleep(FIRST_PAUSE)).await;
                }
            }
        }
        Ok(())
    }

    /// Writes a batch and finishes it. While the store is away the batch is tried again; at `stop` it is handed back.
    async fn write(&self, taken: Vec<Leased>, stop: &CancellationToken) {
        let (records, leases) = self.decode(taken).await;
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.write_once(&records).await {
            self.store_answers.store(false, Ordering::Relaxed);
            tracing::warn!(%error, records = records.len(), "journal is not written yet");
            if stop.run_until_cancelled(self.clock.sleep(pause)).await.is_none() {
                self.hand_back(&leases, Duration::ZERO).await;
                return;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.store_answers.store(true, Ordering::Relaxed);
        if let Err(error) = self.queue.finish(&leases).await {
            tracing::warn!(%error, records = leases.len(), "written records were not finished and will be written again");
        }
    }

    async fn decode(&self, taken: Vec<Leased>) -> (Vec<JournalRecord>, Vec<Lease>) {
        let mut records = Vec::with_capacity(taken.len());
        let mut leases = Vec::with_capacity(taken.len());
        let mut unreadable = Vec::new();
        for leased in taken {
            match decode_journal(&leased.record) {
                Ok(record) => {
                    records.push(record);
                    leases.push(leased.lease);
                }
                Err(error) => {
                    tracing::error!(%error, position = ?leased.position, "journal record cannot be read here");
                    unreadable.push(leased.lease);
                }
            }
        }
        self.hand_back(&unreadable, UNREADABLE_AGAIN_AFTER).await;
        (records, leases)
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
        }
        tracing::debug!(records = records.len(), new_attempts, too_old, "journal written");
        let failures = BatchFailures::of(records);
        for health in &health {
            match self.judge(&failures, health).await {
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                // What is wrong with one webhook must not keep the journal of all from being written.
                Err(error) => tracing::error!(webhook = %health.webhook, %error, "webhook was not judged"),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Switches a webhook off if its rule is met, whoever else changes it meanwhile.
    async fn judge(&self, failures: &BatchFailures, health: &WebhookHealth) -> Result<(), StoreError> {
        loop {
            let Some(webhook) = self.registry.webhook(health.tenant, health.webhook).await? else { return Ok(()) };
            let Some(reason) = self.reason(failures, health, &webhook) else { return Ok(()) };
            match self.disable(webhook, reason).await {
                Err(StoreError::Conflict) => {}
                Err(StoreError::NotFound) => return Ok(()),
                done => return done,
            }
        }
    }

    fn reason(&self, failures: &BatchFailures, health: &WebhookHealth, webhook: &Webhook) -> Option<DisabledReason> {
        if !webhook.is_active {
            return None;
        }
        let rule = webhook.disable.or_else(|| self.profiles.get(&webhook.profile).map(|profile| profile.disable))?;
        let facts = failures.facts(health, webhook.health_since)?;
        rule.judge(&facts)
    }

    async fn disable(&self, webhook: Webhook, reason: DisabledReason) -> Result<(), StoreError> {
        let now = self.clock.now();
        let audit = AuditEntry {
            at: now,
            actor: Actor::Fanfare,
            action: "webhook.disable".to_owned(),
            tenant: None,
            target: webhook.id.to_string(),
            fields: vec!["is_active".to_owned(), "disabled_reason".to_owned()],
        };
        tracing::warn!(webhook = %webhook.id, %reason, "webhook is switched off");
        let disabled = Webhook {
            version: webhook.version + 1,
            is_active: false,
            disabled_reason: Some(reason),
            updated_at: now,
            ..webhook
        };
        self.registry.change(Change::PutWebhook(Box::new(disabled)), audit).await?;
        self.teller.hurry();
        Ok(())
    }

    /// Makes room for the days to come, and drops those that are over.
    async fn maintain(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.ledger.maintain(self.clock.now(), self.keep).await {
                Ok(()) => MAINTAIN_EVERY,
                Err(error) => {
                    tracing::warn!(%error, "store was not maintained yet");
                    MAINTAIN_AGAIN_AFTER
                }
            };
            stop.run_until_cancelled(self.clock.sleep(pause)).await;
        }
    }
}
