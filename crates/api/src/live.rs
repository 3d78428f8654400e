//! Telling pages that something happened, as
//! [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html): they look at what they show anew.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, Sse};
use fanfare_domain::ids::TenantNumber;
use fanfare_ports::store::StoreError;
use fanfare_ports::store::outcomes::Span;
use futures::{Stream, stream};
use http::header;
use tokio::sync::OwnedSemaphorePermit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Asked;
use crate::context::Shared;
use crate::problem::Problem;

/// How often it is looked whether something happened.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After how many looks without news a comment is sent, which tells whether anybody still listens.
const COMMENT_AFTER: u32 = 15;
/// After how many looks a page has to ask anew: whoever may not see it any more is let go.
const LOOKS: u32 = 600;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(watch))
}

/// Be told when something happens
///
/// For a tenant, or for all together with an operator's key and without `Fanfare-Tenant`: an event `activity`, at most once a
/// second, whenever deliveries were made, attempted or ended. The answer ends after ten minutes; ask anew.
#[utoipa::path(get, path = "/v1/live", tag = "Statistics",
    responses((status = 200, description = "Server-sent events", content_type = "text/event-stream", body = String)))]
async fn watch(
    State(shared): State<Shared>,
    asked: Asked,
) -> Result<
    ([(header::HeaderName, &'static str); 1], Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>),
    Problem,
> {
    let permit = Arc::clone(&shared.live_room).try_acquire_owned().map_err(|_| {
        Problem::unavailable(
            "too many pages are being told what happens; look again by yourself, or raise api.live_connections",
        )
    })?;
    let tenant = asked.tenant.map(|tenant| tenant.number);
    let seen = activity(&shared, tenant).await?;
    let watching = Watching { shared, tenant, seen, looks: 0, silent: 0, _permit: permit };
    // Proxies that gather answers would keep what happens to themselves.
    Ok(([(header::HeaderName::from_static("x-accel-buffering"), "no")], Sse::new(watching.events())))
}

struct Watching {
    shared: Shared,
    tenant: Option<TenantNumber>,
    seen: u64,
    looks: u32,
    silent: u32,
    _permit: OwnedSemaphorePermit,
}

impl Watching {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut watching| async move {
            let event = watching.next().await?;
            Some((Ok(event), watching))
        })
    }

    /// The next thing to tell; `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        while self.looks < LOOKS {
            self.looks += 1;
            let sleeping = self.shared.clock.sleep(LOOK_EVERY);
            self.shared.closing.run_until_cancelled(sleeping).await?;
            match activity(&self.shared, self.tenant).await {
                Ok(now) if now != self.seen => {
                    (self.seen, self.silent) = (now, 0);
                    let data = serde_json::json!({ "at": self.shared.clock.now() });
                    return Some(Event::default().event("activity").data(data.to_string()));
                }
                // A store that is away is asked again.
                Ok(_) | Err(_) => self.silent += 1,
            }
            if self.silent >= COMMENT_AFTER {
                self.silent = 0;
                return Some(Event::default().comment("nothing new"));
            }
        }
        None
    }
}

/// A number that changes whenever something is counted, now or in the hour before.
async fn activity(shared: &Shared, tenant: Option<TenantNumber>) -> Result<u64, StoreError> {
    let hour = Duration::from_secs(Span::Hour.seconds().into());
    shared.outcomes.activity(tenant, shared.clock.now().minus(hour * 2)).await
}
