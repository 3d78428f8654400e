//! What is done with webhooks, by whichever interface it is asked for.

use std::time::Duration;

use fanfare_domain::ids::{TenantNumber, WebhookId};
use fanfare_domain::profile::Profile;
use fanfare_domain::webhook::Webhook;
use fanfare_ports::store::{Change, PageRequest, StoreError, WebhookStats};
use serde_json::Value;

use super::settings::Settings;
use super::shown::WebhookShown;
use super::{check, patch, rotation, shown};
use crate::auth::Member;
use crate::changes::{Line, TRIES};
use crate::context::Context;
use crate::problem::Problem;

/// How many webhooks the store is asked for at once.
const PAGE: u32 = 200;

/// A webhook before and after a change.
pub(super) struct Changed {
    pub(super) before: Webhook,
    pub(super) after: Webhook,
}

fn line<'a>(member: &'a Member, action: &'static str, id: WebhookId, fields: Vec<String>) -> Line<'a> {
    Line { actor: &member.actor, action, tenant: Some(&member.tenant.id), target: id.to_string(), fields }
}

fn no_webhook(id: WebhookId) -> Problem {
    Problem::not_found(format!("there is no webhook {id}"))
}

fn not_made(error: StoreError) -> Problem {
    match error {
        StoreError::NotFound => Problem::not_found("the tenant has been deleted"),
        other => other.into(),
    }
}

impl Context {
    /// A tenant's webhook.
    pub(crate) async fn webhook(&self, member: &Member, id: WebhookId) -> Result<Webhook, Problem> {
        self.registry.webhook(member.tenant.number, id).await?.ok_or_else(|| no_webhook(id))
    }

    /// A tenant's webhook, if it is one of this profile; others are not found.
    pub(crate) async fn webhook_under(
        &self,
        profile: &str,
        member: &Member,
        id: WebhookId,
    ) -> Result<Webhook, Problem> {
        let webhook = self.webhook(member, id).await?;
        if webhook.profile == profile { Ok(webhook) } else { Err(no_webhook(id)) }
    }

    /// All of a tenant's webhooks of this profile, newest first.
    pub(crate) async fn webhooks_under(&self, profile: &str, member: &Member) -> Result<Vec<Webhook>, Problem> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = self.registry.webhooks(member.tenant.number, PageRequest { limit: PAGE, after }).await?;
            found.extend(page.rows.into_iter().filter(|webhook| webhook.profile == profile));
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// What has been counted for each of a tenant's webhooks, in their order.
    pub(crate) async fn stats(&self, tenant: TenantNumber, webhooks: &[Webhook]) -> Result<Vec<WebhookStats>, Problem> {
        let mut stats = Vec::with_capacity(webhooks.len());
        for part in webhooks.chunks(PAGE as usize) {
            let ids: Vec<_> = part.iter().map(|webhook| webhook.id).collect();
            stats.extend(self.reports.stats(tenant, &ids).await?);
        }
        Ok(stats)
    }

    /// Makes a webhook; gives it and its secret.
    pub(crate) async fn make_webhook(&self, member: &Member, settings: Settings) -> Result<(Webhook, String), Problem> {
        let (webhook, secret) = check::new_webhook(self, &member.tenant, settings)?;
        self.put_new(member, Change::PutWebhook(Box::new(webhook.clone())), webhook.id).await.map_err(not_made)?;
        Ok((webhook, secret))
    }

    /// Makes a webhook, unless its tenant has one of its profile already; gives it and its secret.
    pub(crate) async fn make_only_webhook(
        &self,
        member: &Member,
        settings: Settings,
    ) -> Result<Option<(Webhook, String)>, Problem> {
        let (webhook, secret) = check::new_webhook(self, &member.tenant, settings)?;
        match self.put_new(member, Change::PutOnlyWebhook(Box::new(webhook.clone())), webhook.id).await {
            Err(StoreError::Conflict) => Ok(None),
            done => done.map(|()| Some((webhook, secret))).map_err(not_made),
        }
    }

    async fn put_new(&self, member: &Member, change: Change, id: WebhookId) -> Result<(), StoreError> {
        self.change(change, line(member, "webhook.create", id, Vec::new())).await
    }

    /// Changes a webhook by a merge patch of its settings and, if one is given, to a new secret, which signs from now on.
    pub(crate) async fn patch_webhook(
        &self,
        member: &Member,
        id: WebhookId,
        patch: &Value,
        secret: Option<&str>,
    ) -> Result<Webhook, Problem> {
        let changed = self
            .update_webhook(member, id, "webhook.update", |webhook| {
                let settings = patch::patched(webhook, self.signing_is_open(webhook), patch)?;
                let changed = check::changed_webhook(self, webhook, settings)?;
                match secret {
                    Some(secret) => Ok(rotation::rotated(self, &changed, Some(secret), Duration::ZERO)?.0),
                    None => Ok(changed),
                }
            })
            .await?;
        let Changed { before, after } = changed;
        if before.rate_limit != after.rate_limit || (before.is_active && !after.is_active) {
            self.open_gate(id).await;
        }
        Ok(after)
    }

    /// Deletes a webhook. What waits for it is cancelled.
    pub(crate) async fn delete_webhook(&self, member: &Member, id: WebhookId) -> Result<(), Problem> {
        let change = Change::DeleteWebhook(member.tenant.number, id);
        match self.change(change, line(member, "webhook.delete", id, Vec::new())).await {
            Err(StoreError::NotFound) => return Err(no_webhook(id)),
            done => done?,
        }
        self.open_gate(id).await;
        Ok(())
    }

    pub(super) async fn shown(&self, webhook: Webhook) -> Result<WebhookShown, Problem> {
        let stats = self.reports.stats(webhook.tenant, &[webhook.id]).await?;
        Ok(self.show(webhook, stats.into_iter().next().unwrap_or_default()))
    }

    pub(super) fn show(&self, webhook: Webhook, stats: WebhookStats) -> WebhookShown {
        let signing_is_open = self.signing_is_open(&webhook);
        WebhookShown::of(webhook, signing_is_open, stats, self.clock.now())
    }

    /// Whether the webhook's profile leaves a choice of signatures.
    fn signing_is_open(&self, webhook: &Webhook) -> bool {
        self.profiles.get(&webhook.profile).is_some_and(|profile| profile.signature.ed25519)
    }

    /// The webhook's profile, which the operator may have taken away.
    pub(super) fn profile_of(&self, webhook: &Webhook) -> Result<&Profile, Problem> {
        let profile = self.profiles.get(&webhook.profile).map(AsRef::as_ref);
        profile.ok_or_else(|| {
            Problem::conflict(format!("the operator has taken away the webhook's profile, {}", webhook.profile))
        })
    }

    /// Changes a webhook to what `make` makes of it; asks again on what somebody else has made of it meanwhile. What does
    /// not change it is not written.
    pub(super) async fn update_webhook(
        &self,
        member: &Member,
        id: WebhookId,
        action: &'static str,
        mut make: impl FnMut(&Webhook) -> Result<Webhook, Problem>,
    ) -> Result<Changed, Problem> {
        for _ in 0..TRIES {
            let before = self.webhook(member, id).await?;
            let mut after = make(&before)?;
            let fields = shown::changed_fields(&before, &after);
            if fields.is_empty() {
                return Ok(Changed { after: before.clone(), before });
            }
            after.version = before.version + 1;
            after.updated_at = self.clock.now();
            let change = Change::PutWebhook(Box::new(after.clone()));
            match self.change(change, line(member, action, id, fields)).await {
                Err(StoreError::Conflict) => {}
                Err(StoreError::NotFound) => return Err(no_webhook(id)),
                done => {
                    done?;
                    return Ok(Changed { before, after });
                }
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// What waits in the webhook's own queue must not wait for a pace that no longer is. If this fails it goes on at the old
    /// pace, which is no reason to refuse the change.
    async fn open_gate(&self, id: WebhookId) {
        if let Err(error) = self.schedule.open_gate(id).await {
            tracing::warn!(%error, webhook = %id, "deliveries go on at the webhook's old pace");
        }
    }
}
