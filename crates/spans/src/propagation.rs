//! Traces in headers and records, as [W3C Trace Context](https://www.w3.org/TR/trace-context/) writes them.

use fanfare_domain::event::TraceContext;
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

const PARENT: &str = "traceparent";
const STATE: &str = "tracestate";

/// What carries `span` on to whoever goes on with its trace; `None` where no traces are made, so that what came is to be passed
/// on as it came. Nothing about the span's parent or links can be said after this.
#[must_use]
pub fn carried(span: &Span) -> Option<TraceContext> {
    if span.is_disabled() {
        return None;
    }
    let mut written = Written(TraceContext::default());
    TraceContextPropagator::new().inject_context(&span.context(), &mut written);
    written.0.parent.is_some().then_some(written.0)
}

/// Makes `span` a child of what `trace` carries, if that is anything.
pub(crate) fn set_parent(span: &Span, trace: &TraceContext) {
    if !span.is_disabled()
        && let Some(context) = context(trace)
    {
        // It fails only where no traces are made.
        let _ = span.set_parent(context);
    }
}

/// Links `span` to what `trace` carries, if that is anything.
pub(crate) fn link(span: &Span, trace: &TraceContext) {
    if !span.is_disabled()
        && let Some(context) = context(trace)
    {
        span.add_link(context.span().span_context().clone());
    }
}

/// Whether somebody decided that nothing is to be told of `trace`.
pub(crate) fn is_left_out(trace: &TraceContext) -> bool {
    context(trace).is_some_and(|context| !context.span().span_context().is_sampled())
}

fn context(trace: &TraceContext) -> Option<Context> {
    trace.parent.as_ref()?;
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(trace));
    context.has_active_span().then_some(context)
}

struct Headers<'a>(&'a TraceContext);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            PARENT => self.0.parent.as_deref(),
            STATE => self.0.state.as_deref(),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![PARENT, STATE]
    }
}

struct Written(TraceContext);

impl Injector for Written {
    fn set(&mut self, key: &str, value: String) {
        match key {
            PARENT => self.0.parent = Some(value.into()),
            STATE if !value.is_empty() => self.0.state = Some(value.into()),
            _ => {}
        }
    }
}
