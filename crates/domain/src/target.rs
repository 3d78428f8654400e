//! Where webhooks may point. The same rules hold for the addresses that are dialled.

mod address;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

pub use address::is_public;

/// The longest URL, in bytes.
pub const MAX_URL_LENGTH: usize = 2048;

/// Names that resolve, if at all, to something private.
const PRIVATE_NAMES: [&str; 4] = ["localhost", "local", "internal", "home.arpa"];

/// What the operator allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetRules {
    /// Whether `http://` is allowed.
    pub allow_http: bool,
    /// Networks that may be dialled although they are not public.
    pub allowed_networks: Vec<IpNet>,
}

impl TargetRules {
    /// Whether `address` may be dialled: it is public, or lies in an allowed network.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        let reached = address::reached(address);
        let allowed = |network: &IpNet| network.contains(&reached) || network.contains(&address);
        is_public(address) || self.allowed_networks.iter().any(allowed)
    }

    fn permits_name(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let within = |zone: &str| name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        if within("localhost") {
            return self.permits(Ipv4Addr::LOCALHOST.into()) || self.permits(Ipv6Addr::LOCALHOST.into());
        }
        // Where some private network is allowed, its names may be meant; what they resolve to is checked when dialling.
        let private = !name.contains('.') || PRIVATE_NAMES.into_iter().any(within);
        !private || !self.allowed_networks.is_empty()
    }
}

/// A URL that a webhook may have. What it resolves to is checked with each connection, not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetUrl {
    text: String,
    url: Url,
}

/// Why a URL is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Longer than [`MAX_URL_LENGTH`].
    #[error("the url has {0} bytes, but at most {MAX_URL_LENGTH} are allowed")]
    TooLong(usize),
    /// Not an absolute HTTP URL.
    #[error("not a url such as https://example.com/hooks: {0}")]
    Malformed(String),
    /// White space, control characters or backslashes, which other readers of the URL may take differently.
    #[error("the url must not contain white space, control characters or backslashes")]
    Character,
    /// Neither `https` nor an allowed `http`.
    #[error("the url must begin with https://")]
    Scheme,
    /// Plain HTTP is not allowed here.
    #[error("the url must begin with https://; plain http is allowed only where the operator sets FANFARE_ALLOW_HTTP")]
    PlainHttp,
    /// User name or password.
    #[error("the url must not contain a user name or password; use the webhook's auth instead")]
    Credentials,
    /// A fragment, which would never be sent.
    #[error("the url must not contain a fragment ('#')")]
    Fragment,
    /// Port 0, which nobody can listen on.
    #[error("the url must not name port 0")]
    Port,
    /// An address that is not public.
    #[error("{0} is not a public address; the operator can allow its network with FANFARE_ALLOW_PRIVATE_TARGETS")]
    PrivateAddress(IpAddr),
    /// A name that only private networks know.
    #[error("{0:?} is not a public host name; the operator can allow its network with FANFARE_ALLOW_PRIVATE_TARGETS")]
    PrivateName(String),
}

impl TargetUrl {
    /// Checks form, scheme and literal addresses, in whatever spelling; resolves nothing.
    ///
    /// # Errors
    /// [`TargetError`] says what is wrong and what would help.
    pub fn parse(text: &str, rules: &TargetRules) -> Result<Self, TargetError> {
        if text.len() > MAX_URL_LENGTH {
            return Err(TargetError::TooLong(text.len()));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(TargetError::Character);
        }
        let url = Url::parse(text).map_err(|error| TargetError::Malformed(error.to_string()))?;
        match url.scheme() {
            "https" => {}
            "http" if rules.allow_http => {}
            "http" => return Err(TargetError::PlainHttp),
            _ => return Err(TargetError::Scheme),
        }
        if !text.get(url.scheme().len()..).is_some_and(|rest| rest.starts_with("://")) {
            return Err(TargetError::Malformed("the scheme must be followed by ://".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(TargetError::Fragment);
        }
        if url.port() == Some(0) {
            return Err(TargetError::Port);
        }
        check_host(&url, rules)?;
        Ok(Self { text: text.to_owned(), url })
    }

    /// The URL as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL as it is understood. Connections must be made from this.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }
}

fn check_host(url: &Url, rules: &TargetRules) -> Result<(), TargetError> {
    let address: IpAddr = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        Some(Host::Domain(name)) if rules.permits_name(name) => return Ok(()),
        Some(Host::Domain(name)) => return Err(TargetError::PrivateName(name.to_owned())),
        None => return Err(TargetError::Malformed("it has no host".to_owned())),
    };
    if rules.permits(address) { Ok(()) } else { Err(TargetError::PrivateAddress(address)) }
}

#[cfg(test)]
mod tests;
