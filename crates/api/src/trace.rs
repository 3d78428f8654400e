//! The caller's trace.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use fanfare_domain::event::TraceContext;
use fanfare_intake::trace_context;
use http::request::Parts;

/// The trace context that came with the request, if it is well-formed.
pub(crate) struct Trace(pub(crate) TraceContext);

impl<S: Send + Sync> FromRequestParts<S> for Trace {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        Ok(Self(trace_context(text("traceparent"), text("tracestate"))))
    }
}
