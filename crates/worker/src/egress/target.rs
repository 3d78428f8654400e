//! A receiver's URL, read once.

use std::net::IpAddr;
use std::sync::Arc;

use fanfare_domain::attempt::AttemptError;
use fanfare_domain::target::{TargetError, TargetRules, TargetUrl};
use http::uri::PathAndQuery;
use http::{HeaderValue, Uri};
use url::{Host, Position, Url};

/// A URL that is posted to.
pub(crate) struct Target {
    url: Url,
    /// The same, as requests name it that say where they go.
    uri: Uri,
    /// Its path and query alone, as HTTP/1.1 wants it.
    path: Uri,
    /// Its host, and its port unless that is the scheme's own.
    host: HeaderValue,
    /// Scheme, host and port: requests to the same one can share a connection.
    origin: Arc<str>,
    /// The address, where the URL names no host: it is dialled without asking the resolver.
    literal: Option<IpAddr>,
}

impl Target {
    /// # Errors
    /// [`TargetError`] if the rules do not allow it.
    pub(crate) fn parse(text: &str, rules: &TargetRules) -> Result<Self, TargetError> {
        let url = TargetUrl::parse(text, rules)?.url().clone();
        let malformed = |error: http::Error| TargetError::Malformed(error.to_string());
        let uri = Uri::try_from(url.as_str()).map_err(|error| malformed(error.into()))?;
        let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")).into();
        let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort])
            .map_err(|error| malformed(error.into()))?;
        let origin = url[..Position::AfterPort].into();
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => None,
        };
        Ok(Self { url, uri, path, host, origin, literal })
    }

    pub(super) const fn url(&self) -> &Url {
        &self.url
    }

    pub(super) const fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(super) const fn path(&self) -> &Uri {
        &self.path
    }

    pub(super) const fn host(&self) -> &HeaderValue {
        &self.host
    }

    pub(super) const fn origin(&self) -> &Arc<str> {
        &self.origin
    }

    /// The span of a post that `attempts_before` others went before.
    pub(crate) fn post_span(&self, attempts_before: u16) -> tracing::Span {
        let (host, port) =
            (self.url.host_str().unwrap_or_default(), self.url.port_or_known_default().unwrap_or_default());
        fanfare_spans::post(self.url.scheme(), host, port, attempts_before)
    }

    /// Literal addresses are checked here, each time, as the resolver checks those of names.
    pub(super) fn check_literal(&self, rules: &TargetRules) -> Result<(), AttemptError> {
        match self.literal {
            Some(address) if !rules.permits(address) => Err(AttemptError::AddressNotAllowed(address.to_string())),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_path_and_host_and_shares_connections_with_its_origin() {
        for (url, path, host, origin) in [
            ("https://a.example", "/", "a.example", "https://a.example"),
            ("https://a.example:443/b?c=d", "/b?c=d", "a.example", "https://a.example"),
            ("https://A.example:8443/%20", "/%20", "a.example:8443", "https://a.example:8443"),
            ("https://[2606:4700::1111]/?q", "/?q", "[2606:4700::1111]", "https://[2606:4700::1111]"),
        ] {
            let target = Target::parse(url, &TargetRules::default()).expect("allowed");
            let parts = (target.path().to_string(), target.host().to_str().expect("text"), &**target.origin());
            assert_eq!(parts, (path.to_owned(), host, origin), "{url}");
        }
    }
}
