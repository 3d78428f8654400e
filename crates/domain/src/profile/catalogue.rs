//! Types of event that a profile brings with it.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::event_type::EventType;

/// A type of event that a tenant has described for it when this profile is its default, unless it describes it itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownType {
    /// Its name.
    pub name: EventType,
    /// What it means.
    pub description: String,
    /// Other names for it.
    #[serde(default)]
    pub aliases: Vec<EventType>,
}

impl KnownType {
    /// What is wrong with it after `before`, the names and aliases of those before it, to which it adds its own.
    pub(super) fn problem_after(&self, before: &mut BTreeSet<EventType>) -> Option<String> {
        for name in std::iter::once(&self.name).chain(&self.aliases) {
            if name.is_reserved() {
                return Some(format!("{name}: webhook.* and fanfare.* are reserved"));
            }
            if !before.insert(name.clone()) {
                return Some(format!("{name} is there twice"));
            }
        }
        None
    }
}
