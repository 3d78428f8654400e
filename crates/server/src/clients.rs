//! The system as its users see it: REST and gRPC.

use fanfare_proto::v1::publisher_client::PublisherClient;
use fanfare_proto::v1::{PublishRequest, PublishResponse};
use reqwest::Method;
use serde_json::Value;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Channel, Endpoint};

/// Why a call did not work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// Nobody answered, or not in HTTP.
    #[error("{url} does not answer")]
    Unreachable {
        /// Who was asked.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// It was refused; the text is the answer.
    #[error("{call} was answered {status}: {answer}")]
    Refused {
        /// The call.
        call: String,
        /// The status.
        status: u16,
        /// The answer's body.
        answer: String,
    },
    /// gRPC is not there.
    #[error("gRPC address does not answer")]
    Grpc(#[source] tonic::transport::Error),
    /// The event was not accepted.
    #[error("event was not accepted: {0}")]
    NotAccepted(String),
}

/// REST with the operator's key.
#[derive(Clone)]
pub(crate) struct Rest {
    client: reqwest::Client,
    base: String,
    key: String,
}

impl Rest {
    pub(crate) fn at(base: String, key: String) -> Result<Self, CallError> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .map_err(|source| CallError::Unreachable { url: base.clone(), source })?;
        Ok(Self { client, base, key })
    }

    /// Makes a call for `tenant`; gives the answer's JSON, `null` if there is none.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        tenant: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, CallError> {
        let url = format!("{}{path}", self.base);
        let unreachable = |source| CallError::Unreachable { url: url.clone(), source };
        let mut request = self.client.request(method.clone(), &url).bearer_auth(&self.key);
        if let Some(tenant) = tenant {
            request = request.header("Fanfare-Tenant", tenant);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(unreachable)?;
        if !status.is_success() {
            return Err(CallError::Refused { call: format!("{method} {path}"), status: status.as_u16(), answer: text });
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }
}

/// Publishes one event over gRPC.
pub(crate) async fn publish(address: &str, key: &str, event: PublishRequest) -> Result<PublishResponse, CallError> {
    let endpoint = Endpoint::from_shared(address.to_owned()).map_err(CallError::Grpc)?;
    let channel: Channel = endpoint.connect().await.map_err(CallError::Grpc)?;
    let mut request = tonic::Request::new(event);
    let key = AsciiMetadataValue::try_from(format!("Bearer {key}"))
        .map_err(|_| CallError::NotAccepted("the operator's key has characters that no header can carry".to_owned()))?;
    request.metadata_mut().insert("authorization", key);
    let answer = PublisherClient::new(channel).publish(request).await;
    answer.map(tonic::Response::into_inner).map_err(|status| CallError::NotAccepted(status.message().to_owned()))
}
