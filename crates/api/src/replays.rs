//! Sending past events once more.

mod matching;
mod page;
mod runner;

use axum::extract::State;
use fanfare_domain::event_type::Pattern;
use fanfare_domain::ids::{ReplayId, WebhookId};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::Webhook;
use fanfare_ports::store::{Replay as StoredReplay, ReplayOnly, ReplayState};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Member;
use crate::body::Json;
use crate::context::Shared;
use crate::path::Id;
use crate::problem::{FieldProblems, Problem};

pub(crate) use self::runner::run;

const MOST_PATTERNS: usize = 100;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(replay_events)).routes(routes!(get_replay))
}

/// Which events are sent once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReplay)]
struct ReplayInput {
    /// Those accepted at or after this time.
    #[schema(value_type = String, required = true, format = DateTime, example = "2026-03-15T00:00:00.000Z")]
    since: Option<Timestamp>,
    /// Those accepted before this time; until now, if not given.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Only these types or patterns; what the webhook subscribes to, if not given.
    #[schema(max_items = 100, example = json!(["qr.*"]))]
    types: Option<Vec<String>>,
    /// Which of them.
    #[schema(value_type = OnlyWord, required = true)]
    only: Option<ReplayOnly>,
    /// Only count them: the replay is done at once, and nothing is sent.
    #[serde(default)]
    dry_run: bool,
    /// How many to send a second at most.
    #[schema(minimum = 1)]
    max_per_second: Option<u32>,
}

/// Which events; only its words, for the description.
#[derive(ToSchema)]
#[schema(as = ReplayOnly, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes fanfare_ports' ReplayOnly, which knows nothing of OpenAPI")]
pub(crate) enum OnlyWord {
    /// Those with a delivery to this webhook of which a run failed and none succeeded.
    Failed,
    /// Those without a delivery to this webhook.
    Missing,
    /// All.
    All,
}

/// How far a replay is; only its words, for the description.
#[derive(ToSchema)]
#[schema(as = ReplayState, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes fanfare_ports' ReplayState, which knows nothing of OpenAPI")]
pub(crate) enum StateWord {
    /// Under way.
    Running,
    /// All that matched was sent on its way.
    Done,
    /// Its webhook was deleted or is inactive.
    Cancelled,
}

/// What a replay found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReplayBegun)]
struct Begun {
    /// The replay.
    #[schema(value_type = String, example = "rpl_01JQ8Z0F4M3B7C9D2E5G6H8J0K")]
    id: ReplayId,
    /// Events that match.
    matched: u64,
}

/// A replay and its progress.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Replay)]
struct ReplayShown {
    /// Its id.
    #[schema(value_type = String)]
    id: ReplayId,
    /// To which webhook.
    #[schema(value_type = String)]
    webhook_id: WebhookId,
    /// Events accepted at or after this time.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Events accepted before this time.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// Only these types or patterns; empty: what the webhook subscribes to.
    #[schema(value_type = Vec<String>)]
    types: Vec<Pattern>,
    /// Which of them.
    #[schema(value_type = OnlyWord)]
    only: ReplayOnly,
    /// How many are sent a second at most.
    max_per_second: Option<u32>,
    /// Whether they were only counted.
    dry_run: bool,
    /// How far it is.
    #[schema(value_type = StateWord)]
    state: ReplayState,
    /// Events that matched when it began.
    matched: u64,
    /// Deliveries that were sent on their way so far.
    published: u64,
    /// Events whose data was no longer kept.
    gone: u64,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Send past events once more
///
/// Each delivery is a new run with an id of its own. It goes on in the background, behind new events. With `dry_run` nothing
/// is sent: the replay tells how many events match, and is done.
#[utoipa::path(post, path = "/v1/webhooks/{id}/replay", tag = "Replays", request_body = ReplayInput,
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 202, body = Begun, description = "The replay is under way, or its events were counted")))]
async fn replay_events(
    State(shared): State<Shared>,
    member: Member,
    Id(id): Id<WebhookId>,
    Json(input): Json<ReplayInput>,
) -> Result<(StatusCode, axum::Json<Begun>), Problem> {
    let webhook = shared.webhook(&member, id).await?;
    let mut replay = check(&webhook, input, shared.clock.now())?;
    if !webhook.is_active && !replay.dry_run {
        return Err(Problem::conflict(
            "the webhook is inactive, so nothing is sent to it; set its is_active to true first",
        ));
    }
    replay.matched = matching::count(&shared, &replay, &webhook).await?;
    shared.replays.begin(&replay).await?;
    shared.replay_begun.notify_one();
    let StoredReplay { id: replay, dry_run, matched, .. } = replay;
    tracing::info!(%replay, webhook = %id, dry_run, matched, "replay was asked for");
    Ok((StatusCode::ACCEPTED, axum::Json(Begun { id: replay, matched })))
}

fn check(webhook: &Webhook, input: ReplayInput, now: Timestamp) -> Result<StoredReplay, Problem> {
    let mut problems = FieldProblems::default();
    let since = problems.take("/since", input.since.ok_or("is required"));
    let only = problems.take("/only", input.only.ok_or("is required: failed, missing or all"));
    // What has not come yet is no past event.
    let until = input.until.map_or(now, |until| until.min(now));
    if since.is_some_and(|since| since >= until) {
        problems.add("/since", "must be before until, and in the past");
    }
    let given = input.types.unwrap_or_default();
    if given.len() > MOST_PATTERNS {
        problems.add("/types", format!("may have at most {MOST_PATTERNS} types or patterns, not {}", given.len()));
    }
    let read = |(place, text): (usize, &String)| problems.take(format!("/types/{place}"), Pattern::new(text));
    let types = given.iter().enumerate().filter_map(read).collect();
    if input.max_per_second == Some(0) {
        problems.add("/max_per_second", "must be at least 1");
    }
    let (since, only) = problems.or(since.zip(only))?;
    Ok(StoredReplay {
        id: ReplayId::make(now, rand::random()),
        tenant: webhook.tenant,
        webhook: webhook.id,
        since,
        until,
        types,
        only,
        max_per_second: input.max_per_second,
        dry_run: input.dry_run,
        state: if input.dry_run { ReplayState::Done } else { ReplayState::Running },
        matched: 0,
        published: 0,
        gone: 0,
        cursor: None,
        created_at: now,
    })
}

/// Look at a replay
#[utoipa::path(get, path = "/v1/replays/{id}", tag = "Replays",
    params(("id" = String, Path, description = "The replay's id")), responses((status = 200, body = ReplayShown)))]
async fn get_replay(
    State(shared): State<Shared>,
    member: Member,
    Id(id): Id<ReplayId>,
) -> Result<axum::Json<ReplayShown>, Problem> {
    let replay = shared.replays.replay(member.tenant.number, id).await?;
    let replay = replay.ok_or_else(|| Problem::not_found(format!("there is no replay {id}")))?;
    Ok(axum::Json(ReplayShown {
        id: replay.id,
        webhook_id: replay.webhook,
        since: replay.since,
        until: replay.until,
        types: replay.types,
        only: replay.only,
        max_per_second: replay.max_per_second,
        dry_run: replay.dry_run,
        state: replay.state,
        matched: replay.matched,
        published: replay.published,
        gone: replay.gone,
        created_at: replay.created_at,
    }))
}
