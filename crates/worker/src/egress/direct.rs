//! Straight to the receiver: each connection is dialled to an address that the resolver let through.

use std::sync::Arc;

use bytes::Bytes;
use fanfare_domain::attempt::AttemptError;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

use super::EgressError;
use super::connections::{Busy, Connections};
use super::resolver::GuardedResolver;
use super::target::Target;
use crate::config::{Config, Egress};

/// Some firewalls in front of receivers refuse requests that do not say what they accept.
const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");

/// Posts on connections of our own.
pub(super) struct Direct {
    connections: Connections,
}

impl Direct {
    pub(super) fn new(config: &Config, egress: &Egress) -> Result<Self, EgressError> {
        let mut dialler = HttpConnector::new_with_resolver(GuardedResolver::from_system(egress.rules.clone())?);
        dialler.enforce_http(false);
        dialler.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(egress.extra_ca.as_deref())?)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(dialler);
        let (most_idle, idle_for) = (config.idle_connections_per_host, config.idle_connection_timeout);
        Ok(Self { connections: Connections::new(connector, most_idle, idle_for) })
    }

    pub(super) fn send<'a>(
        &'a self,
        target: &'a Target,
        headers: HeaderMap,
        body: Bytes,
    ) -> impl Future<Output = Result<(Response<Incoming>, Busy), AttemptError>> + use<'a> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.headers_mut() = headers;
        request.headers_mut().entry(ACCEPT).or_insert(ANYTHING);
        self.connections.send(target, request)
    }
}

/// Trusts what the machine trusts, and `extra_ca`.
fn tls(extra_ca: Option<&[u8]>) -> Result<ClientConfig, EgressError> {
    let provider =
        CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
    let extra: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(extra_ca.unwrap_or_default())
        .collect::<Result<_, _>>()
        .map_err(|error| EgressError::ExtraCa(error.into()))?;
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider)).map_err(EgressError::Tls)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(EgressError::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}
