//! Telling operators: notices become events of the reserved tenant.
//!
//! A notice is made in the transaction of what it tells of, and forgotten when its event is stored. Whoever dies between leaves it to
//! others, who store the same event again. Nothing else waits for it: the journal is written even while no event is taken.

use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::ids::TenantId;
use fanfare_domain::tenant::Tenant;
use fanfare_intake::{Announcer, IntakeError};
use fanfare_ports::clock::SharedClock;
use fanfare_ports::store::{Notice, Notices, Registry, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

const NOTICES: u32 = 50;
/// How often to look for what others have left behind.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why notices were not announced; they stay in the store.
#[derive(Debug, thiserror::Error)]
enum AnnounceError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error("tenant {0} is not there yet")]
    NoTenant(&'static str),
}

pub(crate) struct Announcing {
    registry: Arc<dyn Registry>,
    notices: Arc<dyn Notices>,
    announcer: Announcer,
    clock: SharedClock,
    made: Notify,
}

impl Announcing {
    pub(crate) fn new(
        registry: Arc<dyn Registry>,
        notices: Arc<dyn Notices>,
        announcer: Announcer,
        clock: SharedClock,
    ) -> Arc<Self> {
        Arc::new(Self { registry, notices, announcer, clock, made: Notify::new() })
    }

    /// Has [`Self::run`] look at once, because a notice was made.
    pub(crate) fn hurry(&self) {
        self.made.notify_one();
    }

    /// Announces notices as they come, until `stop`.
    pub(crate) async fn run(&self, stop: &CancellationToken) {
        // What is cut off by the end is announced again.
        while stop.run_until_cancelled(self.round()).await.is_some() {}
    }

    async fn round(&self) {
        if let Err(error) = self.announce_all().await {
            tracing::warn!(%error, "operators are not told yet");
        }
        tokio::select! {
            () = self.made.notified() => {}
            () = self.clock.sleep(LOOK_EVERY) => {}
        }
    }

    async fn announce_all(&self) -> Result<(), AnnounceError> {
        loop {
            let notices = self.notices.unannounced(NOTICES).await?;
            if notices.is_empty() {
                return Ok(());
            }
            let tenant = self.reserved_tenant().await?;
            for notice in &notices {
                self.announce(&tenant, notice).await?;
            }
        }
    }

    async fn announce(&self, tenant: &Tenant, notice: &Notice) -> Result<(), AnnounceError> {
        match self.announcer.announce(tenant, notice).await {
            Ok(_) => tracing::info!(event = %notice.id, event_type = %notice.event_type, "operators are told"),
            Err(error @ IntakeError::Unavailable(_)) => return Err(error.into()),
            // It would be refused the next time, too, and must not stand in the way of others.
            Err(error) => tracing::error!(event = %notice.id, %error, data = notice.data, "operators cannot be told"),
        }
        Ok(self.notices.announced(&notice.id).await?)
    }

    async fn reserved_tenant(&self) -> Result<Tenant, AnnounceError> {
        let missing = AnnounceError::NoTenant(TenantId::FANFARE);
        let Ok(id) = TenantId::new(TenantId::FANFARE) else { return Err(missing) };
        self.registry.tenant(&id).await?.ok_or(missing)
    }
}
