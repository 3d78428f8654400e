//! A schedule that can be exchanged under whoever uses it.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::delivery::{DeliveryRef, Position};
use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_ports::schedule::{Applied, Change, Claim, Claimed, Earliest, Lead, LookedUp, Schedule, ScheduleError};

/// Leads to a schedule, or to none.
pub(crate) struct Switch(RwLock<Option<Arc<dyn Schedule>>>);

impl Switch {
    pub(crate) fn to(schedule: Arc<dyn Schedule>) -> Self {
        Self(RwLock::new(Some(schedule)))
    }

    /// Exchanges the schedule for another.
    pub(crate) fn lead_to(&self, schedule: Arc<dyn Schedule>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(schedule);
    }

    /// Takes the schedule away, and gives it to the caller.
    pub(crate) fn take_away(&self) -> Option<Arc<dyn Schedule>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn schedule(&self) -> Result<Arc<dyn Schedule>, ScheduleError> {
        let schedule = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        schedule.ok_or_else(|| ScheduleError::Unavailable("it is away".into()))
    }
}

#[async_trait]
impl Schedule for Switch {
    async fn position(&self) -> Result<Option<Position>, ScheduleError> {
        self.schedule()?.position().await
    }

    async fn lead(&self, holder: &str, ttl: Duration) -> Result<Lead, ScheduleError> {
        self.schedule()?.lead(holder, ttl).await
    }

    async fn apply(
        &self,
        holder: &str,
        from: Option<Position>,
        to: Position,
        changes: &[Change],
    ) -> Result<Applied, ScheduleError> {
        self.schedule()?.apply(holder, from, to, changes).await
    }

    async fn claim(&self, lease: Duration, limit: usize) -> Result<Claimed, ScheduleError> {
        self.schedule()?.claim(lease, limit).await
    }

    async fn finish(&self, claims: &[Claim]) -> Result<(), ScheduleError> {
        self.schedule()?.finish(claims).await
    }

    async fn begin_anew(&self, holder: &str, from: Option<Position>, until: u64) -> Result<Applied, ScheduleError> {
        self.schedule()?.begin_anew(holder, from, until).await
    }

    async fn look_up(&self, deliveries: &[DeliveryRef]) -> Result<LookedUp, ScheduleError> {
        self.schedule()?.look_up(deliveries).await
    }

    async fn earliest(&self) -> Result<Earliest, ScheduleError> {
        self.schedule()?.earliest().await
    }

    async fn waiting(&self) -> Result<u64, ScheduleError> {
        self.schedule()?.waiting().await
    }

    async fn open_gate(&self, webhook: WebhookId) -> Result<(), ScheduleError> {
        self.schedule()?.open_gate(webhook).await
    }

    async fn erase(&self, tenant: TenantNumber) -> Result<(), ScheduleError> {
        self.schedule()?.erase(tenant).await
    }
}
