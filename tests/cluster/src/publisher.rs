//! A publisher over gRPC, which sends again what was left open.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use fanfare_proto::v1::publisher_client::PublisherClient;
use fanfare_proto::v1::{PublishBatchRequest, PublishError, PublishRequest, PublishResponse};
use futures::StreamExt;
use serde_json::Value;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};

/// How soon what was refused for now is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(50);
/// Longest wait for one answer of a stream: a killed peer's connection may stay open without a word.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// Longest time for which nothing at all is accepted.
const PATIENCE: Duration = Duration::from_secs(60);

/// An event of `tenant`, without an id of its own.
#[must_use]
pub fn event(tenant: &str, event_type: &str, data: &Value) -> PublishRequest {
    PublishRequest {
        tenant: tenant.to_owned(),
        r#type: event_type.to_owned(),
        data: data.to_string().into_bytes().into(),
        ..Default::default()
    }
}

/// Events 0 to `count` of `tenant`, whose ids are `prefix` and their number.
#[must_use]
pub fn numbered(tenant: &str, event_type: &str, prefix: &str, count: usize) -> Vec<PublishRequest> {
    (0..count)
        .map(|number| PublishRequest {
            tenant: tenant.to_owned(),
            r#type: event_type.to_owned(),
            data: format!("{{\"number\":{number}}}").into(),
            id: format!("{prefix}-{number}"),
            ..Default::default()
        })
        .collect()
}

/// What became of many events.
#[derive(Debug, Default)]
pub struct Sent {
    /// The ids of those that were accepted.
    pub accepted: HashSet<String>,
    /// How often one was sent again because its answer was missing or said `UNAVAILABLE`.
    pub again: usize,
    /// Those that were not accepted, and why.
    pub refused: Vec<(String, PublishError)>,
}

/// Publishes with one key.
#[derive(Clone, Debug)]
pub struct Publisher {
    client: PublisherClient<Channel>,
    authorization: Option<MetadataValue<Ascii>>,
}

impl Publisher {
    /// Publishes to `address`, such as `http://127.0.0.1:8081`, with `key`, or with none if it is empty.
    ///
    /// # Panics
    /// If the address is no address or the key cannot be in a header.
    #[must_use]
    pub fn new(address: &str, key: &str) -> Self {
        Self::through(Endpoint::from_shared(address.to_owned()).expect("an address"), key)
    }

    /// The same over TLS: `address` begins with `https`.
    ///
    /// # Panics
    /// As [`Self::new`], and if `tls` cannot be used.
    #[must_use]
    pub fn over_tls(address: &str, key: &str, tls: ClientTlsConfig) -> Self {
        let endpoint = Endpoint::from_shared(address.to_owned()).expect("an address");
        Self::through(endpoint.tls_config(tls).expect("TLS can be set up"), key)
    }

    fn through(endpoint: Endpoint, key: &str) -> Self {
        let endpoint = endpoint.tcp_nodelay(true);
        let channel = endpoint.connect_timeout(Duration::from_secs(5)).connect_lazy();
        let client = PublisherClient::new(channel);
        let authorization = (!key.is_empty()).then(|| format!("Bearer {key}").parse().expect("a key fits a header"));
        Self { client, authorization }
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        request
    }

    /// Publishes one event.
    ///
    /// # Errors
    /// The status that it was refused with.
    pub async fn publish(&self, event: PublishRequest) -> Result<PublishResponse, Status> {
        Ok(self.client.clone().publish(self.request(event)).await?.into_inner())
    }

    /// Publishes one event with a `traceparent`.
    ///
    /// # Errors
    /// The status that it was refused with.
    ///
    /// # Panics
    /// If the value cannot be in a header.
    pub async fn publish_traced(&self, event: PublishRequest, traceparent: &str) -> Result<PublishResponse, Status> {
        let mut request = self.request(event);
        request.metadata_mut().insert("traceparent", traceparent.parse().expect("it fits a header"));
        Ok(self.client.clone().publish(request).await?.into_inner())
    }

    /// Publishes several at once; one answer each.
    ///
    /// # Errors
    /// The status that the call was refused with.
    pub async fn batch(&self, events: Vec<PublishRequest>) -> Result<Vec<PublishResponse>, Status> {
        let request = self.request(PublishBatchRequest { events });
        Ok(self.client.clone().publish_batch(request).await?.into_inner().results)
    }

    /// Publishes all of them, as fast as they are taken, until each is accepted or refused for good.
    ///
    /// # Panics
    /// If none is for a minute.
    pub async fn all(&self, events: Vec<PublishRequest>) -> Sent {
        self.paced(events, None).await
    }

    /// As [`Self::all`], but at most `per_second` if that is given, evenly.
    pub async fn paced(&self, events: Vec<PublishRequest>, per_second: Option<u32>) -> Sent {
        let mut sent = Sent::default();
        let mut waiting: VecDeque<PublishRequest> = events.into();
        let mut last_taken = Instant::now();
        while !waiting.is_empty() {
            let before = waiting.len();
            waiting = self.stream(waiting, per_second, &mut sent).await;
            sent.again += waiting.len();
            if waiting.len() < before {
                last_taken = Instant::now();
            }
            assert!(last_taken.elapsed() < PATIENCE, "none of {} events is accepted for {PATIENCE:?}", waiting.len());
            if !waiting.is_empty() {
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
        sent
    }

    /// Sends all of them through one stream; gives those that must be sent again.
    async fn stream(
        &self,
        events: VecDeque<PublishRequest>,
        per_second: Option<u32>,
        sent: &mut Sent,
    ) -> VecDeque<PublishRequest> {
        let mut open = events.clone();
        let mut again = VecDeque::new();
        let began = tokio::time::Instant::now();
        let requests = futures::stream::iter(events).enumerate().then(move |(number, event)| async move {
            if let Some(per_second) = per_second {
                let due = Duration::from_secs(1) * u32::try_from(number).unwrap_or(u32::MAX) / per_second;
                tokio::time::sleep_until(began + due).await;
            }
            event
        });
        let Ok(answers) = self.client.clone().publish_stream(self.request(requests)).await else { return open };
        let mut answers = answers.into_inner();
        while let Ok(Ok(Some(answer))) = tokio::time::timeout(ANSWER_LIMIT, answers.message()).await {
            let Some(event) = open.pop_front() else { break };
            match answer.error {
                None => drop(sent.accepted.insert(answer.id)),
                Some(error) if is_open(error.code) => again.push_back(event),
                Some(error) => sent.refused.push((event.id, error)),
            }
        }
        again.extend(open);
        again
    }
}

/// Whether it may or may not have been stored, so that sending it again is right.
fn is_open(code: i32) -> bool {
    matches!(Code::from(code), Code::Unavailable | Code::DeadlineExceeded)
}
