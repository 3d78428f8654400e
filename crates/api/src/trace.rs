//! The caller's trace, and the request as a span of it.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use fanfare_domain::event::TraceContext;
use fanfare_intake::trace_context;
use fanfare_spans::{answer_http, carried, serve_http};
use http::HeaderMap;
use http::request::Parts;
use tracing::Instrument;

/// What goes on with the request's trace: its span, where traces are made, else what came with it, if that is well-formed.
#[derive(Clone)]
pub(crate) struct Trace(pub(crate) TraceContext);

/// Makes the request a span.
pub(crate) async fn trace(mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let span = serve_http(request.method().as_str(), route, &came_with(request.headers()));
    if let Some(trace) = carried(&span) {
        request.extensions_mut().insert(Trace(trace));
    }
    let answer = next.run(request).instrument(span.clone()).await;
    answer_http(&span, answer.status().as_u16());
    answer
}

fn came_with(headers: &HeaderMap) -> TraceContext {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    trace_context(text("traceparent"), text("tracestate"))
}

impl<S: Send + Sync> FromRequestParts<S> for Trace {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let of_span = parts.extensions.get::<Self>().cloned();
        Ok(of_span.unwrap_or_else(|| Self(came_with(&parts.headers))))
    }
}
