//! What operators ask a process: is it alive, is it ready, and how much it should log.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use fanfare_telemetry::Level;
use serde_json::json;

use crate::readiness::Readiness;

/// `/healthz` and `/readyz`, which the REST address serves too.
pub(crate) fn health(readiness: Readiness) -> Router {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).with_state(readiness)
}

/// Everything on the admin address.
pub(crate) fn admin(readiness: Readiness, level: Level, service: &'static str) -> Router {
    let metrics = Router::new().route("/metrics", get(metrics)).with_state((readiness.clone(), service));
    let log_level = Router::new().route("/log-level", put(set_level)).with_state(level);
    health(readiness).merge(metrics).merge(log_level)
}

async fn alive() -> &'static str {
    "alive\n"
}

async fn ready(State(readiness): State<Readiness>) -> Response {
    let waits_for = readiness.waits_for();
    let status = if waits_for.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": waits_for.is_empty(), "waits_for": waits_for }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// In Prometheus' text format, version 0.0.4.
async fn metrics(State((readiness, service)): State<(Readiness, &'static str)>) -> Response {
    let ready = u8::from(readiness.waits_for().is_empty());
    let version = env!("CARGO_PKG_VERSION");
    let body = format!(
        "# HELP fanfare_build_info The running version.\n\
         # TYPE fanfare_build_info gauge\n\
         fanfare_build_info{{version=\"{version}\",service=\"{service}\"}} 1\n\
         # HELP fanfare_ready Whether the process can do its job.\n\
         # TYPE fanfare_ready gauge\n\
         fanfare_ready{{service=\"{service}\"}} {ready}\n"
    );
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], body).into_response()
}

async fn set_level(State(level): State<Level>, filter: String) -> Response {
    match level.set(filter.trim()) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}
