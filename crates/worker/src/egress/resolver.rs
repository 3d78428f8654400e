//! Names become addresses here, and only addresses that may be dialled come out.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use fanfare_domain::target::TargetRules;
use futures::future::BoxFuture;
use hickory_resolver::TokioResolver;
use hyper_util::client::legacy::connect::dns::Name;
use tower::Service;

use super::EgressError;

/// Why a name gives no address to dial.
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    /// It does not resolve.
    #[error("{0}")]
    NotFound(String),
    /// It resolves to what may not be dialled.
    #[error("{host} resolves to {address}")]
    NotAllowed { host: String, address: IpAddr },
}

/// The system's resolver, as configured, without what the rules forbid. Each connection asks it anew (it caches as long as
/// the records allow), so a name that changes its mind is caught.
#[derive(Clone)]
pub(super) struct GuardedResolver {
    resolver: TokioResolver,
    rules: Arc<TargetRules>,
}

impl GuardedResolver {
    pub(super) fn from_system(rules: TargetRules) -> Result<Self, EgressError> {
        let resolver = TokioResolver::builder_tokio()
            .and_then(|builder| builder.build())
            .map_err(|error| EgressError::Dns(Box::new(error)))?;
        Ok(Self { resolver, rules: Arc::new(rules) })
    }
}

impl Service<Name> for GuardedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = ResolveError;
    type Future = BoxFuture<'static, Result<Self::Response, ResolveError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self { resolver, rules } = self.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = resolver
                .lookup_ip(host.as_str())
                .await
                .map_err(|error| ResolveError::NotFound(format!("{host}: {error}")))?;
            let allowed = allowed(host, found.iter(), &rules)?;
            // The port is filled in by the client.
            let addresses: Vec<_> = allowed.into_iter().map(|address| SocketAddr::new(address, 0)).collect();
            Ok(addresses.into_iter())
        })
    }
}

/// Those of a host's addresses that may be dialled; at least one.
fn allowed(
    host: String,
    found: impl Iterator<Item = IpAddr>,
    rules: &TargetRules,
) -> Result<Vec<IpAddr>, ResolveError> {
    let (allowed, refused): (Vec<_>, Vec<_>) = found.partition(|address| rules.permits(*address));
    match (allowed.is_empty(), refused.first()) {
        (false, _) => Ok(allowed),
        (true, Some(&address)) => Err(ResolveError::NotAllowed { host, address }),
        (true, None) => Err(ResolveError::NotFound(format!("{host}: no addresses"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(addresses: &[&str]) -> Result<Vec<IpAddr>, ResolveError> {
        let addresses = addresses.iter().map(|address| address.parse().expect("an address"));
        allowed("receiver.example".to_owned(), addresses, &TargetRules::default())
    }

    #[test]
    fn an_answer_that_mixes_public_and_private_addresses_gives_the_public_ones_alone() {
        let found = among(&["10.0.0.1", "8.8.8.8", "::ffff:127.0.0.1", "169.254.169.254"]).expect("one is public");
        assert_eq!(found, ["8.8.8.8".parse::<IpAddr>().expect("an address")]);
    }

    #[test]
    fn a_host_with_private_addresses_alone_is_refused_by_name_and_address() {
        let error = among(&["127.0.0.1", "::1"]).expect_err("none is public");
        assert_eq!(error.to_string(), "receiver.example resolves to 127.0.0.1");
        assert!(matches!(among(&[]), Err(ResolveError::NotFound(_))));
    }
}
