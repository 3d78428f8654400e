//! Events that Fanfare itself issues: pings and tests for one webhook, and what operators are told.

use std::sync::Arc;

use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_domain::event::{Event, Purpose, TraceContext};
use fanfare_domain::event_type::EventType;
use fanfare_domain::ids::{EventId, TenantId, TenantNumber, WebhookId};
use fanfare_domain::tenant::Tenant;
use fanfare_ports::queue::{LARGEST_RECORD, PublishError, Topic};
use fanfare_proto::records::encode_event;

use crate::accepting::Intake;
use crate::check::canonical;
use crate::error::{IntakeError, Unavailability};

/// A ping or a test: an event for one webhook alone. Reserved types are allowed; schemas and quotas are not asked.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The webhook's tenant.
    pub tenant: TenantNumber,
    /// Whom it is for.
    pub webhook: WebhookId,
    /// Its type.
    pub event_type: EventType,
    /// Any JSON value.
    pub data: Bytes,
    /// The caller's trace.
    pub trace: TraceContext,
}

/// Something that operators are told in the reserved tenant.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// An id, where the same thing may be announced twice: it is then stored twice, and delivered as one.
    pub id: Option<EventId>,
    /// Its type, such as `fanfare.webhook.disabled`.
    pub event_type: EventType,
    /// What it is about.
    pub subject: Option<Arc<str>>,
    /// Any JSON value.
    pub data: Bytes,
}

/// An event that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its id.
    pub id: EventId,
    /// Where it is stored.
    pub position: Position,
}

impl Intake {
    /// Stores a ping or test. When it returns, the event is synced.
    ///
    /// # Errors
    /// [`IntakeError`] if the data is not JSON or too large, the tenant is gone, or it cannot be stored now.
    pub async fn publish_trial(&self, trial: Trial) -> Result<Issued, IntakeError> {
        self.be_able().await.map_err(IntakeError::Unavailable)?;
        self.check_size(&trial.data)?;
        let tenant = self.catalogue.tenant(trial.tenant).ok_or(IntakeError::UnknownKey)?;
        let mut event = self.issue(&tenant, trial.event_type, canonical(&trial.data)?);
        event.purpose = Purpose::Trial(trial.webhook);
        event.trace = trial.trace;
        self.store(event).await
    }

    /// Stores an operational event in the reserved tenant `fanfare`. When it returns, the event is synced.
    ///
    /// # Errors
    /// [`IntakeError`] if the data is not JSON or too large, the reserved tenant is not there, or it cannot be stored now.
    pub async fn announce(&self, announcement: Announcement) -> Result<Issued, IntakeError> {
        self.be_able().await.map_err(IntakeError::Unavailable)?;
        self.check_size(&announcement.data)?;
        let reserved =
            TenantId::new(TenantId::FANFARE).map_err(|error| IntakeError::invalid("tenant", error.to_string()))?;
        let tenant = self.catalogue.tenant_named(&reserved).ok_or(IntakeError::UnknownTenant(reserved))?;
        let mut event = self.issue(&tenant, announcement.event_type, canonical(&announcement.data)?);
        event.subject = announcement.subject;
        if let Some(id) = announcement.id {
            event.id = id;
        }
        self.store(event).await
    }

    fn issue(&self, tenant: &Tenant, event_type: EventType, data: Bytes) -> Event {
        let now = self.clock.now();
        Event {
            tenant: tenant.number,
            tenant_id: tenant.id.clone(),
            id: EventId::make(now, rand::random()),
            event_type,
            subject: None,
            created: now,
            accepted: now,
            purpose: Purpose::Published,
            trace: TraceContext::default(),
            data,
        }
    }

    async fn store(&self, event: Event) -> Result<Issued, IntakeError> {
        let published = tokio::select! {
            published = self.queue.publish(Topic::Events, vec![encode_event(&event)]) => published,
            () = self.clock.sleep(self.config.answer_within) => {
                return Err(IntakeError::Unavailable(Unavailability::Queue));
            }
        };
        match published.map(|positions| positions.first().copied()) {
            Ok(Some(position)) => Ok(Issued { id: event.id, position }),
            Ok(None) => Err(IntakeError::Unavailable(Unavailability::Queue)),
            Err(PublishError::TooLarge { size }) => Err(IntakeError::TooLarge { size, limit: LARGEST_RECORD }),
            Err(error) => {
                tracing::warn!(%error, "issued event was not stored, or it is not known");
                let full = matches!(error, PublishError::Full { .. });
                Err(IntakeError::Unavailable(if full { Unavailability::Full } else { Unavailability::Queue }))
            }
        }
    }
}
