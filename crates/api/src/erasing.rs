//! What a deleted tenant leaves behind is erased within a minute, by whichever process comes to it.

use std::collections::HashMap;
use std::time::Duration;

use fanfare_domain::ids::TenantNumber;
use fanfare_domain::time::Timestamp;
use fanfare_ports::Cause;
use tokio_util::sync::CancellationToken;

use crate::context::Context;

const ROWS: u32 = 5_000;
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Records of a tenant that were under way when it was deleted are written within this time. It is erased again after that.
const UNDER_WAY: Duration = Duration::from_secs(25);

/// Erases until `stop`.
pub(crate) async fn run(context: &Context, stop: &CancellationToken) {
    let mut seen = HashMap::new();
    while !stop.is_cancelled() {
        let round = stop.run_until_cancelled(erase_all(context, &mut seen)).await;
        if let Some(Err(error)) = round {
            tracing::warn!(%error, "deleted tenants are not erased yet");
        }
        let pause = async {
            tokio::select! {
                () = context.tenant_deleted.notified() => {}
                () = context.clock.sleep(LOOK_EVERY) => {}
            }
        };
        stop.run_until_cancelled(pause).await;
    }
}

/// Erases what is left of each deleted tenant; `seen` remembers since when each was known here to be deleted.
async fn erase_all(context: &Context, seen: &mut HashMap<TenantNumber, Timestamp>) -> Result<(), Cause> {
    let deleted = context.registry.erasures().await?;
    seen.retain(|tenant, _| deleted.contains(tenant));
    for tenant in deleted {
        let begun = context.clock.now();
        let since = *seen.entry(tenant).or_insert(begun);
        while !context.registry.erase(tenant, ROWS).await? {}
        context.schedule.erase(tenant).await?;
        context.idempotency.erase(tenant).await?;
        if begun.since(since) >= UNDER_WAY {
            context.registry.erased(tenant).await?;
            seen.remove(&tenant);
            tracing::info!(tenant = tenant.get(), "deleted tenant is erased");
        }
    }
    Ok(())
}
