//! A receiver's URL, read once.

use std::net::IpAddr;

use fanfare_domain::attempt::AttemptError;
use fanfare_domain::target::{TargetError, TargetRules, TargetUrl};
use http::Uri;
use url::{Host, Url};

/// A URL that is posted to.
pub(crate) struct Target {
    url: Url,
    /// The same, as requests name it.
    uri: Uri,
    /// The address, where the URL names no host: it is dialled without asking the resolver.
    literal: Option<IpAddr>,
}

impl Target {
    /// # Errors
    /// [`TargetError`] if the rules do not allow it.
    pub(crate) fn parse(text: &str, rules: &TargetRules) -> Result<Self, TargetError> {
        let url = TargetUrl::parse(text, rules)?.url().clone();
        let uri = Uri::try_from(url.as_str()).map_err(|error| TargetError::Malformed(error.to_string()))?;
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => None,
        };
        Ok(Self { url, uri, literal })
    }

    pub(super) const fn url(&self) -> &Url {
        &self.url
    }

    pub(super) const fn uri(&self) -> &Uri {
        &self.uri
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
