//! What stands behind the `?`: filters, and which part of a list.

use axum::extract::FromRequestParts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fanfare_ports::store::{Cursor, Page, PageRequest};
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::body::pointer;
use crate::problem::Problem;

const DEFAULT_LIMIT: u32 = 50;
const LARGEST_LIMIT: u32 = 200;
const MARK: usize = 4;

/// The parameters of a query, exactly those that there are.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(reader).map(Self).map_err(|error| match pointer(error.path()) {
            pointer if pointer.is_empty() => Problem::bad_request(format!("query: {}", error.inner())),
            pointer => Problem::field(&pointer, error.inner().to_string()),
        })
    }
}

/// The parameters of a list without filters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// How many rows at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
}

impl ListQuery {
    pub(crate) fn page(self, list: &'static str) -> Result<PageRequest, Problem> {
        page(list, self.limit, self.cursor.as_deref())
    }
}

/// Which part of `list` is asked for.
pub(crate) fn page(list: &'static str, limit: Option<u32>, cursor: Option<&str>) -> Result<PageRequest, Problem> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=LARGEST_LIMIT).contains(&limit) {
        return Err(Problem::field("/limit", format!("must be 1 to {LARGEST_LIMIT}, not {limit}")));
    }
    let after = cursor.map(|cursor| unmark(list, cursor)).transpose()?;
    Ok(PageRequest { limit, after })
}

/// A cursor that only this list takes: marked with its name's and its own digest.
fn mark(list: &str, cursor: &Cursor) -> String {
    let mut bytes = digest(list, cursor.0.as_bytes()).to_vec();
    bytes.extend_from_slice(cursor.0.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn unmark(list: &str, text: &str) -> Result<Cursor, Problem> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (found, cursor) = bytes.split_first_chunk::<MARK>()?;
        let cursor = (*found == digest(list, cursor)).then(|| String::from_utf8(cursor.to_vec()).ok())??;
        Some(Cursor(cursor))
    };
    read().ok_or_else(|| {
        Problem::field("/cursor", "must be a next_cursor that this list gave; leave it out to begin anew")
    })
}

fn digest(list: &str, cursor: &[u8]) -> [u8; MARK] {
    let [a, b, c, d, ..] = Sha256::new().chain_update(list).chain_update([0]).chain_update(cursor).finalize().0;
    [a, b, c, d]
}

/// A page of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The rows.
    data: Vec<T>,
    /// Where the next page begins; `null` if this was the last.
    next_cursor: Option<String>,
}

impl<T> List<T> {
    /// A page of `list`, each row shown by `show`.
    pub(crate) fn of<R>(list: &'static str, page: Page<R>, show: impl FnMut(R) -> T) -> Self {
        let next_cursor = page.next.as_ref().map(|cursor| mark(list, cursor));
        Self { data: page.rows.into_iter().map(show).collect(), next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_taken_by_the_list_that_gave_it_alone() {
        let given = mark("events", &Cursor("abc".to_owned()));
        let request = page("events", Some(1), Some(&given)).expect("its own");
        assert_eq!(request.after, Some(Cursor("abc".to_owned())));
        for (list, cursor) in
            [("webhooks", given.as_str()), ("events", "abc"), ("events", ""), ("events", "!"), ("events", "AAAAAA")]
        {
            let problem = page(list, None, Some(cursor)).expect_err(cursor);
            assert_eq!(problem.pointers(), ["#/cursor"]);
        }
    }

    #[test]
    fn a_limit_lies_between_one_and_two_hundred() {
        assert_eq!(page("x", None, None).expect("default").limit, 50);
        assert_eq!(page("x", Some(200), None).expect("largest").limit, 200);
        for limit in [0, 201, u32::MAX] {
            assert_eq!(page("x", Some(limit), None).expect_err("outside").pointers(), ["#/limit"]);
        }
    }
}
