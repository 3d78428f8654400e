//! From what a publisher wrote to an event that may be stored.

use std::sync::Arc;

use bytes::Bytes;
use fanfare_domain::event::{Event, Purpose};
use fanfare_domain::event_type::EventType;
use fanfare_domain::ids::{EventId, TenantId, TenantNumber};
use fanfare_domain::json;
use fanfare_domain::tenant::{EventTypeEntry, Tenant};
use fanfare_domain::time::Timestamp;

use crate::accepting::Intake;
use crate::caller::Caller;
use crate::draft::Draft;
use crate::error::IntakeError;
use crate::storing::Candidate;

/// Longest subject, in characters.
const LONGEST_SUBJECT: usize = 256;

impl Intake {
    /// Checks everything that can be checked without asking anybody. What is cheap comes first; an event that is refused
    /// for its data or by its schema has been counted against the quota.
    pub(crate) fn check(&self, caller: &Caller, draft: Draft, now: Timestamp) -> Result<Candidate, IntakeError> {
        let tenant = self.tenant_of(caller, draft.tenant.as_deref())?;
        let event_type = published_type(&draft.event_type)?;
        let own_id = draft.id.is_some();
        let id = match &draft.id {
            Some(id) => EventId::new(id).map_err(|error| IntakeError::invalid("id", error.to_string()))?,
            None => EventId::make(now, rand::random()),
        };
        let subject = draft.subject.as_deref().map(checked_subject).transpose()?;
        let created = draft.created.map_or(Ok(now), |created| created.checked())?;
        self.check_size(&draft.data)?;
        if let Some(quota) = tenant.quota {
            self.quotas.spend(tenant.number, quota, now).map_err(|retry_after| IntakeError::OverQuota {
                events_per_second: quota.events_per_second,
                retry_after,
            })?;
        }
        let data = canonical(&draft.data)?;
        if let Some(entry) = self.description(tenant.number, &event_type) {
            self.schemas.enforce(&entry, &data).map_err(|detail| IntakeError::invalid("data", detail))?;
        }
        let event = Event {
            tenant: tenant.number,
            tenant_id: tenant.id.clone(),
            id,
            event_type,
            subject,
            created,
            accepted: now,
            purpose: Purpose::Published,
            trace: draft.trace,
            data,
        };
        Ok(Candidate { event, own_id })
    }

    fn tenant_of(&self, caller: &Caller, named: Option<&str>) -> Result<Arc<Tenant>, IntakeError> {
        match caller {
            Caller::Operator { .. } => {
                let named = named.ok_or_else(|| {
                    IntakeError::invalid("tenant", "is required: an operator's key belongs to no tenant")
                })?;
                let id = TenantId::new(named).map_err(|error| IntakeError::invalid("tenant", error.to_string()))?;
                if id.is_reserved() {
                    return Err(IntakeError::Denied("only Fanfare itself publishes in the tenant fanfare"));
                }
                self.catalogue.tenant_named(&id).ok_or(IntakeError::UnknownTenant(id))
            }
            Caller::Tenant { tenant, .. } => {
                let tenant = self.catalogue.tenant(*tenant).ok_or(IntakeError::UnknownKey)?;
                match named {
                    Some(named) if named != tenant.id.as_str() => {
                        Err(IntakeError::Denied("the key belongs to another tenant than the event names"))
                    }
                    _ if tenant.id.is_reserved() => {
                        Err(IntakeError::Denied("only Fanfare itself publishes in the tenant fanfare"))
                    }
                    _ => Ok(tenant),
                }
            }
        }
    }

    pub(crate) fn check_size(&self, data: &[u8]) -> Result<(), IntakeError> {
        let limit = self.config.max_payload.get();
        if data.is_empty() {
            return Err(IntakeError::invalid("data", "is required: any JSON value"));
        }
        if data.len() > limit {
            return Err(IntakeError::TooLarge { size: data.len(), limit });
        }
        Ok(())
    }

    /// What the tenant says about a type, under this name or, if nothing, under another name of it.
    fn description(&self, tenant: TenantNumber, event_type: &EventType) -> Option<Arc<EventTypeEntry>> {
        let described = |name: &EventType| self.catalogue.event_type(tenant, name.as_str());
        described(event_type).or_else(|| self.catalogue.aliases(tenant).names_of(event_type).iter().find_map(described))
    }
}

fn published_type(text: &str) -> Result<EventType, IntakeError> {
    let event_type = EventType::new(text).map_err(|error| IntakeError::invalid("type", error.to_string()))?;
    if event_type.is_reserved() {
        return Err(IntakeError::invalid("type", "webhook.* and fanfare.* are reserved"));
    }
    Ok(event_type)
}

fn checked_subject(text: &str) -> Result<Arc<str>, IntakeError> {
    if text.is_empty() || text.chars().nth(LONGEST_SUBJECT).is_some() {
        return Err(IntakeError::invalid("subject", format!("must have 1 to {LONGEST_SUBJECT} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(IntakeError::invalid("subject", "must not have control characters"));
    }
    Ok(text.into())
}

pub(crate) fn canonical(data: &[u8]) -> Result<Bytes, IntakeError> {
    json::canonicalize(data).map(Bytes::from).map_err(|error| IntakeError::invalid("data", error.to_string()))
}
