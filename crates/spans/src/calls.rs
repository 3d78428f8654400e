//! Spans of calls: those that publishers and API clients make, and those to receivers and databases.

use fanfare_domain::event::TraceContext;
use opentelemetry::Context;
use opentelemetry::trace::{Status, TraceContextExt};
use tracing::field::Empty;
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::TARGET;
use crate::propagation::set_parent;

/// The codes of gRPC that are a server's fault: unknown, deadline exceeded, unimplemented, internal, unavailable, data loss.
const SERVERS_FAULTS: [i32; 6] = [2, 4, 12, 13, 14, 15];

/// A call of gRPC's `service` (such as `fanfare.v1.Publisher`) that ends with its answer, from a caller whose trace is `trace`.
#[must_use]
pub fn serve_call(service: &'static str, method: &'static str, trace: &TraceContext) -> Span {
    let span = tracing::span!(
        target: TARGET, parent: None, Level::INFO, "call",
        otel.name = format_args!("{service}/{method}"),
        otel.kind = "server",
        rpc.system = "grpc",
        rpc.service = service,
        rpc.method = method,
        rpc.grpc.status_code = Empty,
    );
    set_parent(&span, trace);
    span
}

/// The call was answered with gRPC's `code`.
pub fn answer_call(span: &Span, code: i32) {
    if !span.is_disabled() {
        span.record("rpc.grpc.status_code", i64::from(code));
        if SERVERS_FAULTS.contains(&code) {
            span.set_attribute("error.type", code.to_string());
            span.set_status(Status::error(""));
        }
    }
}

/// A request over HTTP for `route` (a template such as `/v1/events/{id}`), from a caller whose trace is `trace`.
#[must_use]
pub fn serve_http(method: &str, route: Option<&str>, trace: &TraceContext) -> Span {
    let span = tracing::span!(
        target: TARGET, parent: None, Level::INFO, "request",
        otel.name = format_args!("{method}{}{}", if route.is_some() { " " } else { "" }, route.unwrap_or_default()),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
    );
    set_parent(&span, trace);
    span
}

/// The request was answered with `status`.
pub fn answer_http(span: &Span, status: u16) {
    if !span.is_disabled() {
        span.record("http.response.status_code", i64::from(status));
        if status >= 500 {
            span.set_attribute("error.type", status.to_string());
            span.set_status(Status::error(""));
        }
    }
}

/// A post to a receiver at `host` and `port`, under the current span. `attempts_before` is how many posts of the same delivery
/// there were.
#[must_use]
pub fn post(scheme: &str, host: &str, port: u16, attempts_before: u16) -> Span {
    tracing::span!(
        target: TARGET, Level::INFO, "POST",
        otel.kind = "client",
        http.request.method = "POST",
        http.request.resend_count = (attempts_before > 0).then_some(i64::from(attempts_before)),
        server.address = host,
        server.port = i64::from(port),
        url.scheme = scheme,
        http.response.status_code = Empty,
    )
}

/// What came of a post: the status if the receiver answered, and, if the attempt failed, of what kind the failure was (the
/// status, or such as `timed_out`) and how it is told.
pub fn posted(span: &Span, status: Option<u16>, failure: Option<(String, String)>) {
    if !span.is_disabled() {
        if let Some(status) = status {
            span.record("http.response.status_code", i64::from(status));
        }
        if let Some((kind, reason)) = failure {
            span.set_attribute("error.type", kind);
            span.set_status(Status::error(reason));
        }
    }
}

/// What `operation` of ours, which may be several statements, asks of a database, such as `postgresql`. It is told as a part of
/// the current trace, if there is one: what only looks whether there is something to do would fill a collector with itself.
#[must_use]
pub fn ask_database(system: &'static str, operation: &'static str) -> Span {
    if !tracing::span_enabled!(target: TARGET, Level::INFO) || !Context::map_current(Context::has_active_span) {
        return Span::none();
    }
    tracing::span!(
        target: TARGET, Level::INFO, "ask",
        otel.name = operation,
        otel.kind = "client",
        db.system.name = system,
        db.operation.name = operation,
    )
}
