//! What became of deliveries over time, who fails, and who is busiest.

mod series;

use std::time::Duration;

use axum::extract::State;
use fanfare_domain::ids::{TenantId, WebhookId};
use fanfare_domain::time::Timestamp;
use fanfare_ports::catalogue::Lookup;
use fanfare_ports::store::outcomes::{Failing, Span, minutes_from};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::series::Point;
use crate::auth::{Asked, Operator};
use crate::context::{Context, Shared};
use crate::problem::Problem;
use crate::query::Query;

/// Longest time that is told by the minute.
const BY_MINUTE: Duration = Duration::from_secs(6 * 3600);
const LONGEST: Duration = Duration::from_secs(31 * 24 * 3600);
const DEFAULT: Duration = Duration::from_secs(3600);
const DEFAULT_ROWS: u32 = 10;
const MOST_ROWS: u32 = 50;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(get_stats)).routes(routes!(list_failing)).routes(routes!(list_busiest))
}

/// Which time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StatsQuery {
    /// From when on; an hour before `until`, if not given.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Until when; now, if not given.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// Which time, and how many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BusiestQuery {
    /// From when on; an hour before `until`, if not given.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Until when; now, if not given.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// How many at most.
    #[param(minimum = 1, maximum = 50, default = 10)]
    limit: Option<u32>,
}

/// How many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FailingQuery {
    /// How many at most.
    #[param(minimum = 1, maximum = 50, default = 10)]
    limit: Option<u32>,
}

/// What became of deliveries over time.
#[derive(Serialize, ToSchema)]
struct Stats {
    /// From when on: the beginning of the first step.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Until when: the end of the last step.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// How long a step is: 60 up to six hours of the last day, else 3,600.
    step_seconds: u32,
    /// The steps, in order.
    points: Vec<Point>,
    /// Deliveries that wait now: they have begun and not ended.
    waiting: u64,
    /// When the oldest of them was accepted, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    oldest_waiting_at: Option<Timestamp>,
}

/// A webhook whose last attempt failed.
#[derive(Serialize, ToSchema)]
struct FailingWebhook {
    /// Whose.
    #[schema(value_type = String)]
    tenant: TenantId,
    /// Which.
    #[schema(value_type = String)]
    webhook_id: WebhookId,
    /// Where it points.
    url: String,
    /// Its text for people.
    description: Option<String>,
    /// Whether deliveries are made for it.
    is_active: bool,
    /// Failed attempts in a row, without pings and tests.
    consecutive_failures: u32,
    /// When the first of them started.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_failure_at: Option<Timestamp>,
    /// When the newest of them started.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_failure_at: Option<Timestamp>,
    /// Why it was switched off, if a rule did it.
    disabled_reason: Option<&'static str>,
}

/// What a tenant had delivered.
#[derive(Serialize, ToSchema)]
struct BusyTenant {
    /// Which.
    #[schema(value_type = String)]
    tenant: TenantId,
    /// Its name for people.
    name: Option<String>,
    /// Deliveries of events that were accepted in this time.
    deliveries: u64,
    /// Deliveries that succeeded in this time.
    delivered: u64,
    /// Deliveries that were given up in this time.
    failed: u64,
    /// Attempts in this time.
    attempts: u64,
    /// Those of them that failed.
    failed_attempts: u64,
}

/// Rows without a page after them.
#[derive(Serialize, ToSchema)]
struct Rows<T> {
    /// The rows.
    data: Vec<T>,
}

/// A time that is told in whole steps.
struct Time {
    span: Span,
    since: Timestamp,
    until: Timestamp,
}

impl Time {
    fn of(since: Option<Timestamp>, until: Option<Timestamp>, now: Timestamp) -> Result<Self, Problem> {
        let until = until.unwrap_or(now);
        let since = since.unwrap_or_else(|| until.minus(DEFAULT));
        if since >= until {
            return Err(Problem::field("/since", "must be before `until`"));
        }
        if until.since(since) > LONGEST {
            return Err(Problem::field("/since", "must be at most 31 days before `until`"));
        }
        let by_minute = until.since(since) <= BY_MINUTE && since >= minutes_from(now);
        let span = if by_minute { Span::Minute } else { Span::Hour };
        let last = span.start_of(Timestamp::from_millis(until.as_millis() - 1));
        let length = Duration::from_secs(span.seconds().into());
        Ok(Self { span, since: span.start_of(since), until: last.plus(length) })
    }
}

fn rows(limit: Option<u32>) -> Result<u32, Problem> {
    let limit = limit.unwrap_or(DEFAULT_ROWS);
    if (1..=MOST_ROWS).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::field("/limit", format!("must be 1 to {MOST_ROWS}, not {limit}")))
    }
}

/// Look at what became of deliveries
///
/// Over time, for a tenant, or for all together with an operator's key and without `Fanfare-Tenant`. Percentiles are right to a
/// fifth.
#[utoipa::path(get, path = "/v1/stats", tag = "Statistics", params(StatsQuery), responses((status = 200, body = Stats)))]
async fn get_stats(
    State(shared): State<Shared>,
    asked: Asked,
    Query(query): Query<StatsQuery>,
) -> Result<axum::Json<Stats>, Problem> {
    let now = shared.clock.now();
    let time = Time::of(query.since, query.until, now)?;
    let tenant = asked.tenant.map(|tenant| tenant.number);
    let outcomes = shared.outcomes.outcomes(tenant, time.span, time.since, time.until).await?;
    let waiting = shared.outcomes.waiting(tenant, now).await?;
    Ok(axum::Json(Stats {
        since: time.since,
        until: time.until,
        step_seconds: time.span.seconds(),
        points: series::points(&time, outcomes, waiting, now),
        waiting: waiting.deliveries,
        oldest_waiting_at: waiting.oldest,
    }))
}

/// List webhooks that fail
///
/// Those whose last attempt failed, most failures in a row first: a tenant's, or everybody's with an operator's key and without
/// `Fanfare-Tenant`.
#[utoipa::path(get, path = "/v1/stats/failing", tag = "Statistics", params(FailingQuery),
    responses((status = 200, body = Rows<FailingWebhook>)))]
async fn list_failing(
    State(shared): State<Shared>,
    asked: Asked,
    Query(query): Query<FailingQuery>,
) -> Result<axum::Json<Rows<FailingWebhook>>, Problem> {
    let limit = rows(query.limit)?;
    let tenant = asked.tenant.map(|tenant| tenant.number);
    let mut data = Vec::new();
    for failing in shared.outcomes.failing(tenant, limit).await? {
        data.extend(failing_webhook(&shared, failing).await?);
    }
    Ok(axum::Json(Rows { data }))
}

/// `None` if the webhook has gone meanwhile.
async fn failing_webhook(shared: &Context, failing: Failing) -> Result<Option<FailingWebhook>, Problem> {
    let Some(tenant) = tenant_name(shared, failing.tenant).await? else { return Ok(None) };
    let Some(webhook) = shared.registry.webhook(failing.tenant, failing.webhook).await? else { return Ok(None) };
    Ok(Some(FailingWebhook {
        tenant: tenant.0,
        webhook_id: failing.webhook,
        url: webhook.url,
        description: webhook.description,
        is_active: webhook.is_active,
        consecutive_failures: failing.consecutive_failures,
        first_failure_at: failing.first_failure_at,
        last_failure_at: failing.last_failure_at,
        disabled_reason: webhook.disabled_reason.map(|reason| reason.as_str()),
    }))
}

async fn tenant_name(
    shared: &Context,
    number: fanfare_domain::ids::TenantNumber,
) -> Result<Option<(TenantId, Option<String>)>, Problem> {
    match shared.catalogue.look_up_tenant(number).await {
        Lookup::Found(tenant) => Ok(Some((tenant.id.clone(), tenant.name.clone()))),
        Lookup::Gone => Ok(None),
        Lookup::Unknown => Err(Problem::unavailable("tenants cannot be looked up now; try again")),
    }
}

/// List the busiest tenants
///
/// Operators only. Those with most attempts first.
#[utoipa::path(get, path = "/v1/stats/tenants", tag = "Statistics", params(BusiestQuery),
    responses((status = 200, body = Rows<BusyTenant>)))]
async fn list_busiest(
    State(shared): State<Shared>,
    _: Operator,
    Query(query): Query<BusiestQuery>,
) -> Result<axum::Json<Rows<BusyTenant>>, Problem> {
    let limit = rows(query.limit)?;
    let time = Time::of(query.since, query.until, shared.clock.now())?;
    let mut data = Vec::new();
    for (number, counts) in shared.outcomes.busiest(time.span, time.since, time.until, limit).await? {
        let Some((tenant, name)) = tenant_name(&shared, number).await? else { continue };
        data.push(BusyTenant {
            tenant,
            name,
            deliveries: counts.deliveries,
            delivered: counts.delivered,
            failed: counts.failed,
            attempts: counts.attempts,
            failed_attempts: counts.failed_attempts,
        });
    }
    Ok(axum::Json(Rows { data }))
}
