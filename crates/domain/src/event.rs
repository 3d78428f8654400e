//! What a publisher tells.

use std::sync::Arc;

use bytes::Bytes;

use crate::event_type::EventType;
use crate::ids::{EventId, TenantId, TenantNumber, WebhookId};
use crate::time::Timestamp;

/// The trace that an event or a delivery belongs to, as [W3C Trace Context](https://www.w3.org/TR/trace-context/)
/// headers; both are passed on as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceContext {
    /// The `traceparent` header.
    pub parent: Option<Arc<str>>,
    /// The `tracestate` header.
    pub state: Option<Arc<str>>,
}

/// Why an event was published; what is sent by hand counts for no disable rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// A publisher's event, for all webhooks that subscribed.
    #[default]
    Published,
    /// A ping or a test, for one webhook alone, whatever it subscribed to.
    Trial(WebhookId),
}

/// An accepted event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The tenant's internal number.
    pub tenant: TenantNumber,
    /// The tenant's name at the time of publishing.
    pub tenant_id: TenantId,
    /// Unique within the tenant.
    pub id: EventId,
    /// As published, whatever aliases it has.
    pub event_type: EventType,
    /// What the event is about.
    pub subject: Option<Arc<str>>,
    /// When it happened.
    pub created: Timestamp,
    /// When it was accepted; its deadline and the day it is logged under follow from this.
    pub accepted: Timestamp,
    /// Whom it is for.
    pub purpose: Purpose,
    /// The publisher's trace.
    pub trace: TraceContext,
    /// A JSON value in canonical text ([`crate::json::canonicalize`]).
    pub data: Bytes,
}
