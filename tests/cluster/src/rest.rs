//! REST, as a client sees it.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// What REST and readiness are asked with.
pub type HttpClient = reqwest::Client;

/// A client that knows no proxy, and can speak TLS.
///
/// # Panics
/// If it cannot be made.
#[must_use]
pub fn http_client() -> HttpClient {
    // A second provider is refused, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("a client can be made")
}

/// The largest page that a list gives.
const PAGE: usize = 200;
const LIMIT: Duration = Duration::from_secs(30);

/// The body of a call.
#[derive(Clone, Debug)]
pub enum Body {
    /// None.
    Nothing,
    /// JSON.
    Json(Value),
    /// These bytes, said to be JSON.
    Raw(Vec<u8>),
}

impl From<Value> for Body {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

/// The answer to a call.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; null where it is not JSON.
    pub body: Value,
    call: String,
}

impl Reply {
    /// The body, if the status is `status`.
    ///
    /// # Panics
    /// If it is another.
    #[must_use]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.call, self.body);
        self.body
    }

    /// Checks that it is a problem as RFC 9457 writes them, with this status; gives it.
    ///
    /// # Panics
    /// If it is not.
    #[must_use]
    pub fn problem(self, status: u16) -> Value {
        let kind = self.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(kind.starts_with("application/problem+json"), "{}: {kind} {}: {}", self.call, self.status, self.body);
        assert_eq!(self.body["status"], status, "{}: {}", self.call, self.body);
        self.expect(status)
    }
}

/// Calls with one key, for one tenant or none.
#[derive(Clone, Debug)]
pub struct Rest {
    client: HttpClient,
    base: String,
    key: String,
    tenant: Option<String>,
}

impl Rest {
    /// Calls the interface at `base`, such as `http://127.0.0.1:8080`, with `key`.
    #[must_use]
    pub fn new(client: HttpClient, base: &str, key: &str) -> Self {
        Self { client, base: base.to_owned(), key: key.to_owned(), tenant: None }
    }

    /// The same for a tenant, named by `Fanfare-Tenant`.
    #[must_use]
    pub fn for_tenant(&self, tenant: &str) -> Self {
        Self { tenant: Some(tenant.to_owned()), ..self.clone() }
    }

    /// The same with another key, which names its tenant itself.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), tenant: None, ..self.clone() }
    }

    /// Where it calls.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Makes a call.
    ///
    /// # Errors
    /// If nobody answers.
    pub async fn try_send(&self, method: Method, path: &str, body: Body) -> Result<Reply, reqwest::Error> {
        let call = format!("{method} {path}");
        let mut request = self.client.request(method, format!("{}{path}", self.base)).timeout(LIMIT);
        if !self.key.is_empty() {
            request = request.bearer_auth(&self.key);
        }
        if let Some(tenant) = &self.tenant {
            request = request.header("Fanfare-Tenant", tenant);
        }
        request = match body {
            Body::Nothing => request,
            Body::Json(value) => request.json(&value),
            Body::Raw(bytes) => request.header("Content-Type", "application/json").body(bytes),
        };
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or_default();
        Ok(Reply { status, headers, body, call })
    }

    /// Makes a call.
    ///
    /// # Panics
    /// If nobody answers.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<Body>) -> Reply {
        let call = format!("{method} {path}");
        let sent = self.try_send(method, path, body.into()).await;
        sent.unwrap_or_else(|error| panic!("{call} is not answered: {error:?}"))
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, Body::Nothing).await
    }

    /// `POST`.
    pub async fn post(&self, path: &str, body: impl Into<Body>) -> Reply {
        self.send(Method::POST, path, body).await
    }

    /// `PUT`.
    pub async fn put(&self, path: &str, body: impl Into<Body>) -> Reply {
        self.send(Method::PUT, path, body).await
    }

    /// `PATCH`.
    pub async fn patch(&self, path: &str, body: impl Into<Body>) -> Reply {
        self.send(Method::PATCH, path, body).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, Body::Nothing).await
    }

    /// All rows of a list, over all of its pages.
    ///
    /// # Panics
    /// If a page is not answered with 200.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut cursor = None;
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let after = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
            let mut page = self.get(&format!("{path}{mark}limit={PAGE}{after}")).await.expect(200);
            rows.extend(page["data"].as_array_mut().map(std::mem::take).unwrap_or_default());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return rows,
            }
        }
    }
}
