//! Bodies of requests: read whole within a limit, then as JSON of exactly the members that there are.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use utoipa::ToSchema;

use crate::context::Shared;
use crate::problem::{Problem, token};

/// What is read of a body beyond its limit, so that the client gets to read the answer.
const DISCARDED: usize = 4 * 1024 * 1024;
/// What may surround an event's data.
const ENVELOPE: usize = 64 * 1024;

/// A JSON body. One that is left out counts as `{}`.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

/// A JSON body with an event's data in it, which may be as large as events are. One that is left out counts as `{}`.
#[derive(Debug)]
pub(crate) struct EventJson<T>(pub(crate) T);

/// A JSON body, not read further yet.
#[derive(Debug)]
pub(crate) struct RawJson(pub(crate) Bytes);

/// A body without members.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

impl<T: DeserializeOwned> FromRequest<Shared> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Problem> {
        let RawJson(bytes) = RawJson::from_request(request, shared).await?;
        parse_or_empty(&bytes).map(Self)
    }
}

impl FromRequest<Shared> for RawJson {
    type Rejection = Problem;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Problem> {
        read(request, shared.config.max_body.get()).await.map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<Shared> for EventJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Problem> {
        let bytes = read(request, shared.intake.max_payload().saturating_add(ENVELOPE)).await?;
        parse_or_empty(&bytes).map(Self)
    }
}

fn parse_or_empty<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let left_out = bytes.is_empty() || bytes.trim_ascii() == b"null";
    parse(if left_out { b"{}" } else { bytes })
}

async fn read(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = read_whole(body, limit).await?;
    if !bytes.is_empty() {
        check_media_type(&parts.headers)?;
    }
    Ok(bytes)
}

async fn read_whole(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut chunks = body.into_data_stream();
    let mut whole = BytesMut::new();
    let mut size = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::bad_request("the body was cut off before its end"))?;
        size = size.saturating_add(chunk.len());
        if size <= limit {
            whole.extend_from_slice(&chunk);
        } else if size > limit.saturating_add(DISCARDED) {
            break;
        }
    }
    if size > limit {
        let detail = format!("the body has more than the {limit} bytes that are taken here");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    Ok(whole.freeze())
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    let given = if given.is_empty() { "nothing".to_owned() } else { format!("{given:?}") };
    let detail = format!("the body must be JSON and say so with `Content-Type: application/json`, not {given}");
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
}

/// Reads JSON; a refusal names the member that is wrong.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().clone();
        refusal(&path, error.inner())
    })?;
    reader.end().map_err(|error| refusal_of_syntax(&error))?;
    Ok(value)
}

/// Reads a document that is JSON already.
pub(crate) fn parse_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().clone();
        refusal(&path, error.inner())
    })
}

fn refusal(path: &Path, error: &serde_json::Error) -> Problem {
    if error.is_syntax() || error.is_eof() || error.is_io() {
        return refusal_of_syntax(error);
    }
    let text = error.to_string();
    // The place is in the pointer; serde_json appends it to the words once more.
    let detail = text.rsplit_once(" at line ").map_or(text.as_str(), |(words, _)| words);
    match pointer(path) {
        pointer if pointer.is_empty() => Problem::bad_request(format!("the body is not as it should be: {detail}")),
        pointer => Problem::field(&pointer, detail),
    }
}

fn refusal_of_syntax(error: &serde_json::Error) -> Problem {
    Problem::bad_request(format!("the body is not one whole JSON value: {error}"))
}

pub(crate) fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => token(key),
            Segment::Enum { variant } => token(variant),
            Segment::Unknown => String::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        #[expect(dead_code, reason = "only whether it can be read is asked")]
        url: String,
        #[serde(default)]
        #[expect(dead_code, reason = "only whether it can be read is asked")]
        notes: BTreeMap<String, Vec<u8>>,
    }

    #[test]
    fn a_refusal_points_to_the_member_that_is_wrong() {
        for (body, pointer) in [
            (r#"{"url":5}"#, "#/url"),
            (r#"{"url":"x","more":1}"#, "#/more"),
            (r#"{"url":"x","notes":{"a/b~c":[1,"2"]}}"#, "#/notes/a~1b~0c/1"),
        ] {
            let problem = parse::<Input>(body.as_bytes()).expect_err(body);
            assert_eq!(problem.pointers(), [pointer], "{body}");
        }
    }

    #[test]
    fn what_is_not_one_json_value_is_refused_as_such() {
        for body in ["", "{", r#"{"url":"x"} {}"#, r#"{"url":"#, "\u{feff}{}", "{'url':1}"] {
            let problem = parse::<Input>(body.as_bytes()).expect_err(body);
            assert!(problem.pointers().is_empty(), "{body}");
            assert!(problem.text().contains("not one whole JSON value"), "{body}: {problem:?}");
        }
        assert!(parse::<Input>(b"[]").is_err());
        assert!(parse::<Input>(b"{\"url\":\"\xff\"}").is_err());
    }
}
