//! Questions about what happened.

mod deliveries;
mod events;
mod stats;
mod subjects;

use async_trait::async_trait;
use fanfare_domain::delivery::DeliveryRef;
use fanfare_domain::ids::{DeliveryId, EventId, TenantNumber, WebhookId};
use fanfare_ports::store::{
    AttemptRow, DeliveryFilter, DeliveryRow, EventFilter, EventRow, Page, PageRequest, Reports, StoreError, SubjectRow,
    WebhookStats,
};

use crate::connection::PostgresStore;

#[async_trait]
impl Reports for PostgresStore {
    async fn events(
        &self,
        tenant: TenantNumber,
        filter: &EventFilter,
        page: PageRequest,
    ) -> Result<Page<EventRow>, StoreError> {
        events::list(&self.pool, tenant, filter, &page).await
    }

    async fn event(&self, tenant: TenantNumber, id: &EventId) -> Result<Option<EventRow>, StoreError> {
        events::one(&self.pool, tenant, id).await
    }

    async fn deliveries_of(&self, tenant: TenantNumber, event: &EventId) -> Result<Vec<DeliveryRow>, StoreError> {
        deliveries::of_event(&self.pool, tenant, event).await
    }

    async fn deliveries(
        &self,
        tenant: TenantNumber,
        webhook: WebhookId,
        filter: &DeliveryFilter,
        page: PageRequest,
    ) -> Result<Page<DeliveryRow>, StoreError> {
        deliveries::list(&self.pool, tenant, webhook, filter, &page).await
    }

    async fn delivery(&self, tenant: TenantNumber, id: DeliveryId) -> Result<Option<DeliveryRow>, StoreError> {
        deliveries::one(&self.pool, tenant, id).await
    }

    async fn attempts(&self, tenant: TenantNumber, delivery: &DeliveryRef) -> Result<Vec<AttemptRow>, StoreError> {
        deliveries::attempts(&self.pool, tenant, delivery).await
    }

    async fn subjects(
        &self,
        tenant: TenantNumber,
        delivered: Option<bool>,
        page: PageRequest,
    ) -> Result<Page<SubjectRow>, StoreError> {
        subjects::list(&self.pool, tenant, delivered, &page).await
    }

    async fn stats(&self, tenant: TenantNumber, webhooks: &[WebhookId]) -> Result<Vec<WebhookStats>, StoreError> {
        stats::of(&self.pool, tenant, webhooks).await
    }
}
