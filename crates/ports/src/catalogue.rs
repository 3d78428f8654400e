//! A process's own copy of the directory: what ingest, router and worker look things up in.

mod state;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use fanfare_domain::event_type::Aliases;
use fanfare_domain::ids::{TenantId, TenantNumber, WebhookId};
use fanfare_domain::tenant::{ApiKey, EventTypeEntry, KeyHash, Tenant};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::Webhook;
use futures::StreamExt;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::state::State;
pub use self::state::TenantWebhooks;
use crate::clock::SharedClock;
use crate::directory::{Directory, DirectoryError, Entry, EntryKey, Notice};

/// A copy that was last compared with the leader longer ago than this is too old to work with.
pub const TOO_OLD: Duration = Duration::from_secs(5);
const COMPARE_EVERY: Duration = Duration::from_millis(400);
const WATCH_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// What a look-up answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup<T> {
    /// It is there.
    Found(T),
    /// The leader says that it is not there, or no longer.
    Gone,
    /// The copy does not have it and the leader does not answer: wait and ask again.
    Unknown,
}

/// The directory's entries in memory, in the order of their changes.
pub struct Catalogue {
    directory: Arc<dyn Directory>,
    clock: SharedClock,
    state: RwLock<State>,
    /// The revision up to which `state` is complete; `None` until the first whole reading.
    applied: watch::Sender<Option<u64>>,
    /// The latest time (Unix milliseconds) of which it is known that every earlier change is in `state`.
    complete_at: AtomicI64,
}

impl Catalogue {
    /// An empty copy, which [`Self::follow`] fills.
    #[must_use]
    pub fn of(directory: Arc<dyn Directory>, clock: SharedClock) -> Arc<Self> {
        Arc::new(Self {
            directory,
            clock,
            state: RwLock::default(),
            applied: watch::Sender::new(None),
            complete_at: AtomicI64::new(i64::MIN),
        })
    }

    /// Follows the directory until `stop`, whatever happens to the connection.
    pub async fn follow(&self, stop: &CancellationToken) {
        let following = async {
            loop {
                if let Err(error) = self.watch_once().await {
                    tracing::warn!(%error, "directory is watched again");
                }
                self.clock.sleep(WATCH_AGAIN_AFTER).await;
            }
        };
        let comparing = async {
            loop {
                if let Err(error) = self.compare().await {
                    tracing::debug!(%error, "directory did not tell its revision");
                }
                self.clock.sleep(COMPARE_EVERY).await;
            }
        };
        stop.run_until_cancelled(async { tokio::join!(following, comparing) }).await;
    }

    async fn watch_once(&self) -> Result<(), DirectoryError> {
        let mut notices = self.directory.watch().await?;
        // Entries of a first reading are gathered apart, so that nobody sees half of it.
        let mut first_reading = Some(State::default());
        while let Some(notice) = notices.next().await {
            match notice? {
                Notice::Changed { revision, write } => match &mut first_reading {
                    Some(state) => state.write(write),
                    None => {
                        self.write_state(|state| state.write(write));
                        self.applied.send_replace(Some(revision));
                    }
                },
                Notice::CaughtUp { revision } => {
                    if let Some(whole) = first_reading.take() {
                        self.write_state(|state| *state = whole);
                    }
                    self.applied.send_replace(Some(revision));
                }
            }
        }
        Ok(())
    }

    /// Asks the leader for its revision and waits until this copy has it: then all changes made before asking are here.
    async fn compare(&self) -> Result<(), DirectoryError> {
        let asked = self.clock.now();
        let revision = self.directory.revision().await?;
        let mut applied = self.applied.subscribe();
        // The sender lives in self, so waiting cannot fail.
        let _ = applied.wait_for(|applied| applied.is_some_and(|applied| applied >= revision)).await;
        self.complete_at.fetch_max(asked.as_millis(), Ordering::AcqRel);
        Ok(())
    }

    /// Whether the copy was complete at most [`TOO_OLD`] ago.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let complete_at = self.complete_at.load(Ordering::Acquire);
        complete_at != i64::MIN && self.clock.now().since(Timestamp::from_millis(complete_at)) <= TOO_OLD
    }

    /// Returns once every change that is in force for events accepted at `accepted` is in this copy: those answered
    /// [`Directory::freshness`] before, or all so far where that is zero.
    ///
    /// # Errors
    /// [`DirectoryError`] if the leader had to be asked and did not answer.
    pub async fn include(&self, accepted: Timestamp) -> Result<(), DirectoryError> {
        let freshness = self.directory.freshness();
        let needed = accepted.minus(freshness).as_millis();
        if freshness.is_zero() || self.complete_at.load(Ordering::Acquire) < needed {
            self.compare().await?;
        }
        Ok(())
    }

    /// The tenant of this name.
    #[must_use]
    pub fn tenant_named(&self, id: &TenantId) -> Option<Arc<Tenant>> {
        self.read_state(|state| state.tenant_named(id))
    }

    /// The tenant of this number.
    #[must_use]
    pub fn tenant(&self, number: TenantNumber) -> Option<Arc<Tenant>> {
        self.read_state(|state| state.tenant(number))
    }

    /// The key with this hash.
    #[must_use]
    pub fn key(&self, hash: &KeyHash) -> Option<Arc<ApiKey>> {
        self.read_state(|state| state.key(hash))
    }

    /// A tenant's webhooks; none if the tenant is not known.
    #[must_use]
    pub fn webhooks(&self, tenant: TenantNumber) -> TenantWebhooks {
        self.read_state(|state| state.webhooks(tenant))
    }

    /// A webhook.
    #[must_use]
    pub fn webhook(&self, id: WebhookId) -> Option<Arc<Webhook>> {
        self.read_state(|state| state.webhook(id))
    }

    /// The description of a tenant's event type, by its name.
    #[must_use]
    pub fn event_type(&self, tenant: TenantNumber, name: &str) -> Option<Arc<EventTypeEntry>> {
        self.read_state(|state| state.event_type(tenant, name))
    }

    /// The other names of a tenant's event types.
    #[must_use]
    pub fn aliases(&self, tenant: TenantNumber) -> Arc<Aliases> {
        self.read_state(|state| state.aliases(tenant))
    }

    /// A webhook; what the copy does not have is asked of the leader, who alone can say that it is gone.
    pub async fn look_up_webhook(&self, id: WebhookId) -> Lookup<Arc<Webhook>> {
        if let Some(webhook) = self.webhook(id) {
            return Lookup::Found(webhook);
        }
        match self.directory.get(&EntryKey::Webhook(id)).await {
            Ok(Some(Entry::Webhook(webhook))) => Lookup::Found(Arc::new(*webhook)),
            Ok(None) => Lookup::Gone,
            Ok(Some(_)) | Err(_) => Lookup::Unknown,
        }
    }

    /// A tenant, likewise.
    pub async fn look_up_tenant(&self, number: TenantNumber) -> Lookup<Arc<Tenant>> {
        if let Some(tenant) = self.tenant(number) {
            return Lookup::Found(tenant);
        }
        match self.directory.get(&EntryKey::Tenant(number)).await {
            Ok(Some(Entry::Tenant(tenant))) => Lookup::Found(Arc::new(tenant)),
            Ok(None) => Lookup::Gone,
            Ok(Some(_)) | Err(_) => Lookup::Unknown,
        }
    }

    fn read_state<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write_state(&self, write: impl FnOnce(&mut State)) {
        write(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }
}
