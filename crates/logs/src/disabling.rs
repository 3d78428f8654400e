//! Switching off webhooks whose disable rule is met.

use std::sync::Arc;

use fanfare_domain::health::{DisabledReason, Facts};
use fanfare_domain::profile::Profiles;
use fanfare_domain::webhook::Webhook;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::outbox::Teller;
use fanfare_ports::store::{Actor, AuditEntry, Notices, Registry, StoreError, WebhookHealth};

use crate::announcing::Announcing;
use crate::failures::BatchFailures;
use crate::metrics::Disablings;
use crate::notice::Disabled;

pub(crate) struct Disabling {
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) notices: Arc<dyn Notices>,
    pub(crate) teller: Arc<Teller>,
    pub(crate) announcing: Arc<Announcing>,
    pub(crate) profiles: Arc<Profiles>,
    pub(crate) clock: SharedClock,
    pub(crate) disablings: Disablings,
}

impl Disabling {
    /// Switches a webhook off if its rule is met, whoever else changes it meanwhile.
    pub(crate) async fn judge(&self, failures: &BatchFailures<'_>, health: &WebhookHealth) -> Result<(), StoreError> {
        loop {
            let Some(webhook) = self.registry.webhook(health.tenant, health.webhook).await? else { return Ok(()) };
            let facts = failures.facts(health, webhook.health_since);
            let Some(reason) = self.reason(&webhook, &facts) else { return Ok(()) };
            match self.disable(webhook, reason, failures, health).await {
                Err(StoreError::Conflict) => {}
                Err(StoreError::NotFound) => return Ok(()),
                done => return done,
            }
        }
    }

    fn reason(&self, webhook: &Webhook, facts: &Facts) -> Option<DisabledReason> {
        if !webhook.is_active {
            return None;
        }
        let rule = webhook.disable.or_else(|| self.profiles.get(&webhook.profile).map(|profile| profile.disable))?;
        rule.judge(facts)
    }

    async fn disable(
        &self,
        webhook: Webhook,
        reason: DisabledReason,
        failures: &BatchFailures<'_>,
        health: &WebhookHealth,
    ) -> Result<(), StoreError> {
        // A deleted tenant's webhooks are gone, too.
        let Some(tenant) = self.registry.tenant_numbered(webhook.tenant).await? else { return Ok(()) };
        let now = self.clock.now();
        let webhook = Box::new(Webhook {
            version: webhook.version + 1,
            is_active: false,
            disabled_reason: Some(reason),
            updated_at: now,
            ..webhook
        });
        let disabled = Disabled {
            tenant: &tenant,
            webhook: &webhook,
            reason,
            at: now,
            health,
            newest: failures.newest(health.webhook),
        };
        let notice = disabled.notice()?;
        let audit = AuditEntry {
            at: now,
            actor: Actor::Fanfare,
            action: "webhook.disable".to_owned(),
            tenant: Some(tenant.id),
            target: webhook.id.to_string(),
            fields: vec!["is_active".to_owned(), "disabled_reason".to_owned()],
        };
        tracing::warn!(webhook = %webhook.id, %reason, "webhook is switched off");
        self.notices.disable(webhook, &notice, audit).await?;
        self.disablings.note(reason);
        // Operators are told of what is in force.
        if let Err(error) = self.teller.tell().await {
            tracing::warn!(%error, "directory will be told later that the webhook is switched off");
            self.teller.hurry();
        }
        self.announcing.hurry();
        Ok(())
    }
}
