//! What operators are told: events in the reserved tenant.

use std::sync::Arc;

use bytes::Bytes;
use fanfare_domain::tenant::Tenant;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::Queue;
use fanfare_ports::store::Notice;

use crate::check::canonical;
use crate::config::Config;
use crate::error::IntakeError;
use crate::issued::{self, Issued};
use crate::metrics::Metrics;

/// The way in for notices. They are Fanfare's own, so that neither keys nor quotas are asked.
pub struct Announcer {
    queue: Arc<dyn Queue>,
    clock: SharedClock,
    config: Config,
    metrics: Metrics,
}

impl Announcer {
    /// The way in to `queue`.
    #[must_use]
    pub fn new(queue: Arc<dyn Queue>, clock: SharedClock, config: Config) -> Self {
        Self { queue, clock, config, metrics: Metrics::new() }
    }

    /// Stores a notice as an event of `tenant`, the reserved one. When it returns, the event is synced. What is announced again is
    /// stored again, under the same id, and delivered as one event.
    ///
    /// # Errors
    /// [`IntakeError`] if the data is not JSON or too large, or it cannot be stored now.
    pub async fn announce(&self, tenant: &Tenant, notice: &Notice) -> Result<Issued, IntakeError> {
        let data = canonical(&Bytes::from(notice.data.clone()))?;
        let mut event = issued::event(tenant, notice.event_type.clone(), data, self.clock.now());
        event.id = notice.id.clone();
        event.subject = notice.subject.clone();
        event.created = notice.created;
        let issued = issued::store(&*self.queue, &self.clock, &self.config, event).await?;
        self.metrics.stored(1);
        Ok(issued)
    }
}
