//! Names become addresses here, and only addresses that may be dialled come out.

use std::net::SocketAddr;

use fanfare_domain::target::TargetRules;
use hickory_resolver::TokioResolver;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::EgressError;

/// Why a name gives no address to dial.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    /// It does not resolve.
    #[error("{0}")]
    NotFound(String),
    /// It resolves to what may not be dialled.
    #[error("{host} resolves to {address}")]
    NotAllowed { host: String, address: std::net::IpAddr },
}

/// The system's resolver, as configured, without what the rules forbid. Each connection asks it anew (it caches as long as
/// the records allow), so a name that changes its mind is caught.
pub(super) struct GuardedResolver {
    resolver: TokioResolver,
    rules: TargetRules,
}

impl GuardedResolver {
    pub(super) fn from_system(rules: TargetRules) -> Result<Self, EgressError> {
        let resolver = TokioResolver::builder_tokio()
            .and_then(|builder| builder.build())
            .map_err(|error| EgressError::Dns(Box::new(error)))?;
        Ok(Self { resolver, rules })
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.resolver.clone();
        let rules = self.rules.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = resolver
                .lookup_ip(host.as_str())
                .await
                .map_err(|error| ResolveError::NotFound(format!("{host}: {error}")))?;
            let (allowed, refused): (Vec<_>, Vec<_>) = found.iter().partition(|address| rules.permits(*address));
            match (allowed.is_empty(), refused.first()) {
                (true, Some(address)) => Err(ResolveError::NotAllowed { host, address: *address }.into()),
                (true, None) => Err(ResolveError::NotFound(format!("{host}: no addresses")).into()),
                // The port is filled in by the client.
                (false, _) => Ok(Box::new(allowed.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs),
            }
        })
    }
}
