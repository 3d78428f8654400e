//! Changing the configuration, and seeing to it that the change is in force.

use std::time::Duration;

use fanfare_domain::ids::TenantId;
use fanfare_ports::directory::{Entry, EntryKey};
use fanfare_ports::store::{Actor, AuditEntry, Change, StoreError};

use crate::context::Context;

/// How often a change is made anew on what somebody else made of it meanwhile.
pub(crate) const TRIES: usize = 5;
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(20);
/// After that long an answer is given although the change is not seen to be in force; the background goes on.
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
    /// Makes a change and tells the directory. When it returns, the change is in force, or will be within a second.
    pub(crate) async fn change(&self, change: Change, line: Line<'_>) -> Result<(), StoreError> {
        let (key, version) = told(&change);
        let audit = AuditEntry {
            at: self.clock.now(),
            actor: line.actor.clone(),
            action: line.action.to_owned(),
            tenant: line.tenant.cloned(),
            target: line.target,
            fields: line.fields,
        };
        tracing::info!(action = line.action, target = audit.target, "configuration changed");
        self.registry.change(change, audit).await?;
        self.tell().await;
        if self.directory.freshness().is_zero() {
            self.await_force(&key, version).await;
        }
        Ok(())
    }

    async fn tell(&self) {
        if let Err(error) = self.teller.tell().await {
            tracing::warn!(%error, "directory will be told of a change later");
            self.teller.hurry();
        }
    }

    /// Where a change is in force with its answer: waits until the directory and our copy of it have it. Another teller of
    /// this process may be the one that tells it.
    async fn await_force(&self, key: &EntryKey, version: Option<u64>) {
        let in_force = async {
            while !self.is_told(key, version).await {
                self.clock.sleep(LOOK_AGAIN_AFTER).await;
                self.tell().await;
            }
            self.catalogue.include(self.clock.now()).await
        };
        tokio::select! {
            Ok(()) = in_force => {}
            () = self.clock.sleep(LONGEST_WAIT) => tracing::warn!(?key, "change is answered before it is in force"),
        }
    }

    async fn is_told(&self, key: &EntryKey, version: Option<u64>) -> bool {
        match (self.directory.get(key).await, version) {
            (Ok(Some(entry)), Some(version)) => version_of(&entry) >= version,
            (Ok(None), None) => true,
            _ => false,
        }
    }
}

/// Which entry tells that a change is in force, and its version; `None`: it is gone.
fn told(change: &Change) -> (EntryKey, Option<u64>) {
    match change {
        Change::PutTenant(tenant) => (EntryKey::Tenant(tenant.number), Some(tenant.version)),
        Change::DeleteTenant(number) => (EntryKey::Tenant(*number), None),
        Change::PutWebhook(webhook) => (EntryKey::Webhook(webhook.id), Some(webhook.version)),
        Change::DeleteWebhook(_, id) => (EntryKey::Webhook(*id), None),
        Change::PutEventType(entry) => {
            (EntryKey::EventType(entry.tenant, entry.name.as_str().to_owned()), Some(entry.version))
        }
        Change::DeleteEventType(tenant, name) => (EntryKey::EventType(*tenant, name.clone()), None),
        Change::PutApiKey(key) => (EntryKey::ApiKey(key.id), Some(0)),
        Change::DeleteApiKey(id) => (EntryKey::ApiKey(*id), None),
    }
}

fn version_of(entry: &Entry) -> u64 {
    match entry {
        Entry::Tenant(tenant) => tenant.version,
        Entry::Webhook(webhook) => webhook.version,
        Entry::EventType(entry) => entry.version,
        Entry::ApiKey(_) => 0,
    }
}
