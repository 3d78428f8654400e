//! Changing the configuration, and seeing to it that the change is in force.

use std::time::Duration;

use fanfare_domain::ids::TenantId;
use fanfare_ports::directory::EntryKey;
use fanfare_ports::store::{Actor, AuditEntry, Change, StoreError};

use crate::context::Context;

/// How often a change is made anew on what somebody else made of it meanwhile.
pub(crate) const TRIES: usize = 5;
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(20);
/// After that long an answer is given although the change is not known to be in force, where it should be with its answer;
/// the background goes on. Elsewhere the directory's freshness is long enough.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What the audit log says of a change.
pub(crate) struct Line<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) action: &'static str,
    pub(crate) tenant: Option<&'a TenantId>,
    pub(crate) target: String,
    /// Names of the fields that were changed.
    pub(crate) fields: Vec<String>,
}

impl Context {
    /// Makes a change and tells the directory. When it returns, the change is in force here, and elsewhere within a second.
    pub(crate) async fn change(&self, change: Change, line: Line<'_>) -> Result<(), StoreError> {
        let action = line.action;
        let audit = self.audit_entry(line);
        let target = audit.target.clone();
        self.registry.change(change.clone(), audit).await?;
        tracing::info!(action, of = target, "configuration changed");
        self.tell().await;
        self.await_force(&change).await;
        Ok(())
    }

    /// Notes in the audit log what changes no configuration.
    pub(crate) async fn note(&self, line: Line<'_>) -> Result<(), StoreError> {
        self.registry.note(self.audit_entry(line)).await
    }

    fn audit_entry(&self, line: Line<'_>) -> AuditEntry {
        AuditEntry {
            at: self.clock.now(),
            actor: line.actor.clone(),
            action: line.action.to_owned(),
            tenant: line.tenant.cloned(),
            target: line.target,
            fields: line.fields,
        }
    }

    async fn tell(&self) {
        if let Err(error) = self.teller.tell().await {
            tracing::warn!(%error, "directory will be told of a change later");
            self.teller.hurry();
        }
    }

    /// Waits until our copy of the directory has the change. Another teller may be the one that tells it.
    async fn await_force(&self, change: &Change) {
        let in_force = async {
            while !self.is_known(change).await {
                self.clock.sleep(LOOK_AGAIN_AFTER).await;
                self.tell().await;
            }
            self.catalogue.include(self.clock.now()).await
        };
        let longest = if self.directory.freshness().is_zero() { LONGEST_WAIT } else { self.directory.freshness() };
        tokio::select! {
            Ok(()) = in_force => {}
            () = self.clock.sleep(longest) => tracing::warn!("change is answered before it is known to be in force"),
        }
    }

    /// Whether our copy of the directory has the change, or a later one.
    async fn is_known(&self, change: &Change) -> bool {
        let catalogue = &self.catalogue;
        match change {
            Change::PutTenant(tenant) => {
                catalogue.tenant(tenant.number).is_some_and(|known| known.version >= tenant.version)
            }
            Change::DeleteTenant(number) => catalogue.tenant(*number).is_none(),
            Change::PutWebhook(webhook) | Change::PutOnlyWebhook(webhook) => {
                catalogue.webhook(webhook.id).is_some_and(|known| known.version >= webhook.version)
            }
            Change::DeleteWebhook(_, id) => catalogue.webhook(*id).is_none(),
            Change::PutEventType(entry) => catalogue
                .event_type(entry.tenant, entry.name.as_str())
                .is_some_and(|known| known.version >= entry.version),
            Change::DeleteEventType(tenant, name) => catalogue.event_type(*tenant, name).is_none(),
            Change::PutApiKey(key) => catalogue.key(&key.hash).is_some(),
            // Our copy finds keys by their hashes alone, and the hash is not at hand.
            Change::DeleteApiKey(id) => matches!(self.directory.get(&EntryKey::ApiKey(*id)).await, Ok(None)),
        }
    }
}
