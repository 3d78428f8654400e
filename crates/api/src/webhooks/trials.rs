//! Pings and tests: events for one webhook alone.

use std::time::Duration;

use axum::extract::State;
use bytes::Bytes;
use fanfare_domain::event::TraceContext;
use fanfare_domain::event_type::{EventType, Pattern};
use fanfare_domain::ids::{DeliveryId, EventId, Run, WebhookId};
use fanfare_domain::webhook::Webhook;
use fanfare_intake::Trial;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Member;
use crate::body::{EventJson, Json, Nothing};
use crate::context::{Context, Shared};
use crate::path::Id;
use crate::problem::Problem;
use crate::shown::given;
use crate::trace::Trace;

/// The type of a test of a webhook that names no single type.
const TEST: &str = "webhook.test";
const SAMPLE: &[u8] = br#"{"test":true}"#;
/// A change needs this long, beyond the directory's freshness, from being noted to being told.
const TOLD_WITHIN: Duration = Duration::from_millis(500);

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(ping_webhook)).routes(routes!(test_webhook))
}

/// What was sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sent {
    /// The event.
    #[schema(value_type = String)]
    event_id: EventId,
    /// Its delivery to this webhook; it is shown within a second.
    #[schema(value_type = String)]
    delivery_id: DeliveryId,
}

/// Ping a webhook
///
/// Sends `webhook.ping` now, to this webhook only, whatever it subscribes to. It counts for no disable rule.
#[utoipa::path(post, path = "/v1/webhooks/{id}/ping", tag = "Webhooks", request_body = Option<Nothing>,
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 202, body = Sent, description = "The ping is on its way")))]
async fn ping_webhook(
    State(shared): State<Shared>,
    member: Member,
    Id(id): Id<WebhookId>,
    Trace(trace): Trace,
    Json(Nothing {}): Json<Nothing>,
) -> Result<(StatusCode, axum::Json<Sent>), Problem> {
    let webhook = active(shared.webhook(&member, id).await?)?;
    let data = Bytes::from(format!(r#"{{"webhook_id":"{id}"}}"#));
    let trial = Trial { tenant: webhook.tenant, webhook: id, event_type: EventType::ping(), data, trace };
    Ok((StatusCode::ACCEPTED, axum::Json(shared.send(&webhook, trial).await?)))
}

/// What is sent as a test.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Test)]
pub(crate) struct TestInput {
    /// Its type; the first single type that the webhook subscribes to, if not given.
    #[serde(rename = "type")]
    #[schema(example = "qr.scanned")]
    event_type: Option<String>,
    /// Its data; the type's `example`, if not given.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<Box<RawValue>>,
}

/// Test a webhook
///
/// Sends a sample event to this webhook only, whatever it subscribes to. It counts for no disable rule.
#[utoipa::path(post, path = "/v1/webhooks/{id}/test", tag = "Webhooks", request_body = Option<TestInput>,
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 202, body = Sent, description = "The test is on its way")))]
async fn test_webhook(
    State(shared): State<Shared>,
    member: Member,
    Id(id): Id<WebhookId>,
    Trace(trace): Trace,
    EventJson(input): EventJson<TestInput>,
) -> Result<(StatusCode, axum::Json<Sent>), Problem> {
    let webhook = shared.webhook(&member, id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(shared.test_webhook(webhook, input, trace).await?)))
}

fn tested_type(webhook: &Webhook, given: Option<&str>) -> Result<EventType, Problem> {
    let Some(text) = given else {
        let subscribed = webhook.events.iter().find_map(Pattern::exact).cloned();
        return Ok(subscribed.or_else(|| EventType::new(TEST).ok()).unwrap_or_else(EventType::ping));
    };
    let event_type = EventType::new(text).map_err(|error| Problem::field("/type", error.to_string()))?;
    if event_type.is_reserved() {
        return Err(Problem::field("/type", "webhook.* and fanfare.* are reserved"));
    }
    Ok(event_type)
}

fn active(webhook: Webhook) -> Result<Webhook, Problem> {
    if webhook.is_active {
        return Ok(webhook);
    }
    Err(Problem::conflict("the webhook is inactive, so nothing is sent to it; make it active first"))
}

impl Context {
    /// Sends a sample event to a webhook alone.
    pub(crate) async fn test_webhook(
        &self,
        webhook: Webhook,
        input: TestInput,
        trace: TraceContext,
    ) -> Result<Sent, Problem> {
        let webhook = active(webhook)?;
        let event_type = tested_type(&webhook, input.event_type.as_deref())?;
        let data = match input.data {
            Some(data) => Bytes::copy_from_slice(data.get().as_bytes()),
            None => self.example(&webhook, &event_type).await?,
        };
        let trial = Trial { tenant: webhook.tenant, webhook: webhook.id, event_type, data, trace };
        self.send(&webhook, trial).await
    }

    /// The example of a type, by any of its names.
    async fn example(&self, webhook: &Webhook, event_type: &EventType) -> Result<Bytes, Problem> {
        let aliases = self.catalogue.aliases(webhook.tenant);
        for name in std::iter::once(event_type).chain(aliases.names_of(event_type)) {
            let entry = self.registry.event_type(webhook.tenant, name.as_str()).await?;
            if let Some(example) = entry.and_then(|entry| entry.example) {
                return Ok(Bytes::copy_from_slice(example.as_bytes()));
            }
        }
        Ok(Bytes::from_static(SAMPLE))
    }

    async fn send(&self, webhook: &Webhook, trial: Trial) -> Result<Sent, Problem> {
        self.await_everywhere(webhook).await;
        let issued = self.intake.publish_trial(trial).await?;
        let delivery_id = DeliveryId::derive(webhook.tenant, &issued.id, webhook.id, Run::First);
        Ok(Sent { event_id: issued.id, delivery_id })
    }

    /// Waits until routers are certain to know the webhook as it is: a webhook that has just been made or enabled would
    /// otherwise not get its ping.
    async fn await_everywhere(&self, webhook: &Webhook) {
        let freshness = self.directory.freshness();
        if !freshness.is_zero() {
            self.clock.sleep_until(webhook.updated_at.plus(freshness + TOLD_WITHIN)).await;
        }
    }
}
