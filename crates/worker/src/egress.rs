//! The way out: one HTTP client whose connections go only where they may.

mod errors;
mod resolver;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use fanfare_domain::attempt::{AttemptError, KEPT_RESPONSE_BODY};
use fanfare_domain::target::{TargetRules, TargetUrl};
use http::HeaderMap;
use reqwest::{Certificate, Client, Method, Proxy, Response, redirect};
use tokio::time::{Instant, timeout_at};
use url::Host;

use self::resolver::GuardedResolver;
use crate::config::{Config, Egress};

/// Why the client cannot be made from the settings.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The proxy's URL is not one.
    #[error("egress proxy is not a URL such as http://proxy:3128 (FANFARE_EGRESS_PROXY)")]
    Proxy(#[source] reqwest::Error),
    /// The extra certificates cannot be read.
    #[error("extra CA file is not a list of PEM certificates (FANFARE_EXTRA_CA)")]
    ExtraCa(#[source] reqwest::Error),
    /// The machine's resolver settings cannot be read.
    #[error("the system's DNS settings cannot be read")]
    Dns(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The TLS backend did not start.
    #[error("HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// At most [`KEPT_RESPONSE_BODY`] bytes, and only what came in time.
    pub(crate) body: Bytes,
}

/// Posts to receivers.
pub(crate) struct Poster {
    client: Client,
    rules: TargetRules,
}

impl Poster {
    pub(crate) fn new(config: &Config, egress: Egress) -> Result<Self, EgressError> {
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            .http1_title_case_headers()
            .pool_max_idle_per_host(config.idle_connections_per_host)
            .pool_idle_timeout(config.idle_connection_timeout)
            .tls_backend_rustls()
            // Proxies come from our own settings alone, never from the environment.
            .no_proxy();
        if let Some(pem) = &egress.extra_ca {
            builder = builder.tls_certs_merge(Certificate::from_pem_bundle(pem).map_err(EgressError::ExtraCa)?);
        }
        builder = match &egress.proxy {
            // The proxy resolves receivers' names; its own host is the operator's choice and not guarded.
            Some(url) => builder.proxy(Proxy::all(url).map_err(EgressError::Proxy)?),
            None => builder.dns_resolver(Arc::new(GuardedResolver::from_system(egress.rules.clone())?)),
        };
        let client = builder.build().map_err(EgressError::Client)?;
        Ok(Self { client, rules: egress.rules })
    }

    /// Where connections may go.
    pub(crate) const fn rules(&self) -> &TargetRules {
        &self.rules
    }

    /// Posts `body` to `url` and reads the answer, all within `limit`. The answer is had with its status: a body that does not
    /// end in time, or breaks off, is kept as far as it came.
    pub(crate) async fn post(
        &self,
        url: &TargetUrl,
        headers: HeaderMap,
        body: Bytes,
        limit: Duration,
    ) -> Result<Answer, AttemptError> {
        self.check_literal(url)?;
        let request = self.client.request(Method::POST, url.url().clone()).headers(headers).body(body);
        let ends = Instant::now() + limit;
        let response = timeout_at(ends, request.send()).await.map_err(|_| AttemptError::TimedOut(limit))?;
        Ok(read(response.map_err(|error| errors::classify(&error))?, ends).await)
    }

    /// Literal addresses are dialled without asking the resolver, so they are checked here, each time.
    fn check_literal(&self, url: &TargetUrl) -> Result<(), AttemptError> {
        let literal = match url.url().host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if self.rules.permits(literal) { Ok(()) } else { Err(AttemptError::AddressNotAllowed(literal.to_string())) }
    }
}

/// Reads as much of the body as is kept. What is longer is left unread and its connection closed.
async fn read(mut response: Response, ends: Instant) -> Answer {
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let mut body = BytesMut::new();
    while body.len() < KEPT_RESPONSE_BODY {
        match timeout_at(ends, response.chunk()).await {
            Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
            Ok(Ok(None) | Err(_)) | Err(_) => break,
        }
    }
    body.truncate(KEPT_RESPONSE_BODY);
    Answer { status, headers, body: body.freeze() }
}
