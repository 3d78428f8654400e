//! What operators ask a process: is it alive, is it ready, and how much it should log.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use fanfare_telemetry::{Figures, Level};
use serde_json::json;

use crate::readiness::Readiness;

/// `/healthz` and `/readyz`, which the REST address serves too.
pub(crate) fn health(readiness: Readiness) -> Router {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).with_state(readiness)
}

/// Everything on the admin address.
pub(crate) fn admin(readiness: Readiness, level: Level, figures: Figures) -> Router {
    let metrics = Router::new().route("/metrics", get(metrics)).with_state(figures);
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

async fn metrics(State(figures): State<Figures>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], figures.text()).into_response()
}

async fn set_level(State(level): State<Level>, filter: String) -> Response {
    match level.set(filter.trim()) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}
