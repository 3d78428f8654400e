//! Through the operator's proxy, which resolves receivers' names and dials them.

use bytes::Bytes;
use fanfare_domain::attempt::AttemptError;
use http::{HeaderMap, Method, Response};
use reqwest::{Body, Certificate, Client, Proxy, redirect};

use super::target::Target;
use super::{EgressError, errors};
use crate::config::{Config, Egress};

/// A pool of connections to the proxy and, through it, to receivers.
pub(super) struct Proxied {
    client: Client,
}

impl Proxied {
    /// A client whose every request goes to `proxy`. Its host is the operator's choice and not guarded.
    pub(super) fn new(config: &Config, egress: &Egress, proxy: &str) -> Result<Self, EgressError> {
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            .http1_title_case_headers()
            .pool_max_idle_per_host(config.idle_connections_per_host)
            .pool_idle_timeout(config.idle_connection_timeout)
            .tls_backend_rustls()
            // Proxies come from our own settings alone, never from the environment.
            .no_proxy()
            .proxy(Proxy::all(proxy).map_err(EgressError::Proxy)?);
        if let Some(pem) = &egress.extra_ca {
            let certificates = Certificate::from_pem_bundle(pem).map_err(|error| EgressError::ExtraCa(error.into()))?;
            builder = builder.tls_certs_merge(certificates);
        }
        Ok(Self { client: builder.build().map_err(EgressError::Client)? })
    }

    pub(super) async fn send(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(Response<Body>, ()), AttemptError> {
        let request = self.client.request(Method::POST, target.url().clone()).headers(headers).body(body);
        let response = request.send().await.map_err(|error| errors::classify(&error, error.is_connect()))?;
        Ok((response.into(), ()))
    }
}
