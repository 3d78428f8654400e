//! The entries, indexed by what they are looked up by.

use std::collections::HashMap;
use std::sync::Arc;

use fanfare_domain::event_type::Aliases;
use fanfare_domain::ids::{KeyId, TenantId, TenantNumber, WebhookId};
use fanfare_domain::tenant::{ApiKey, EventTypeEntry, KeyHash, Tenant};
use fanfare_domain::webhook::Webhook;

use crate::directory::{Entry, EntryKey, Write};

/// A tenant's webhooks, shared: a change makes a new list.
pub type TenantWebhooks = Arc<[Arc<Webhook>]>;

#[derive(Default)]
pub(super) struct State {
    tenants: HashMap<TenantNumber, Arc<Tenant>>,
    numbers: HashMap<TenantId, TenantNumber>,
    keys: HashMap<KeyHash, Arc<ApiKey>>,
    hashes: HashMap<KeyId, KeyHash>,
    webhooks: HashMap<WebhookId, Arc<Webhook>>,
    webhooks_of: HashMap<TenantNumber, TenantWebhooks>,
    types: HashMap<TenantNumber, HashMap<String, Arc<EventTypeEntry>>>,
    aliases: HashMap<TenantNumber, Arc<Aliases>>,
}

impl State {
    pub(super) fn write(&mut self, write: Write) {
        self.remove(&write.key);
        match write.entry {
            None => {}
            Some(Entry::Tenant(tenant)) => {
                self.numbers.insert(tenant.id.clone(), tenant.number);
                self.tenants.insert(tenant.number, Arc::new(tenant));
            }
            Some(Entry::ApiKey(key)) => {
                self.hashes.insert(key.id, key.hash);
                self.keys.insert(key.hash, Arc::new(key));
            }
            Some(Entry::Webhook(webhook)) => {
                let webhook = Arc::<Webhook>::from(webhook);
                self.webhooks.insert(webhook.id, Arc::clone(&webhook));
                let list = self.webhooks_of.entry(webhook.tenant).or_default();
                *list = list.iter().cloned().chain([webhook]).collect();
            }
            Some(Entry::EventType(entry)) => {
                let tenant = entry.tenant;
                self.types.entry(tenant).or_default().insert(entry.name.as_str().to_owned(), Arc::new(entry));
                self.index_aliases(tenant);
            }
        }
    }

    fn remove(&mut self, key: &EntryKey) {
        match key {
            EntryKey::Tenant(number) => {
                if let Some(tenant) = self.tenants.remove(number)
                    && self.numbers.get(&tenant.id) == Some(number)
                {
                    self.numbers.remove(&tenant.id);
                }
            }
            EntryKey::ApiKey(id) => {
                if let Some(hash) = self.hashes.remove(id) {
                    self.keys.remove(&hash);
                }
            }
            EntryKey::Webhook(id) => {
                if let Some(webhook) = self.webhooks.remove(id)
                    && let Some(list) = self.webhooks_of.get_mut(&webhook.tenant)
                {
                    *list = list.iter().filter(|other| other.id != *id).cloned().collect();
                }
            }
            EntryKey::EventType(tenant, name) => {
                if let Some(types) = self.types.get_mut(tenant) {
                    types.remove(name);
                    self.index_aliases(*tenant);
                }
            }
        }
    }

    fn index_aliases(&mut self, tenant: TenantNumber) {
        let entries = self.types.get(&tenant).into_iter().flat_map(HashMap::values);
        let aliases = Aliases::new(entries.map(|entry| (&entry.name, entry.aliases.as_slice())));
        self.aliases.insert(tenant, Arc::new(aliases));
    }

    pub(super) fn tenant_named(&self, id: &TenantId) -> Option<Arc<Tenant>> {
        self.numbers.get(id).and_then(|number| self.tenant(*number))
    }

    pub(super) fn tenant(&self, number: TenantNumber) -> Option<Arc<Tenant>> {
        self.tenants.get(&number).cloned()
    }

    pub(super) fn key(&self, hash: &KeyHash) -> Option<Arc<ApiKey>> {
        self.keys.get(hash).cloned()
    }

    pub(super) fn webhooks(&self, tenant: TenantNumber) -> TenantWebhooks {
        self.webhooks_of.get(&tenant).cloned().unwrap_or_default()
    }

    pub(super) fn webhook(&self, id: WebhookId) -> Option<Arc<Webhook>> {
        self.webhooks.get(&id).cloned()
    }

    pub(super) fn event_type(&self, tenant: TenantNumber, name: &str) -> Option<Arc<EventTypeEntry>> {
        self.types.get(&tenant).and_then(|types| types.get(name)).cloned()
    }

    pub(super) fn aliases(&self, tenant: TenantNumber) -> Arc<Aliases> {
        self.aliases.get(&tenant).cloned().unwrap_or_default()
    }
}
