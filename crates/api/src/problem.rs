//! Every answer that is no success, as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) describes it.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use fanfare_intake::{AuthError, IntakeError};
use fanfare_ports::queue::{PublishError, QueueError};
use fanfare_ports::store::StoreError;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

/// What was wrong, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: `status` tells problems apart.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    #[schema(value_type = String, example = "Bad Request")]
    title: &'static str,
    /// The HTTP status.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16, example = 400)]
    status: StatusCode,
    /// What was wrong and what to do.
    #[schema(example = "1 field is not as it should be")]
    detail: String,
    /// The fields that were wrong, one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
    #[serde(skip)]
    retry_after: Option<Duration>,
}

/// What was wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// Where it is: a JSON Pointer (RFC 6901) as a URI fragment. Parameters of the query stand as members of one object.
    #[schema(example = "#/url")]
    pub(crate) pointer: String,
    /// What is wrong with it.
    #[schema(example = "the url must begin with https://")]
    pub(crate) detail: String,
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

/// The media type of problems.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// 400 without a field to name.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 400 for fields.
    pub(crate) fn fields(errors: Vec<FieldProblem>) -> Self {
        let detail = match errors.as_slice() {
            [only] => format!("{}: {}", only.pointer, only.detail),
            several => format!("{} fields are not as they should be", several.len()),
        };
        Self { errors, ..Self::bad_request(detail) }
    }

    /// 400 for one field, by its pointer without `#`, such as `/url`.
    pub(crate) fn field(pointer: &str, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldProblem { pointer: format!("#{pointer}"), detail: detail.into() }])
    }

    /// The same where the member at `pointer`, such as `/auth`, is called `name`.
    pub(crate) fn renaming(self, pointer: &str, name: &str) -> Self {
        if self.errors.is_empty() {
            return self;
        }
        let renamed = |mut error: FieldProblem| {
            let rest = error.pointer.strip_prefix('#').and_then(|place| place.strip_prefix(pointer));
            if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                error.pointer = format!("#{name}{rest}");
            }
            error
        };
        Self::fields(self.errors.into_iter().map(renamed).collect())
    }

    /// Whether it says that nobody knows who asks.
    pub(crate) fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// Whether it says that something is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// 500: a bug or a broken store; what it was is in the log.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong here; the service's log says what")
    }

    #[cfg(test)]
    pub(crate) fn pointers(&self) -> Vec<&str> {
        self.errors.iter().map(|error| error.pointer.as_str()).collect()
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Strings and numbers alone, so it cannot fail.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(after) = self.retry_after {
            let seconds = after.as_millis().div_ceil(1000).max(1);
            headers.extend(HeaderValue::from_str(&seconds.to_string()).ok().map(|value| (header::RETRY_AFTER, value)));
        }
        response
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unavailable(_) => Self::unavailable(error.to_string()),
            AuthError::Missing | AuthError::Unknown => Self::unauthorized(error.to_string()),
        }
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        if let IntakeError::Invalid { field, detail } = &error {
            return if *field == "tenant" {
                Self::bad_request(detail.clone())
            } else {
                Self::field(&format!("/{field}"), detail.clone())
            };
        }
        let status = StatusCode::from_u16(error.code().http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { retry_after: error.retry_after(), ..Self::new(status, error.to_string()) }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => {
                Self::conflict("somebody else changed it at the same time; look at it and try again")
            }
            StoreError::NotFound => Self::not_found("it is not there, or no longer"),
            StoreError::Unavailable(_) | StoreError::NotSetUp(_) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "store did not answer a request");
                Self::unavailable("the store did not answer; try again later")
            }
            StoreError::Damaged(_) => {
                tracing::error!(%error, "store holds what cannot be read");
                Self::internal()
            }
        }
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "queue did not answer a request");
        Self::unavailable("the queue did not answer; try again later")
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "queue did not take a request's record");
        Self::unavailable("the queue did not take it; try again later")
    }
}

/// Gathers what is wrong with a body, so that one answer tells it all.
#[derive(Debug, Default)]
pub(crate) struct FieldProblems(Vec<FieldProblem>);

impl FieldProblems {
    /// Notes that the field at `pointer` (without `#`) is wrong.
    pub(crate) fn add(&mut self, pointer: impl AsRef<str>, detail: impl Into<String>) {
        self.0.push(FieldProblem { pointer: format!("#{}", pointer.as_ref()), detail: detail.into() });
    }

    /// The value, or a note that the field at `pointer` is wrong.
    pub(crate) fn take<T, E: std::fmt::Display>(
        &mut self,
        pointer: impl AsRef<str>,
        result: Result<T, E>,
    ) -> Option<T> {
        result.map_err(|error| self.add(pointer, error.to_string())).ok()
    }

    /// All is well, or the problem to answer with.
    pub(crate) fn check(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::fields(self.0)) }
    }

    /// `value`, unless something was wrong. A value is missing only where a problem was noted.
    pub(crate) fn or<T>(self, value: Option<T>) -> Result<T, Problem> {
        self.check()?;
        value.ok_or_else(Problem::internal)
    }
}

/// One reference token of a JSON Pointer, with its slash.
pub(crate) fn token(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}
