//! Events that Fanfare itself issues, among them pings and tests for one webhook.

use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_domain::event::{Event, Purpose, TraceContext};
use fanfare_domain::event_type::EventType;
use fanfare_domain::ids::{EventId, TenantNumber, WebhookId};
use fanfare_domain::tenant::Tenant;
use fanfare_domain::time::Timestamp;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::queue::{LARGEST_RECORD, PublishError, Queue, Topic};
use fanfare_proto::records::encode_event;
use fanfare_spans::{carried, fail, send_event};

use crate::accepting::Intake;
use crate::check::canonical;
use crate::config::Config;
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
        let mut event = event(&tenant, trial.event_type, canonical(&trial.data)?, self.clock.now());
        event.purpose = Purpose::Trial(trial.webhook);
        event.trace = trial.trace;
        let issued = store(&*self.queue, &self.clock, &self.config, event).await?;
        self.metrics.stored(1);
        Ok(issued)
    }
}

/// An event of `tenant` that happens now, with an id of its own.
pub(crate) fn event(tenant: &Tenant, event_type: EventType, data: Bytes, now: Timestamp) -> Event {
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

/// Stores an issued event, or says why it is not known to be stored.
pub(crate) async fn store(
    queue: &dyn Queue,
    clock: &SharedClock,
    config: &Config,
    mut event: Event,
) -> Result<Issued, IntakeError> {
    let span = send_event(&event);
    if let Some(trace) = carried(&span) {
        event.trace = trace;
    }
    let published = tokio::select! {
        published = queue.publish(Topic::Events, vec![encode_event(&event)]) => published,
        () = clock.sleep(config.answer_within) => return Err(IntakeError::Unavailable(Unavailability::Queue)),
    };
    match published.map(|positions| positions.first().copied()) {
        Ok(Some(position)) => Ok(Issued { id: event.id, position }),
        Ok(None) => Err(IntakeError::Unavailable(Unavailability::Queue)),
        Err(PublishError::TooLarge { size }) => Err(IntakeError::TooLarge { size, limit: LARGEST_RECORD }),
        Err(error) => {
            tracing::warn!(%error, "issued event was not stored, or it is not known");
            fail(&span, "queue", &error);
            let full = matches!(error, PublishError::Full { .. });
            Err(IntakeError::Unavailable(if full { Unavailability::Full } else { Unavailability::Queue }))
        }
    }
}
