//! What surrounds every request: a time limit, and an answer even if the code fails.

use std::panic::AssertUnwindSafe;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::{Method, StatusCode, Uri};

use crate::context::Shared;
use crate::problem::Problem;

pub(crate) async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let started = shared.clock.now();
    let answer = tokio::select! {
        answer = AssertUnwindSafe(next.run(request)).catch_unwind() => answer.unwrap_or_else(|_| {
            tracing::error!(%method, path, "request was answered by a panic");
            Problem::internal().into_response()
        }),
        () = shared.clock.sleep(shared.config.request_timeout) => too_slow(),
    };
    let status = answer.status().as_u16();
    let milliseconds = u64::try_from(shared.clock.now().since(started).as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(%method, path, status, milliseconds, "request answered");
    answer
}

fn too_slow() -> Response {
    Problem::unavailable("the request was not done within its time limit; whether it had an effect is open")
        .into_response()
}

pub(crate) async fn unknown_route(uri: Uri) -> Problem {
    Problem::not_found(format!("there is nothing at {}; /openapi.json tells what there is", uri.path()))
}

pub(crate) async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let detail = format!("{method} is not possible at {}; the header Allow tells what is", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}
