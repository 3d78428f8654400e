//! Ids in paths.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use crate::problem::Problem;

/// The one parameter of a path. What cannot be an id names nothing, so it is not found.
#[derive(Debug)]
pub(crate) struct Id<T>(pub(crate) T);

impl<T: FromStr<Err: std::fmt::Display>, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found("nothing has this id, which is not UTF-8"))?;
        text.parse().map(Self).map_err(|error: T::Err| Problem::not_found(format!("nothing has this id: {error}")))
    }
}

/// The one parameter of a path, where it names what is to be made.
#[derive(Debug)]
pub(crate) struct NewName<T>(pub(crate) T);

impl<T: FromStr<Err: std::fmt::Display>, S: Send + Sync> FromRequestParts<S> for NewName<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::bad_request("the name in the path is not UTF-8"))?;
        text.parse().map(Self).map_err(|error: T::Err| Problem::bad_request(format!("the name in the path: {error}")))
    }
}
