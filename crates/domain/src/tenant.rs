//! Tenants, their keys and the types of event that they announce.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{KeyId, TenantId, TenantNumber};
use crate::time::Timestamp;

/// Whose events and webhooks these are. Nothing of one tenant is ever shown to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its name.
    pub id: TenantId,
    /// Its internal number, new at each creation.
    pub number: TenantNumber,
    /// Counts changes, from 1.
    pub version: u64,
    /// A name for people.
    pub name: Option<String>,
    /// The profile of webhooks that name none.
    pub default_profile: String,
    /// What it may publish.
    pub quota: Option<Quota>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How much a tenant may publish.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quota {
    /// Events a second.
    pub events_per_second: u32,
}

/// The SHA-256 of an API key: keys have 256 random bits, so nothing slower is needed to keep them from being guessed.
pub type KeyHash = [u8; 32];

/// What an API key may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything.
    #[default]
    All,
    /// Publish events.
    Publish,
}

/// An API key, without the key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// The hash by which it is recognised.
    pub hash: KeyHash,
    /// The tenant that it is for; `None` makes it an operator's.
    pub tenant: Option<TenantNumber>,
    /// A name for people.
    pub name: Option<String>,
    /// What it may do.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A type of event that a tenant has described.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventTypeEntry {
    /// Whose.
    pub tenant: TenantNumber,
    /// Its name.
    pub name: crate::event_type::EventType,
    /// Counts changes, from 1.
    pub version: u64,
    /// What it means.
    pub description: String,
    /// A JSON Schema, as text, that every event's data must satisfy.
    pub schema: Option<Arc<str>>,
    /// A sample of its data, as canonical JSON text.
    pub example: Option<Arc<str>>,
    /// Other names for it; whoever subscribed to one of them gets all.
    #[serde(default)]
    pub aliases: Vec<crate::event_type::EventType>,
    /// Whether publishers should stop using it.
    #[serde(default)]
    pub deprecated: bool,
    /// When it was first described.
    pub created_at: Timestamp,
}
