//! The tenant in which operational events are published. Every process sees to it that it is there.

use std::sync::atomic::Ordering;
use std::time::Duration;

use fanfare_domain::ids::TenantId;
use fanfare_domain::profile::STANDARD;
use fanfare_domain::tenant::Tenant;
use fanfare_ports::store::{Actor, Change, StoreError};
use tokio_util::sync::CancellationToken;

use crate::changes::Line;
use crate::context::Context;

const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Makes the reserved tenant if it is not there, and keeps noting whether the store answers, until `stop`.
pub(crate) async fn keep(context: &Context, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        let answers = match ensure(context).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "store does not answer");
                false
            }
        };
        context.store_answers.store(answers, Ordering::Relaxed);
        stop.run_until_cancelled(context.clock.sleep(LOOK_EVERY)).await;
    }
}

async fn ensure(context: &Context) -> Result<(), StoreError> {
    let Ok(id) = TenantId::new(TenantId::FANFARE) else { return Ok(()) };
    if context.registry.tenant(&id).await?.is_some() {
        return Ok(());
    }
    let tenant = Tenant {
        id: id.clone(),
        number: context.registry.next_tenant_number().await?,
        version: 1,
        name: Some("Operational events of Fanfare".to_owned()),
        default_profile: STANDARD.to_owned(),
        quota: None,
        created_at: context.clock.now(),
    };
    let line = Line {
        actor: &Actor::Fanfare,
        action: "tenant.create",
        tenant: Some(&id),
        target: id.to_string(),
        fields: Vec::new(),
    };
    match context.change(Change::PutTenant(tenant), line).await {
        // Another process was faster.
        Err(StoreError::Conflict) => Ok(()),
        done => done,
    }
}
