//! One signed delivery, for whoever has just started: a receiver, a webhook that points to it, one event over gRPC.

mod receiver;
mod report;

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use fanfare_proto::v1::PublishRequest;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use self::receiver::Receiver;
use crate::clients::{CallError, Rest, publish};
use crate::settings::{Settings, SettingsError};
use crate::{Failure, commands, keys};

const TENANT: &str = "demo";
const EVENT_TYPE: &str = "order.paid";
/// By this note earlier demos' webhooks are found again.
const MADE_BY: &str = "fanfare demo";
/// A delivery should take milliseconds; a system that is just starting may take longer.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Why the demo did not work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// A call did not work.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The receiver cannot listen.
    #[error("demo receiver cannot listen on 127.0.0.1")]
    Listen(#[source] std::io::Error),
    /// The answer has not what it should.
    #[error("answer to {0} has no {1}")]
    Answer(&'static str, &'static str),
    /// Nothing came.
    #[error("the event was accepted, but nothing arrived at the demo receiver within {0:?}; the logs say why")]
    NothingCame(Duration),
    /// The system refuses webhooks on this machine.
    #[error(
        "this system posts to public addresses only; for the demo, start it with FANFARE_ALLOW_HTTP=true and FANFARE_ALLOW_PRIVATE_TARGETS=127.0.0.0/8"
    )]
    PrivateTarget,
}

/// Where the running system is and how to get in.
pub(crate) struct Demo {
    http: String,
    grpc: String,
    key: String,
    /// Where the key lies, if not in the environment.
    key_path: Option<String>,
}

/// Lets a standalone system post to its own machine, and write its logs for people.
pub(crate) fn prepare(settings: &mut Settings) {
    settings.targets.allow_http = true;
    settings.targets.allowed_networks.push(IpAddr::V4(Ipv4Addr::LOCALHOST).into());
    settings.log_format = commands::FOR_PEOPLE;
    if settings.log_level == "info" {
        settings.log_level = "warn".to_owned();
    }
}

/// Shows a delivery on the running system.
pub(crate) async fn on_running_system(settings: &Settings) -> Result<(), Failure> {
    let demo = Demo::of(settings)?;
    demo.show().await.map(drop).map_err(|error| Failure::run("the demo did not work", error))
}

impl Demo {
    /// The demo on the system that `settings` describe.
    pub(crate) fn of(settings: &Settings) -> Result<Self, SettingsError> {
        let from_data_dir = || keys::find_operator_key(&settings.data_dir);
        let key = settings.operator_key.clone().or_else(from_data_dir).ok_or_else(|| {
            SettingsError::Missing(vec![
                "FANFARE_OPERATOR_KEY (or --data-dir of a standalone system, which keeps its key there)".to_owned(),
            ])
        })?;
        let path = keys::operator_key_path(&settings.data_dir);
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        Ok(Self {
            http: format!("{scheme}://{}", settings.http_addr),
            grpc: format!("{scheme}://{}", settings.grpc_addr),
            key,
            key_path: path.is_file().then(|| path.display().to_string()),
        })
    }

    /// Shows a delivery and what to try next, and goes on receiving until `stop`.
    pub(crate) async fn run_beside(self, stop: CancellationToken) -> Result<(), DemoError> {
        let receiver = self.show().await?;
        report::next_steps(&self.http, &self.grpc, self.key_path.as_deref());
        stop.cancelled().await;
        drop(receiver);
        Ok(())
    }

    async fn show(&self) -> Result<Receiver, DemoError> {
        let rest = Rest::at(self.http.clone(), self.key.clone())?;
        self.make_tenant(&rest).await?;
        forget_earlier_demos(&rest).await?;
        let mut receiver = Receiver::start().await.map_err(DemoError::Listen)?;
        let webhook = make_webhook(&rest, &receiver).await?;
        receiver.expect_signatures_by(text(&webhook, "POST /v1/webhooks", "secret")?);

        let began = Instant::now();
        let event = PublishRequest {
            tenant: TENANT.to_owned(),
            r#type: EVENT_TYPE.to_owned(),
            data: json!({"order": 4711, "total": "12.50", "currency": "EUR"}).to_string().into(),
            subject: "order 4711".to_owned(),
            ..Default::default()
        };
        let accepted = self.publish_when_known(event).await?;
        let arrival = receiver.next(PATIENCE).await.ok_or(DemoError::NothingCame(PATIENCE))?;
        let took = began.elapsed();
        let delivery = self.logged_delivery(&rest, text(&webhook, "POST /v1/webhooks", "id")?).await?;
        report::delivery(&accepted.id, EVENT_TYPE, &arrival, took, &delivery);
        Ok(receiver)
    }

    /// A system that is just starting may not answer yet.
    async fn make_tenant(&self, rest: &Rest) -> Result<(), DemoError> {
        let body = json!({"name": "Fanfare's demo"});
        let path = format!("/v1/tenants/{TENANT}");
        patiently(|| async { Ok(rest.call(Method::PUT, &path, None, Some(&body)).await?) }).await.map(drop)
    }

    async fn publish_when_known(&self, event: PublishRequest) -> Result<fanfare_proto::v1::PublishResponse, DemoError> {
        patiently(|| async { Ok(publish(&self.grpc, &self.key, event.clone()).await?) }).await
    }

    /// The delivery as the log has it, which follows within a second.
    async fn logged_delivery(&self, rest: &Rest, webhook: &str) -> Result<Value, DemoError> {
        let path = format!("/v1/webhooks/{webhook}/deliveries?status=success");
        patiently(|| async {
            let page = rest.call(Method::GET, &path, Some(TENANT), None).await?;
            page["data"].get(0).cloned().ok_or(DemoError::Answer("GET deliveries", "delivery yet"))
        })
        .await
    }
}

/// Tries until it works or patience ends.
async fn patiently<T, F>(attempt: impl Fn() -> F) -> Result<T, DemoError>
where
    F: Future<Output = Result<T, DemoError>>,
{
    let began = Instant::now();
    loop {
        match attempt().await {
            Err(_) if began.elapsed() < PATIENCE => tokio::time::sleep(LOOK_EVERY).await,
            outcome => return outcome,
        }
    }
}

async fn forget_earlier_demos(rest: &Rest) -> Result<(), DemoError> {
    let page = rest.call(Method::GET, "/v1/webhooks?limit=200", Some(TENANT), None).await?;
    let webhooks = page["data"].as_array().cloned().unwrap_or_default();
    for webhook in webhooks.iter().filter(|webhook| webhook["metadata"]["made_by"] == MADE_BY) {
        let id = text(webhook, "GET /v1/webhooks", "id")?;
        rest.call(Method::DELETE, &format!("/v1/webhooks/{id}"), Some(TENANT), None).await?;
    }
    Ok(())
}

async fn make_webhook(rest: &Rest, receiver: &Receiver) -> Result<Value, DemoError> {
    let body = json!({
        "url": receiver.url(),
        "events": [EVENT_TYPE],
        "description": "the receiver that is built into the demo",
        "metadata": {"made_by": MADE_BY},
    });
    match rest.call(Method::POST, "/v1/webhooks", Some(TENANT), Some(&body)).await {
        Err(CallError::Refused { status: 400, answer, .. }) if answer.contains("/url") => Err(DemoError::PrivateTarget),
        outcome => Ok(outcome?),
    }
}

fn text<'a>(answer: &'a Value, call: &'static str, field: &'static str) -> Result<&'a str, DemoError> {
    answer[field].as_str().ok_or(DemoError::Answer(call, field))
}
