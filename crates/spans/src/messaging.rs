//! Spans of what goes through the queue.

use fanfare_domain::delivery::{Delivery, Turn};
use fanfare_domain::event::{Event, TraceContext};
use opentelemetry::trace::Status;
use tracing::field::Empty;
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::TARGET;
use crate::propagation::{is_left_out, link, set_parent};

/// What the conventions want to be told of the system that messages go through: services do not know which it is.
const SYSTEM: &str = "fanfare";

/// An event that goes to more webhooks than this has traces of their own for its deliveries, which are linked to its own: one
/// trace of thousands of attempts helps nobody.
pub const FEW: usize = 10;

/// From an event's being let in to its being stored. What [`crate::carried`] makes of it belongs into the event's record.
#[must_use]
pub fn send_event(event: &Event) -> Span {
    let span = tracing::span!(
        target: TARGET, parent: None, Level::INFO, "send events",
        otel.kind = "producer",
        messaging.system = SYSTEM,
        messaging.operation.name = "send",
        messaging.operation.type = "send",
        messaging.destination.name = "events",
        messaging.message.id = event.id.as_str(),
        messaging.message.body.size = number(event.data.len()),
        fanfare.tenant = event.tenant_id.as_str(),
        fanfare.event_type = event.event_type.as_str(),
    );
    set_parent(&span, &event.trace);
    span
}

/// From an event's being taken to all of its deliveries' being stored; [`fanned_out`] tells how many they are.
#[must_use]
pub fn process_event(event: &Event) -> Span {
    let span = tracing::span!(
        target: TARGET, parent: None, Level::INFO, "process events",
        otel.kind = "consumer",
        messaging.system = SYSTEM,
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.destination.name = "events",
        messaging.consumer.group.name = "router",
        messaging.message.id = event.id.as_str(),
        fanfare.tenant = event.tenant_id.as_str(),
        fanfare.event_type = event.event_type.as_str(),
        fanfare.deliveries = Empty,
    );
    set_parent(&span, &event.trace);
    span
}

/// The event of the span that [`process_event`] made goes to so many webhooks.
pub fn fanned_out(span: &Span, deliveries: usize) {
    span.record("fanfare.deliveries", number(deliveries));
}

/// One attempt, from its having everything that it needs to its outcome's being on its way to the record.
///
/// The first goes on with the trace that the router gave the delivery. All others, which may be days later, and those of an event
/// that went to more than [`FEW`] webhooks have traces of their own, linked to the event's.
#[must_use]
pub fn process_delivery(delivery: &Delivery, event: &Event) -> Span {
    let goes_on = delivery.turn == Turn::Scheduled(1) && delivery.trace != TraceContext::default();
    if !goes_on && tracing::span_enabled!(target: TARGET, Level::INFO) && is_left_out(&event.trace) {
        return Span::none();
    }
    let attempt = match delivery.turn {
        Turn::Scheduled(number) | Turn::Manual { number, .. } => number,
    };
    let span = tracing::span!(
        target: TARGET, parent: None, Level::INFO, "process deliveries",
        otel.kind = "consumer",
        messaging.system = SYSTEM,
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.destination.name = "deliveries",
        messaging.consumer.group.name = "worker",
        messaging.message.id = event.id.as_str(),
        fanfare.tenant = event.tenant_id.as_str(),
        fanfare.event_type = event.event_type.as_str(),
        fanfare.webhook = %delivery.reference.webhook,
        fanfare.delivery = %delivery.reference.id,
        fanfare.attempt = i64::from(attempt),
        fanfare.manual = matches!(delivery.turn, Turn::Manual { .. }),
    );
    if goes_on {
        set_parent(&span, &delivery.trace);
    } else {
        link(&span, &event.trace);
    }
    span
}

/// Writing down a batch of what happened. It is of many events, so its trace is its own.
#[must_use]
pub fn process_journal(records: usize) -> Span {
    tracing::span!(
        target: TARGET, parent: None, Level::INFO, "process journal",
        otel.kind = "consumer",
        messaging.system = SYSTEM,
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.destination.name = "journal",
        messaging.consumer.group.name = "logs",
        messaging.batch.message_count = number(records),
    )
}

/// The bridge to OpenTelemetry takes any other kind of whole number for a text.
fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Marks `span` as failed, for a reason whose kind is `kind`.
pub fn fail(span: &Span, kind: &'static str, reason: &dyn std::fmt::Display) {
    if !span.is_disabled() {
        span.set_attribute("error.type", kind);
        span.set_status(Status::error(reason.to_string()));
    }
}
