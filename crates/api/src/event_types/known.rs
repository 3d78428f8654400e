//! The types of event that a tenant's default profile brings with it.

use std::sync::Arc;

use fanfare_domain::profile::KnownType;
use fanfare_domain::tenant::{EventTypeEntry, Tenant};
use fanfare_ports::store::{Actor, Change, StoreError};

use super::aliases;
use crate::changes::Line;
use crate::context::Context;
use crate::problem::Problem;

/// Describes for a tenant what its default profile brings and it has not described itself.
pub(crate) async fn describe_known(context: &Context, tenant: &Tenant, actor: &Actor) -> Result<(), Problem> {
    let Some(profile) = context.profiles.get(&tenant.default_profile).map(Arc::clone) else { return Ok(()) };
    for known in &profile.event_types {
        if context.registry.event_type(tenant.number, known.name.as_str()).await?.is_none() {
            describe(context, tenant, actor, known).await?;
        }
    }
    Ok(())
}

async fn describe(context: &Context, tenant: &Tenant, actor: &Actor, known: &KnownType) -> Result<(), Problem> {
    // The tenant's own descriptions come first: what they took is not asked for again.
    if aliases::refuse_taken(context, tenant.number, &known.name, &known.aliases).await.is_err() {
        tracing::warn!(tenant = %tenant.id, name = %known.name, "type of the default profile is not described: an alias is taken");
        return Ok(());
    }
    let entry = EventTypeEntry {
        tenant: tenant.number,
        name: known.name.clone(),
        version: 1,
        description: known.description.clone(),
        schema: None,
        example: None,
        aliases: known.aliases.clone(),
        deprecated: false,
        created_at: context.clock.now(),
    };
    let line = Line {
        actor,
        action: "event_type.create",
        tenant: Some(&tenant.id),
        target: known.name.to_string(),
        fields: Vec::new(),
    };
    match context.change(Change::PutEventType(entry), line).await {
        // Described, or the tenant deleted, meanwhile.
        Ok(()) | Err(StoreError::Conflict | StoreError::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
