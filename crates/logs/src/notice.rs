//! What operators are told of a webhook that was switched off: enough to judge it in the middle of the night.

use fanfare_domain::attempt::Attempt;
use fanfare_domain::event_type::EventType;
use fanfare_domain::health::DisabledReason;
use fanfare_domain::ids::{EventId, TenantId, WebhookId};
use fanfare_domain::tenant::Tenant;
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::Webhook;
use fanfare_ports::store::{Notice, StoreError, WebhookHealth};
use serde::Serialize;

/// A webhook that a rule switches off, and why.
pub(crate) struct Disabled<'a> {
    pub(crate) tenant: &'a Tenant,
    /// As it is then.
    pub(crate) webhook: &'a Webhook,
    pub(crate) reason: DisabledReason,
    pub(crate) at: Timestamp,
    pub(crate) health: &'a WebhookHealth,
    /// The newest attempt that failed.
    pub(crate) newest: Option<&'a Attempt>,
}

/// The data of `fanfare.webhook.disabled`.
#[derive(Serialize)]
struct Data<'a> {
    tenant: &'a TenantId,
    webhook_id: WebhookId,
    url: &'a str,
    description: Option<&'a str>,
    profile: &'a str,
    reason: DisabledReason,
    message: String,
    disabled_at: Timestamp,
    consecutive_failures: u32,
    first_failure_at: Option<Timestamp>,
    last_success_at: Option<Timestamp>,
    last_failure: Option<Failure<'a>>,
}

#[derive(Serialize)]
struct Failure<'a> {
    at: Timestamp,
    status_code: Option<u16>,
    error: Option<&'a str>,
}

impl Disabled<'_> {
    /// The event that tells of it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it has no text, which does not happen.
    pub(crate) fn notice(&self) -> Result<Notice, StoreError> {
        let Self { tenant, webhook, reason, at, health, newest } = *self;
        let damaged = |error: String| StoreError::Damaged(format!("notice about {}: {error}", webhook.id));
        let data = Data {
            tenant: &tenant.id,
            webhook_id: webhook.id,
            url: without_query(&webhook.url),
            description: webhook.description.as_deref(),
            profile: &webhook.profile,
            reason,
            message: reason.to_string(),
            disabled_at: at,
            consecutive_failures: health.consecutive_failures,
            first_failure_at: health.first_failure_at,
            last_success_at: health.last_success_at,
            last_failure: newest.map(|attempt| Failure {
                at: attempt.started,
                status_code: attempt.status,
                error: attempt.error.as_deref(),
            }),
        };
        // A version is made once, so webhook and version name this one disabling, whoever tells of it and however often.
        let id = EventId::new(&format!("disabled:{}:{}", webhook.id, webhook.version))
            .map_err(|error| damaged(error.to_string()))?;
        Ok(Notice {
            id,
            event_type: EventType::webhook_disabled(),
            subject: Some(webhook.id.to_string().into()),
            created: at,
            data: serde_json::to_string(&data).map_err(|error| damaged(error.to_string()))?,
        })
    }
}

/// A webhook's URL has no user name or password, but its query may hold a token.
fn without_query(url: &str) -> &str {
    url.split_once('?').map_or(url, |(before, _)| before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_the_query_is_not_told() {
        assert_eq!(without_query("https://example.com/hooks?token=secret"), "https://example.com/hooks");
        assert_eq!(without_query("https://example.com/hooks"), "https://example.com/hooks");
    }
}
