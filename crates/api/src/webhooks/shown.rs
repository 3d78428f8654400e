//! A webhook as answers show it.

use fanfare_domain::health::DisabledReason;
use fanfare_domain::ids::WebhookId;
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::Webhook;
use fanfare_ports::store::WebhookStats;
use serde::Serialize;
use utoipa::ToSchema;

use super::schemas::ShownSettings;
use super::settings::Settings;

/// A webhook, how it is set and how it fares.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(crate) struct WebhookShown {
    /// Its id.
    #[schema(value_type = String, example = "wh_01JQ8Z0F4M3B7C9D2E5G6H8J0K")]
    id: WebhookId,
    #[serde(flatten)]
    #[schema(value_type = ShownSettings)]
    settings: Settings,
    /// The secret's first four characters.
    #[schema(example = "whse…")]
    secret_hint: String,
    /// Until when the secret before the last rotation signs.
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_secret_until: Option<Timestamp>,
    /// The key that verifies ed25519 signatures.
    #[schema(example = "whpk_…")]
    public_key: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// When the newest attempt started.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_triggered: Option<Timestamp>,
    /// Attempts that succeeded.
    success_count: u64,
    /// Attempts that failed.
    failure_count: u64,
    /// How it fares.
    health: Health,
}

/// How a webhook fares.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Whether its last attempt failed, or a rule has switched it off.
    state: HealthState,
    /// Failed attempts in a row, without pings and tests.
    consecutive_failures: u32,
    /// When the first of them started.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_failure_at: Option<Timestamp>,
    /// When the last attempt that succeeded started.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_success_at: Option<Timestamp>,
    /// Why it was switched off, if a rule did it: `gone`, `failing_for`, `failures_in_a_row` or `delivery_exhausted`.
    #[schema(value_type = Option<String>)]
    disabled_reason: Option<DisabledReason>,
}

/// How a webhook fares, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HealthState {
    /// Nothing has failed since the last success.
    Healthy,
    /// Attempts fail.
    Failing,
    /// A rule has switched it off.
    Disabled,
}

impl WebhookShown {
    /// `signing_is_open` tells whether the webhook's profile leaves a choice of signatures.
    pub(super) fn of(webhook: Webhook, signing_is_open: bool, stats: WebhookStats, now: Timestamp) -> Self {
        let state = match (webhook.disabled_reason, stats.consecutive_failures) {
            (Some(_), _) => HealthState::Disabled,
            (None, 0) => HealthState::Healthy,
            (None, _) => HealthState::Failing,
        };
        let until = webhook.secrets.previous.as_ref().map(|(_, until)| *until);
        Self {
            id: webhook.id,
            settings: Settings::of(&webhook, signing_is_open),
            secret_hint: webhook.secrets.hint,
            previous_secret_until: until.filter(|until| *until > now),
            public_key: webhook.secrets.public_key,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
            last_triggered: stats.last_triggered,
            success_count: stats.success_count,
            failure_count: stats.failure_count,
            health: Health {
                state,
                consecutive_failures: stats.consecutive_failures,
                first_failure_at: stats.first_failure_at,
                last_success_at: stats.last_success_at,
                disabled_reason: webhook.disabled_reason,
            },
        }
    }

    /// Shows the secret, as the answer to creating alone does.
    pub(super) fn reveal(&mut self, secret: String) {
        self.settings.secret = Some(secret);
    }
}

/// The names of the fields in which two versions of a webhook differ.
pub(super) fn changed_fields(before: &Webhook, after: &Webhook) -> Vec<String> {
    let fields = [
        ("url", before.url != after.url),
        ("events", before.events != after.events),
        ("description", before.description != after.description),
        ("is_active", before.is_active != after.is_active),
        ("signing", before.signing != after.signing),
        ("secret", before.secrets != after.secrets),
        ("headers", before.headers != after.headers),
        ("auth", before.auth != after.auth),
        ("timeout", before.timeout != after.timeout),
        ("retry", before.retry != after.retry),
        ("rate_limit", before.rate_limit != after.rate_limit),
        ("max_in_flight", before.max_in_flight != after.max_in_flight),
        ("disable", before.disable != after.disable),
        ("metadata", before.metadata != after.metadata),
    ];
    fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name.to_owned()).collect()
}
