//! Interfaces that published guides promise to their readers: each a thin translation onto what the native one does, for
//! webhooks of the guide's own profile. Errors are the native ones. The OpenAPI document describes the native interface
//! alone; these are described by their guides.

mod govalid;
mod validas;

use axum::Router;

use crate::context::Shared;

/// All of them.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().merge(govalid::routes()).merge(validas::routes())
}

/// A query without parameters.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NoParameters {}
