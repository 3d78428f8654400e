//! Where a request comes from, as browsers tell.

use http::request::Parts;
use http::{HeaderMap, header};

use crate::context::Context;
use crate::problem::Problem;

/// Refuses what another site makes a browser send. Browsers say so in
/// [`Sec-Fetch-Site`](https://www.w3.org/TR/fetch-metadata/) or, older ones, in `Origin`.
pub(super) fn check(parts: &Parts, shared: &Context) -> Result<(), Problem> {
    let foreign = || Problem::forbidden("the request comes from another site");
    if let Some(site) = parts.headers.get("sec-fetch-site") {
        return if matches!(site.as_bytes(), b"same-origin" | b"none") { Ok(()) } else { Err(foreign()) };
    }
    let Some(origin) = parts.headers.get(header::ORIGIN) else { return Ok(()) };
    let is_ours = |ours: &str| origin.as_bytes() == ours.as_bytes();
    let host = host(&parts.headers).or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
    let named = host.is_some_and(|host| is_ours(&format!("http://{host}")) || is_ours(&format!("https://{host}")));
    if named || shared.config.public_url.as_deref().is_some_and(|url| is_ours(url.trim_end_matches('/'))) {
        Ok(())
    } else {
        Err(foreign())
    }
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// Whether the browser's connection is encrypted, here or by a proxy before us.
pub(super) fn is_encrypted(headers: &HeaderMap, shared: &Context) -> bool {
    match &shared.config.public_url {
        Some(url) => url.starts_with("https://"),
        None => {
            let by_proxy = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme.as_bytes() == b"https");
            shared.is_encrypted || by_proxy
        }
    }
}

/// Where browsers reach us, without a slash at the end: as it is configured, else as this request says.
pub(crate) fn base_url(headers: &HeaderMap, shared: &Context) -> Result<String, Problem> {
    if let Some(url) = &shared.config.public_url {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let host = headers.get("x-forwarded-host").and_then(|host| host.to_str().ok()).or_else(|| host(headers));
    let host = host.ok_or_else(|| {
        Problem::bad_request("the request names no host to build the link for: send Host, or configure api.public_url")
    })?;
    let scheme = if is_encrypted(headers, shared) { "https" } else { "http" };
    Ok(format!("{scheme}://{host}"))
}
