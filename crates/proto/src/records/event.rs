//! Events.

use bytes::Bytes;
use fanfare_domain::event::{Event, Purpose, TraceContext};
use fanfare_domain::ids::{EventId, TenantId, TenantNumber, WebhookId};
use fanfare_domain::time::Timestamp;

use super::{RecordError, damaged, decode, encode, optional_id_bytes};
use crate::wire;

/// An event as the queue's bytes.
#[must_use]
pub fn encode_event(event: &Event) -> Bytes {
    encode(&to_wire(event))
}

/// Reads what [`encode_event`] wrote.
///
/// # Errors
/// [`RecordError`] if a newer version wrote it, or it is damaged.
pub fn decode_event(record: &Bytes) -> Result<Event, RecordError> {
    from_wire(decode(record)?)
}

pub(super) fn to_wire(event: &Event) -> wire::Event {
    wire::Event {
        tenant: event.tenant.get(),
        tenant_id: event.tenant_id.as_str().to_owned(),
        id: event.id.as_str().to_owned(),
        r#type: event.event_type.as_str().to_owned(),
        subject: event.subject.as_deref().map(str::to_owned),
        created_ms: event.created.as_millis(),
        accepted_ms: event.accepted.as_millis(),
        trial_for: purpose_to_wire(event.purpose),
        trace: trace_to_wire(&event.trace),
        data: event.data.clone(),
    }
}

pub(super) fn from_wire(event: wire::Event) -> Result<Event, RecordError> {
    Ok(Event {
        tenant: TenantNumber::new(event.tenant),
        tenant_id: TenantId::new(&event.tenant_id).map_err(damaged)?,
        id: EventId::new(&event.id).map_err(damaged)?,
        event_type: event.r#type.parse().map_err(damaged)?,
        subject: event.subject.map(Into::into),
        created: Timestamp::from_millis(event.created_ms),
        accepted: Timestamp::from_millis(event.accepted_ms),
        purpose: purpose_from_wire(&event.trial_for)?,
        trace: event.trace.map(trace_from_wire).unwrap_or_default(),
        data: event.data,
    })
}

pub(super) fn purpose_to_wire(purpose: Purpose) -> Bytes {
    match purpose {
        Purpose::Published => Bytes::new(),
        Purpose::Trial(webhook) => Bytes::copy_from_slice(webhook.as_bytes()),
    }
}

pub(super) fn purpose_from_wire(bytes: &[u8]) -> Result<Purpose, RecordError> {
    let webhook = optional_id_bytes("trial_for", bytes)?.map(WebhookId::from_bytes);
    Ok(webhook.map_or(Purpose::Published, Purpose::Trial))
}

pub(super) fn trace_to_wire(trace: &TraceContext) -> Option<wire::Trace> {
    (*trace != TraceContext::default()).then(|| wire::Trace {
        parent: trace.parent.as_deref().unwrap_or_default().to_owned(),
        state: trace.state.as_deref().unwrap_or_default().to_owned(),
    })
}

pub(super) fn trace_from_wire(trace: wire::Trace) -> TraceContext {
    let present = |text: String| (!text.is_empty()).then(|| text.into());
    TraceContext { parent: present(trace.parent), state: present(trace.state) }
}
