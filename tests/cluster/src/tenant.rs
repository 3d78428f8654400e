//! A tenant, and what is done in its name.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{Publisher, Receiver, Rest, event, eventually};

/// How long a list may take to show what has happened, with room for a busy machine: a second is promised.
const LOG_LIMIT: Duration = Duration::from_secs(15);

/// A tenant; all calls are made with the operator's key.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Its id.
    pub id: String,
    /// REST in its name.
    pub rest: Rest,
    /// gRPC; the events name it.
    pub publisher: Publisher,
}

/// A webhook as it was created.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// Its secret, which is shown once.
    pub secret: String,
    /// The whole answer.
    pub created: Value,
}

impl Tenant {
    /// Creates a webhook that posts to `receiver` what matches `events`.
    pub async fn webhook(&self, receiver: &Receiver, events: &[&str]) -> Webhook {
        self.webhook_of(json!({"url": receiver.url(), "events": events})).await
    }

    /// Creates a webhook that tries again after these delays, without jitter.
    pub async fn webhook_retried(&self, receiver: &Receiver, delays: &[&str]) -> Webhook {
        self.webhook_of(json!({
            "url": receiver.url(), "events": ["*"], "retry": {"delays": delays, "jitter": 0.0},
        }))
        .await
    }

    /// Creates a webhook.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn webhook_of(&self, webhook: Value) -> Webhook {
        let created = self.rest.post("/v1/webhooks", webhook).await.expect(201);
        let text = |field: &str| created[field].as_str().expect("a text").to_owned();
        Webhook { id: text("id"), secret: text("secret"), created }
    }

    /// Publishes over gRPC; gives the event's id.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn publish(&self, event_type: &str, data: &Value) -> String {
        self.publisher.publish(event(&self.id, event_type, data)).await.expect("the event is accepted").id
    }

    /// An event with its deliveries, once the log has `deliveries` of them and each is in one of `states`.
    ///
    /// # Panics
    /// If that takes more than 15 s.
    pub async fn event_with(&self, id: &str, deliveries: usize, states: &[&str]) -> Value {
        let path = format!("/v1/events/{id}");
        eventually(&format!("{id} with {deliveries} deliveries in {states:?}"), LOG_LIMIT, || async {
            let reply = self.rest.get(&path).await;
            let found = reply.body["deliveries"].as_array().filter(|_| reply.status == 200)?;
            let settled = found.iter().all(|delivery| states.iter().any(|state| delivery["status"] == *state));
            (found.len() == deliveries && settled).then_some(reply.body.clone())
        })
        .await
    }

    /// The one delivery of an event, whole, once it is in `state`.
    ///
    /// # Panics
    /// If that takes more than 15 s, or there are several.
    pub async fn delivery_in(&self, event: &str, state: &str) -> Value {
        let event = self.event_with(event, 1, &[state]).await;
        let id = event["deliveries"][0]["id"].as_str().expect("a delivery has an id").to_owned();
        self.delivery(&id).await
    }

    /// A delivery with its attempts.
    ///
    /// # Panics
    /// If there is none.
    pub async fn delivery(&self, id: &str) -> Value {
        self.rest.get(&format!("/v1/deliveries/{id}")).await.expect(200)
    }

    /// The webhook as it is now.
    ///
    /// # Panics
    /// If there is none.
    pub async fn webhook_now(&self, id: &str) -> Value {
        self.rest.get(&format!("/v1/webhooks/{id}")).await.expect(200)
    }

    /// Waits until the webhook's list has `number` deliveries in `state`; gives them.
    ///
    /// # Panics
    /// If that takes longer than `limit`.
    pub async fn deliveries_in(&self, webhook: &str, state: &str, number: usize, limit: Duration) -> Vec<Value> {
        let path = format!("/v1/webhooks/{webhook}/deliveries?status={state}");
        eventually(&format!("{number} deliveries of {webhook} are {state}"), limit, || async {
            let rows = self.rest.all(&path).await;
            (rows.len() == number).then_some(rows)
        })
        .await
    }
}
