//! Rotating a webhook's secret.

use std::time::Duration;

use axum::extract::State;
use fanfare_domain::ids::WebhookId;
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::{Signing, Webhook};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::secrets::{self, Sealer};
use crate::auth::Member;
use crate::body::Json;
use crate::context::{Context, Shared};
use crate::path::Id;
use crate::problem::{FieldProblems, Problem};

const OVERLAP: Duration = Duration::from_secs(24 * 3600);
const LONGEST_OVERLAP: Duration = Duration::from_secs(30 * 24 * 3600);

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(rotate_secret))
}

/// How a secret is rotated.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// The new secret; made if not given.
    secret: Option<String>,
    /// How long the old secret goes on signing: `0s` to `30d`.
    #[schema(default = "24h")]
    overlap: Option<String>,
}

/// A new secret.
#[derive(Serialize, ToSchema)]
struct Rotated {
    /// The secret. It is never shown again.
    #[schema(example = "whsec_…")]
    secret: String,
    /// Until when the old secret signs; `null` if it no longer does.
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_secret_until: Option<Timestamp>,
}

/// Rotate a webhook's secret
///
/// Where the profile's header holds several signatures (`standard`), both secrets sign until the overlap ends. Where it
/// holds one, the old secret signs until then and the new one from then on; `overlap: "0s"` switches at once. A key pair
/// (ed25519) stays.
#[utoipa::path(post, path = "/v1/webhooks/{id}/secret/rotate", tag = "Webhooks", request_body = Option<Rotation>,
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 200, body = Rotated, description = "The answer alone shows the new secret")))]
async fn rotate_secret(
    State(shared): State<Shared>,
    member: Member,
    Id(id): Id<WebhookId>,
    Json(rotation): Json<Rotation>,
) -> Result<axum::Json<Rotated>, Problem> {
    let overlap = match rotation.overlap.as_deref().map(humantime::parse_duration) {
        None => OVERLAP,
        Some(Ok(overlap)) if overlap <= LONGEST_OVERLAP => overlap,
        Some(_) => return Err(Problem::field("/overlap", "must be a duration of 0s to 30d, such as \"24h\"")),
    };
    let mut made = None;
    let changed = shared
        .update_webhook(&member, id, "webhook.rotate_secret", |webhook| {
            let (rotated, secret) = rotated(&shared, webhook, rotation.secret.as_deref(), overlap)?;
            made = Some(secret);
            Ok(rotated)
        })
        .await?;
    let secret = made.ok_or_else(Problem::internal)?;
    let previous_secret_until = changed.after.secrets.previous.map(|(_, until)| until);
    Ok(axum::Json(Rotated { secret, previous_secret_until }))
}

/// `webhook` with the secret that is given or a new one, and that secret; the one before goes on signing for `overlap`.
pub(super) fn rotated(
    context: &Context,
    webhook: &Webhook,
    given: Option<&str>,
    overlap: Duration,
) -> Result<(Webhook, String), Problem> {
    if webhook.signing == Signing::Ed25519 {
        return Err(Problem::conflict("no shared secret signs for this webhook, only its key pair; see its signing"));
    }
    let profile = context.profile_of(webhook)?;
    let mut problems = FieldProblems::default();
    let secret = problems.take("/secret", secrets::choose(profile, given));
    let secret = problems.or(secret)?;
    let now = context.clock.now();
    let sealer = Sealer::new(&context.keyring, webhook.id);
    let secrets = secrets::rotated(&sealer, &webhook.secrets, &secret, profile.signature.holds, now, now.plus(overlap));
    Ok((Webhook { secrets, ..webhook.clone() }, secret.expose().to_owned()))
}
